"""How an order's payment, and its late money, stand: Temporal knows.

Asked by late money, which must not give back what pays an order, nor keep what comes on
top of it.
"""

from datetime import timedelta

from temporalio import activity
from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowFailureError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

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

    async def _payment(self, name: str) -> PaymentFound:
        described = await self._describe(name)
        if described is None:
            return PaymentFound(state=PaymentState.UNKNOWN)
        run = self._client.get_workflow_handle(
            name, run_id=described.run_id, result_type=PaymentView
        )
        if described.status is WorkflowExecutionStatus.RUNNING:
            view = await run.query(
                "view", result_type=PaymentView, rpc_timeout=PATIENCE
            )
            return _found(PaymentState.OPEN, view)
        try:
            result = await run.result(follow_runs=False, rpc_timeout=PATIENCE)
        except WorkflowFailureError:
            return PaymentFound(state=PaymentState.STOPPED)
        return _found(PaymentState.CLOSED, PaymentView.model_validate(result))

    async def _with_late_money(
        self, found: PaymentFound, lookup: PaymentLookup
    ) -> PaymentFound:
        """Add what becomes of the late money of the order's other attempts."""
        honoured, undecided = [], []
        for request_id in _siblings(found, lookup):
            described = await self._describe(late_payment_id(request_id))
            if described is None:
                continue
            if described.status is WorkflowExecutionStatus.RUNNING:
                undecided.append(request_id)
            elif described.status is WorkflowExecutionStatus.COMPLETED:
                late = self._client.get_workflow_handle(
                    described.id, run_id=described.run_id, result_type=LatePaymentView
                )
                view = await late.result(follow_runs=False, rpc_timeout=PATIENCE)
                if view.outcome is LateOutcome.HONOURED:
                    honoured.append(request_id)
        return found.model_copy(
            update={"honoured": tuple(honoured), "undecided": tuple(undecided)}
        )

    async def _describe(self, name: str) -> WorkflowExecutionDescription | None:
        """Look at the newest run under an id; None if there is none."""
        handle = self._client.get_workflow_handle(name)
        try:
            return await handle.describe(rpc_timeout=PATIENCE)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND and "workflow" in error.message:
                return None
            raise


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
