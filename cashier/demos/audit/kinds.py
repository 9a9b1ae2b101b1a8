"""The kinds of payments in the demonstration, and how many of each."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cashier.demos.audit.makers import Maker
from cashier.demos.audit.refund_makers import Refunds

# One minute to pay plus the margin, and half a minute for a busy machine.
PATIENCE_SECONDS = 150
# So many customers at once keep the machine busy without time-outs.
AT_ONCE = 12

Making = Callable[[Maker, str], Awaitable[None]]


def _refunds(make: Callable[[Refunds, str], Awaitable[None]]) -> Making:
    async def made(maker: Maker, order: str) -> None:
        await make(Refunds(maker), order)

    return made


@dataclass(frozen=True)
class Kind:
    """One possible course of a payment.

    Attributes:
        words: The course, as text.
        share: How many of 200 payments take it.
        is_slow: Whether it takes the whole time in which a customer may pay.
    """

    words: str
    share: int
    make: Making
    is_slow: bool = False


KINDS: dict[str, Kind] = {
    # The slow ones begin first: the others are made meanwhile.
    "expired": Kind("nobody pays", 8, Maker.expired, is_slow=True),
    "back-word": Kind(
        "refunded, decided by a person", 2, _refunds(Refunds.by_a_word), is_slow=True
    ),
    "paid": Kind("paid", 54, Maker.paid),
    "twice-notified": Kind("notified twice", 8, Maker.notified_twice),
    "lost": Kind("the notification is lost", 14, Maker.notification_lost),
    "cut": Kind("Alipay's answer breaks off", 4, Maker.asked_twice),
    "declined": Kind("declined", 14, Maker.declined),
    "cancelled": Kind("cancelled by the shop", 10, Maker.cancelled),
    "wallet": Kind("changed to another wallet", 10, Maker.another_wallet),
    "review": Kind("another amount, resolved by one person", 8, Maker.settled_by_one),
    "two": Kind("another amount, resolved by two persons", 8, Maker.settled_by_two),
    "returned": Kind("paid after its end, returned", 8, Maker.late_returned),
    "refunded": Kind("paid after its end, refunded", 6, Maker.late_refunded),
    "untrue": Kind("paid after being cancelled", 4, Maker.late_untrue),
    "twice-paid": Kind("paid twice, returned once", 6, Maker.paid_twice),
    "told-late": Kind("the callback accepted late", 6, Maker.told_late),
    "in-order": Kind("two callbacks accepted late", 2, Maker.told_in_order),
    "phone": Kind("the shop notified by phone", 2, Maker.told_by_phone),
    "back-parts": Kind("refunded in two parts", 6, _refunds(Refunds.in_parts)),
    "back-full": Kind("refunded by a cancel", 4, _refunds(Refunds.cancelled)),
    "back-later": Kind("refunded a little later", 4, _refunds(Refunds.taken_on)),
    "back-unknown": Kind("refunded, outcome unknown", 2, _refunds(Refunds.unknown)),
    "back-refused": Kind("refused, then refunded", 2, _refunds(Refunds.refused)),
    # Only one: topping up the balance affects all refunds.
    "back-short": Kind("the balance is short", 1, _refunds(Refunds.balance_short)),
    "back-two": Kind("confirmed by a second person", 2, _refunds(Refunds.by_two)),
    "back-portal": Kind(
        "partly refunded in the portal", 4, _refunds(Refunds.in_the_portal)
    ),
    "back-bounced": Kind("a refund bounces", 2, _refunds(Refunds.bounced)),
}


def planned(payments: int, *, slow: bool = True) -> list[tuple[str, Kind]]:
    """Return order ids with their kinds: each kind at least once, by its share.

    Args:
        payments: How many payments, at least one of each kind.
        slow: Whether kinds that take two minutes are included.

    Raises:
        ValueError: There are fewer payments than kinds.
    """
    kinds = {name: kind for name, kind in KINDS.items() if slow or not kind.is_slow}
    if payments < len(kinds):
        raise ValueError(f"payments: {payments} are fewer than {len(kinds)} kinds")
    counts = {
        name: max(1, kind.share * payments // 200) for name, kind in kinds.items()
    }
    counts["paid"] += payments - sum(counts.values())
    return [
        (f"audit-{name}-{number}", kinds[name])
        for name, count in counts.items()
        for number in range(1, count + 1)
    ]


def later(payments: int) -> list[tuple[str, Kind]]:
    """Return the plan of another day, on which all orders are paid."""
    return [(f"audit-next-{one}", KINDS["paid"]) for one in range(1, payments + 1)]


async def make_payments(
    maker: Maker, plan: list[tuple[str, Kind]], advance: Callable[[], None]
) -> None:
    """Make all payments, and wait until all their workflows have ended.

    Raises:
        TimeoutError: Some have not ended.
        httpx.HTTPError: The system does not answer, or refuses a payment.
    """
    turnstile = asyncio.Semaphore(AT_ONCE)

    async def one(order: str, kind: Kind) -> None:
        async with turnstile:
            await kind.make(maker, order)
        await maker.until_over(order)
        advance()

    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        for order, kind in plan:
            group.create_task(one(order, kind))
