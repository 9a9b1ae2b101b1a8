"""What the shop gives back of an order once it is paid, drawn from the seed."""

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# A refund that the simulator refuses for good, or for long, in this many of all.
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
    """How a shop asks for refunds of one order."""

    ALL = "all at once"
    PARTS = "one part, then the rest"
    SAME_TWICE = "the same refund twice at once"
    TOO_MUCH = "two refunds at once for more than there is"
    MANY = "many parts at once"


@dataclass(frozen=True)
class Wish:
    """One refund that the shop asks for; without a value all that is left."""

    refund_id: str
    value: int | None
    calls: int = 1


@dataclass(frozen=True)
class Refunds:
    """The refunds of one order.

    Attributes:
        rounds: What is asked for at once, round by round.
        fault: What the simulator does to them; None for nothing.
        in_portal: What is refunded by hand in Alipay's portal meanwhile.
    """

    way: Way
    rounds: tuple[tuple[Wish, ...], ...]
    fault: str | None = None
    in_portal: int | None = None


def plan_refunds(seed: int, number: int, value: int, step: int) -> Refunds | None:
    """Draw the refunds of the n-th order; None: nothing is given back.

    Args:
        seed: Of the storm.
        number: Of the order.
        value: What the order costs, in minor units.
        step: What every amount of the currency is a multiple of.
    """
    dice = random.Random(f"refunds/{seed}/{number}")  # noqa: S311 - repeatable
    if dice.random() < 0.4:
        return None
    way = dice.choice(list(Way))
    part = max(step, value * dice.randint(20, 80) // 100 // step * step)
    most = max(step, value * dice.randint(55, 90) // 100 // step * step)
    small = max(step, value // 6 // step * step)
    rounds: dict[Way, tuple[tuple[Wish, ...], ...]] = {
        Way.ALL: ((Wish("all", None),),),
        Way.PARTS: ((Wish("part", part),), (Wish("rest", None),)),
        Way.SAME_TWICE: ((Wish("same", part, calls=2),),),
        Way.TOO_MUCH: ((Wish("one", most), Wish("other", most)),),
        Way.MANY: (tuple(Wish(f"part-{n}", small) for n in range(5)),),
    }
    kind = dice.choices(list(FAULTS), weights=list(FAULTS.values()))[0]
    return Refunds(
        way=way,
        rounds=rounds[way],
        fault=kind if dice.random() < 0.5 else None,
        in_portal=small if dice.random() < 0.1 else None,
    )
