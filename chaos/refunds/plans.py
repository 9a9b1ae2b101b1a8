"""The refunds that the shop requests for a paid order, drawn from the seed."""

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# The simulator's faults of refunds, with relative frequencies.
FAULTS: Final = {
    "refund_unknown_before": 3,
    "refund_unknown_after": 3,
    "refund_unanswered": 2,
    "refund_in_process": 3,
    "refund_fails_later": 1,
    "refund_refused": 1,
    "refund_notice_lost": 1,
    "refund_notice_doubled": 1,
    "refund_notice_forged": 1,
    "refund_notice_early": 1,
}


class Way(StrEnum):
    """How a shop requests the refunds of one order."""

    ALL = "all at once"
    PARTS = "one part, then the rest"
    SAME_TWICE = "the same refund twice at once"
    TOO_MUCH = "two refunds at once for more than there is"
    MANY = "many parts at once"


@dataclass(frozen=True)
class RefundCall:
    """One requested refund; without a value the whole rest."""

    refund_id: str
    value: int | None
    calls: int = 1


@dataclass(frozen=True)
class Refunds:
    """The refunds of one order.

    Attributes:
        rounds: The simultaneous requests of each round.
        fault: The simulator's fault; None for no fault.
        in_portal: The amount that is refunded in Alipay's portal meanwhile.
    """

    way: Way
    rounds: tuple[tuple[RefundCall, ...], ...]
    fault: str | None = None
    in_portal: int | None = None


def plan_refunds(seed: int, number: int, value: int, step: int) -> Refunds | None:
    """Draw the refunds of the n-th order; None: no refunds.

    Args:
        seed: The run's seed.
        number: The order's number.
        value: The price of the order, in minor units.
        step: All amounts of the currency are multiples of this.
    """
    dice = random.Random(f"refunds/{seed}/{number}")  # noqa: S311 - repeatable
    if dice.random() < 0.4:
        return None
    way = dice.choice(list(Way))
    part = max(step, value * dice.randint(20, 80) // 100 // step * step)
    most = max(step, value * dice.randint(55, 90) // 100 // step * step)
    small = max(step, value // 6 // step * step)
    rounds: dict[Way, tuple[tuple[RefundCall, ...], ...]] = {
        Way.ALL: ((RefundCall("all", None),),),
        Way.PARTS: ((RefundCall("part", part),), (RefundCall("rest", None),)),
        Way.SAME_TWICE: ((RefundCall("same", part, calls=2),),),
        Way.TOO_MUCH: ((RefundCall("one", most), RefundCall("other", most)),),
        Way.MANY: (tuple(RefundCall(f"part-{n}", small) for n in range(5)),),
    }
    kind = dice.choices(list(FAULTS), weights=list(FAULTS.values()))[0]
    return Refunds(
        way=way,
        rounds=rounds[way],
        fault=kind if dice.random() < 0.5 else None,
        in_portal=small if dice.random() < 0.1 else None,
    )
