"""All that a shop may know of a payment: the payment itself, and its late money."""

from api.bodies import PaymentState
from api.payments.late_payments import LatePayments
from api.payments.workflows import PaymentWorkflows
from contracts import attempt_of


class PaymentStates:
    """Tells how payments stand."""

    def __init__(
        self, workflows: PaymentWorkflows, late_payments: LatePayments
    ) -> None:
        self._workflows = workflows
        self._late_payments = late_payments

    async def of(self, order_id: str, *, refresh: bool = False) -> PaymentState:
        """Return what is known of a payment; with `refresh` Alipay is asked first.

        Raises:
            Problem: 404 for an unknown order, 409 for a stopped workflow, 503 when
                Temporal or the worker is away.
        """
        workflows = self._workflows
        view = await (
            workflows.check(order_id) if refresh else workflows.view(order_id)
        )
        # Late money is dealt with after an end: of this run, or of an earlier one.
        has_ended_once = (
            view.outcome or attempt_of(view.attempts[-1].payment_request_id) > 1
        )
        late = await self._late_payments.of(view) if has_ended_once else ()
        return PaymentState.of(view, late)
