"""Makes refunds of all kinds, as they happen in production, for the auditor."""

import asyncio
from typing import Any

from cashier.demos.audit.makers import LARGE, PAUSE_SECONDS, SMALL, Maker
from cashier.payments.send_update import act
from contracts import (
    RefundConfirmation,
    RefundDecision,
    RefundResolution,
    RefundReturn,
    RefundStatus,
    RefundsView,
    refund_request_id,
    refunds_id,
)

# The price of the small order, in centavos.
PART = 10_000
FIRST, REST = "first", "rest"


class Refunds:
    """The shop that refunds, and its operators.

    Most refund the whole payment in the end: then their `OrderRefunds` ends at once.
    """

    def __init__(self, maker: Maker) -> None:
        self._maker = maker

    async def in_parts(self, order: str) -> None:
        await self._paid(order)
        await self._asks(order, FIRST, PART)
        await self._gives_the_rest(order)

    async def cancelled(self, order: str) -> None:
        """The whole payment, on the day of the payment: a cancel, free of charge."""
        await self._paid(order)
        await self._gives_the_rest(order)

    async def taken_on(self, order: str) -> None:
        """Alipay accepts it, and notifies the outcome a little later."""
        await self._paid(order, "refund_in_process")
        await self._asks(order, FIRST, PART)
        await self._until(order, RefundStatus.SUCCEEDED)
        await self._gives_the_rest(order)

    async def unknown(self, order: str) -> None:
        """It takes effect, and Alipay's answer is an unknown result."""
        await self._paid(order, "refund_unknown_after", times=1)
        await self._asks(order, FIRST, PART)
        await self._until(order, RefundStatus.SUCCEEDED)
        await self._gives_the_rest(order)

    async def refused(self, order: str) -> None:
        await self._paid(order, "refund_refused")
        await self._asks(order, FIRST, PART)
        await self._until(order, RefundStatus.REFUSED)
        await self._gives_the_rest(order)

    async def balance_short(self, order: str) -> None:
        """The merchant's balance is too low, is topped up, and it is sent again."""
        await self._paid(order, "balance_short")
        await self._asks(order, FIRST, PART)
        await self._until(order, RefundStatus.WAITING)
        await self._maker.controls("top-up")
        await self._decides(order, RefundDecision.SEND)
        await self._until(order, RefundStatus.SUCCEEDED)
        await self._gives_the_rest(order)

    async def by_two(self, order: str) -> None:
        """An amount that a second person must confirm."""
        await self._paid(order, value=LARGE)
        await self._asks(order, FIRST, LARGE - PART)
        said = RefundConfirmation(refund_id=FIRST, by="ben")
        await self._says(order, "confirm", said, "ben")
        await self._gives_the_rest(order)

    async def in_the_portal(self, order: str) -> None:
        """A part is refunded in Alipay's portal, then the shop refunds the rest."""
        await self._paid(order)
        await self._maker.controls(f"payments/{order}_1/refund?value={PART}")
        await self._asks(order, FIRST, SMALL)
        await self._until(order, RefundStatus.REFUSED)
        await self._gives_the_rest(order)

    async def by_a_word(self, order: str) -> None:
        """Alipay reports no outcome, until a person has looked into its portal."""
        await self._paid(order, "refund_unknown_before", times=5)
        await self._asks(order, FIRST, PART)
        await self._until(order, RefundStatus.SENT)
        await self._decides(order, RefundDecision.GIVEN_BACK)
        await self._gives_the_rest(order)

    async def bounced(self, order: str) -> None:
        """It succeeds, and bounces; its workflow stays open, as a part is left."""
        await self._paid(order)
        await self._asks(order, FIRST, PART)
        name = refund_request_id(order, FIRST, 1)
        await self._maker.controls(f"refunds/{name}/return")
        said = RefundReturn(
            refund_id=FIRST, by="anna", reason="stands in the settlement file"
        )
        await self._says(order, "returned", said, "anna")

    # ---- actions ----

    async def _paid(
        self,
        order: str,
        fault: str | None = None,
        *,
        value: int = SMALL,
        times: int | None = None,
    ) -> None:
        await self._maker.is_paid(order, value=value)
        if fault:
            await self._maker.plans(order, fault, times=times)

    async def _gives_the_rest(self, order: str) -> None:
        await self._asks(order, REST, None)
        await self._maker.until(refunds_id(order))

    async def _asks(self, order: str, refund_id: str, value: int | None) -> None:
        amount = {"currency": "PHP", "value": value} if value else None
        body = {"refund_id": refund_id, "amount": amount, "note": "sent back"}
        await self._maker.asks_back(order, body)

    async def _until(self, order: str, status: RefundStatus) -> None:
        """Wait until the first refund has the expected status."""
        while True:
            if await self._maker.status_of_refund(order, FIRST) == status:
                break
            await asyncio.sleep(PAUSE_SECONDS)

    async def _decides(self, order: str, outcome: RefundDecision) -> None:
        said = RefundResolution(
            refund_id=FIRST, outcome=outcome, reason="seen in the portal", by="anna"
        )
        await self._says(order, "resolve", said, "anna")

    async def _says(self, order: str, update: str, said: Any, person: str) -> None:  # noqa: ANN401
        client = await self._maker.client(person)
        await act(client, refunds_id(order), update, said, answers=RefundsView)
