"""How an order's payment, and its late money, stand: Temporal knows.

Asked by late money, which must not give back what pays an order, nor keep what comes on
top of it.
"""

from datetime import timedelta

from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from contracts import (
    LateOutcome,
    LatePaymentView,
    PaymentFound,
    PaymentLookup,
    PaymentOutcome,
    PaymentState,
    PaymentView,
    attempt_of,
    late_payment_id,
    payment_request_id,
    workflow_id,
)
from visibility.views import KeepsChangingError, look_up, newest_run

# Temporal answers in milliseconds, a worker that must replay a payment in seconds.
PATIENCE = timedelta(seconds=5)
# Late money comes hours after its attempt at most; nobody makes so many meanwhile.
MOST_ATTEMPTS = 10


class OrderActivities:
    """Looks at the workflows of one order."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @activity.defn
    async def find_payment(self, lookup: PaymentLookup) -> PaymentFound:
        """Return how the newest payment of an order stands, and its other late money.

        Raises:
            ApplicationError: Temporal, or a workflow's worker, does not answer.
        """
        try:
            found = await self._payment(workflow_id(lookup.order_id))
            return await self._with_late_money(found, lookup)
        except RPCError as error:
            raise ApplicationError(
                f"the order's payment does not answer ({error.status.name})",
                type="PAYMENT_SILENT",
            ) from None
        except KeepsChangingError:
            raise ApplicationError(
                "the order's payment changes while it is looked at",
                type="PAYMENT_SILENT",
            ) from None

    async def _payment(self, name: str) -> PaymentFound:
        run = await newest_run(self._client, name, within=PATIENCE)
        if run is None:
            return PaymentFound(state=PaymentState.UNKNOWN)
        look = await look_up(self._client, name, PaymentView, within=PATIENCE, run=run)
        if look.view is None:
            return PaymentFound(state=PaymentState.STOPPED)
        state = PaymentState.OPEN if look.is_open else PaymentState.CLOSED
        return _found(state, look.view)

    async def _with_late_money(
        self, found: PaymentFound, lookup: PaymentLookup
    ) -> PaymentFound:
        """Add what becomes of the late money of the order's other attempts."""
        honoured, undecided = [], []
        for request_id in _siblings(found, lookup):
            name = late_payment_id(request_id)
            run = await newest_run(self._client, name, within=PATIENCE)
            if run is None:
                continue
            if run.status is WorkflowExecutionStatus.RUNNING:
                undecided.append(request_id)
                continue
            late = await look_up(
                self._client, name, LatePaymentView, within=PATIENCE, run=run
            )
            if late.view and late.view.outcome is LateOutcome.HONOURED:
                honoured.append(request_id)
        return found.model_copy(
            update={"honoured": tuple(honoured), "undecided": tuple(undecided)}
        )


def _siblings(found: PaymentFound, lookup: PaymentLookup) -> list[str]:
    """Name the order's other attempts that may have late money, the lowest first."""
    known = {*found.attempts, lookup.payment_request_id} - {""}
    newest = max((attempt_of(one) for one in known), default=0)
    numbers = range(max(1, newest - MOST_ATTEMPTS + 1), newest + 1)
    names = [payment_request_id(lookup.order_id, number) for number in numbers]
    return [name for name in names if name != lookup.payment_request_id]


def _found(state: PaymentState, view: PaymentView) -> PaymentFound:
    counted = tuple(one.payment_request_id for one in view.attempts if one.is_paid)
    return PaymentFound(
        state=state,
        outcome=view.outcome,
        # Those that it has only heard of have no wallet.
        attempts=tuple(one.payment_request_id for one in view.attempts if one.wallet),
        counted=counted,
        paid=counted if view.outcome is PaymentOutcome.PAID else (),
        is_proven=view.resolved is None or view.paid_at is not None,
    )
