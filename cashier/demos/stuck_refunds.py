"""Makes a refund of each kind that is of refunds alone, the way it comes about."""

from collections.abc import Awaitable, Callable

from rich.console import Console

from cashier.demos.stuck_makers import Maker
from cashier.refunds.actions import RefundOptions, start
from visibility.stuck import Kind


async def for_a_second_person(maker: Maker) -> None:
    """It is more than one person may give back."""
    await maker.pay_for("stuck-second-person", 120000)
    await _refund(maker, "stuck-second-person", "1100.00")


async def balance_too_low(maker: Maker) -> None:
    """Alipay owes the merchant less than is to go back."""
    await maker.plan("stuck-balance", "balance_short")
    await maker.pay_for("stuck-balance", 73000)
    await _refund(maker, "stuck-balance", "365.00")


async def refused(maker: Maker) -> None:
    """Alipay refuses it for good, and the customer does not know yet."""
    await maker.plan("stuck-refused", "refund_refused")
    await maker.pay_for("stuck-refused", 38000)
    await _refund(maker, "stuck-refused", "190.00")


REFUND_MAKERS: dict[Kind, Callable[[Maker], Awaitable[None]]] = {
    Kind.SECOND_PERSON: for_a_second_person,
    Kind.BALANCE: balance_too_low,
    Kind.REFUSED: refused,
}


async def _refund(maker: Maker, order_id: str, amount: str) -> None:
    """Ask for a part of an order back, as `cashier refunds start` does.

    All of it would be a cancel today, which needs no balance and is not refused.
    """
    options = RefundOptions(
        refund_id="return-1",
        amount=amount,
        by="nina",
        reason_for_customer="The cups arrived broken",
    )
    console = Console(quiet=True)
    await start(maker.client, console, order_id, options, confirm=lambda _: True)
