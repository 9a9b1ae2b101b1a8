"""The full state of a payment, with its late money and its refunds."""

import asyncio
from collections.abc import Awaitable, Callable

from api.bodies import PaymentState
from api.payments.late_payments import LatePayments
from api.payments.workflows import PaymentWorkflows
from contracts import RefundsView, attempt_of


class PaymentStates:
    """Reads the states of payments."""

    def __init__(
        self,
        workflows: PaymentWorkflows,
        late_payments: LatePayments,
        refunds_of: Callable[[str], Awaitable[RefundsView | None]],
    ) -> None:
        """Use these readers of payments, late money and refunds."""
        self._workflows = workflows
        self._late_payments = late_payments
        self._refunds_of = refunds_of

    async def of(self, order_id: str, *, refresh: bool = False) -> PaymentState:
        """Return the state of a payment; with `refresh` Alipay is asked first.

        Raises:
            Problem: 404 for an unknown order, 409 for a stopped workflow, 503 when
                Temporal or the worker does not answer.
        """
        workflows = self._workflows
        view = await (
            workflows.check(order_id) if refresh else workflows.view(order_id)
        )
        # Late money and refunds come after the end of this run, or of an earlier one.
        has_ended_once = (
            view.outcome or attempt_of(view.attempts[-1].payment_request_id) > 1
        )
        if not has_ended_once:
            return PaymentState.of(view)
        late, refunds = await asyncio.gather(
            self._late_payments.of(view), self._refunds_of(order_id)
        )
        return PaymentState.of(view, late, refunds)
