"""Calls the owners of refunds, and turns failures into the API's problems."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowHandle,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError

from api.payments.recovery import RecoveryRequest
from api.problems import Problem
from api.refunds.new_refunds_page import facts_of, listing_of, summary_of
from api.refunds.recovery import recover_refunds
from api.temporal_calls import (
    QUICK,
    StoppedProblem,
    UnknownOrderProblem,
    look_away,
    reach,
    read_view,
)
from contracts import (
    TASK_QUEUE,
    RefundConfirmation,
    RefundNotified,
    RefundRequest,
    RefundsInput,
    RefundStatus,
    RefundsView,
    refund_update_id,
    refunds_id,
)
from visibility import WALLET
from visibility.stopped import UnreadableRunError
from visibility.views import newest_run
from workflows.order_refunds import OrderRefunds

# An inquiry and a refund take Alipay a second or two; after this time the answer is
# that the refund is under way.
PATIENCE: Final = timedelta(seconds=8)
# The cached views of so many orders' refunds take some megabytes.
MOST_KEPT: Final = 1000

# The `type: ignore` below: for an update with a description, the SDK's types confuse
# the handler's coroutine with its result.
RefundsHandle = WorkflowHandle[OrderRefunds, RefundsView]


@dataclass(frozen=True)
class Owner:
    """The newest run of an order's owner of refunds, as Temporal describes it."""

    run: WorkflowExecutionDescription

    @property
    def is_open(self) -> bool:
        return self.run.status is WorkflowExecutionStatus.RUNNING

    @property
    def wallet(self) -> str:
        """Alipay's code, from the list; empty where it is unknown."""
        return self.run.typed_search_attributes.get(WALLET) or ""

    @property
    def state(self) -> tuple[str, int, str]:
        """A value that changes whenever the run may have a new view."""
        return self.run.run_id, self.run.history_length, str(self.run.status)


class RefundWorkflows:
    """The refunds of all orders, with one owner for each order."""

    def __init__(self, client: Client) -> None:
        self._client = client
        # A query is a billable action, and a description is not: the view is cached as
        # long as the history does not grow.
        self._kept: OrderedDict[tuple[str, int, str], RefundsView] = OrderedDict()

    async def find(self, owner_id: str) -> Owner | None:
        """Return the newest run of an owner of refunds; None if there is none.

        Args:
            owner_id: Its workflow id, from `refunds_id`.

        Raises:
            Problem: 503 when Temporal is away.
        """
        run = await reach(newest_run(self._client, owner_id, within=QUICK))
        return Owner(run) if run else None

    async def view_of(self, owner: Owner) -> RefundsView:
        """Return the view of an owner, or its result.

        Raises:
            StoppedProblem: It was stopped before its end.
            Problem: 503 nobody answers.
        """
        kept = self._kept.get(owner.state)
        if kept is None:
            run = owner.run
            kept = await read_view(self._client, run.id, RefundsView, run=run)
            self._kept[owner.state] = kept
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return kept

    async def view(self, order_id: str) -> RefundsView | None:
        """Return the view of an order's refunds; None if there never were any.

        Raises:
            Problem: As `view_of` and `find` do.
        """
        owner = await self.find(refunds_id(order_id))
        return await self.view_of(owner) if owner else None

    async def ask(
        self, given: RefundsInput, request: RefundRequest, seen: RefundsView | None
    ) -> RefundsView:
        """Request a refund from the open owner, or from a new one.

        Args:
            given: The input of a new owner.
            request: The requested refund.
            seen: The view of the order's refunds before; None where there was none.

        Returns:
            The owner's view when Alipay had answered, or the refund had to wait. For a
            repeated request it may be the stored older answer.

        Raises:
            NoAnswerYet: There was no answer in time.
            Problem: 404, 409 or 422 as the owner has refused it; 503 otherwise.
            RPCError: With status NOT_FOUND, where the owner is just closing.
            WorkflowAlreadyStartedError: An owner has started and ended since the
                look-up.
        """
        start = WithStartWorkflowOperation(
            OrderRefunds.run,
            given,
            id=refunds_id(given.order_id),
            task_queue=TASK_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            # After an owner that has started, refunded all and ended since the look-up,
            # no other may start without its refunds.
            id_reuse_policy=(
                WorkflowIDReusePolicy.ALLOW_DUPLICATE
                if given.known
                else WorkflowIDReusePolicy.REJECT_DUPLICATE
            ),
            search_attributes=listing_of(given, request.amount),
            static_summary=summary_of(given),
            static_details=facts_of(given),
        )
        try:
            return await reach(
                self._client.execute_update_with_start_workflow(
                    OrderRefunds.refund,  # type: ignore[arg-type]
                    request,
                    start_workflow_operation=start,
                    id=_update_id(given.order_id, request, seen),
                    rpc_timeout=PATIENCE,
                )
            )
        finally:
            await look_away(start)

    async def confirm(self, order_id: str, said: RefundConfirmation) -> RefundsView:
        """Confirm a refund above the limit of one person.

        Raises:
            Problem: 404, 409 or 422 as the owner has refused it; 503 otherwise.
            RPCError: With status NOT_FOUND, where no owner is open.
        """
        return await reach(
            self._handle(order_id).execute_update(
                OrderRefunds.confirm,  # type: ignore[arg-type]
                said,
                rpc_timeout=PATIENCE,
            )
        )

    async def recover(self, stopped: StoppedProblem, request: RecoveryRequest) -> None:
        """Recover a stopped owner by a new run, which asks Alipay first.

        Raises:
            Problem: 409 where its history cannot be read; 503 when Temporal is away.
        """
        name = stopped.workflow_id
        try:
            await reach(recover_refunds(self._client, name, request))
        except UnreadableRunError as error:
            raise Problem(
                409,
                "WORKFLOW_STOPPED",
                f"{name} was stopped before its end, and cannot be recovered: {error}",
            ) from error

    async def notify(self, owner_id: str, said: RefundNotified) -> bool:
        """Signal a verified notice to an open owner; False where none is open.

        Args:
            owner_id: The owner's workflow id.
            said: The notice.

        Raises:
            Problem: 503 when Temporal has not accepted it.
        """
        # Not `get_workflow_handle_for`, whose types mypy infers here only by chance.
        handle: RefundsHandle = self._client.get_workflow_handle(owner_id)
        try:
            await reach(
                handle.signal(OrderRefunds.refund_notified, said, rpc_timeout=QUICK)
            )
        except (RPCError, UnknownOrderProblem):
            return False  # not found: closed, or unknown
        return True

    async def begin_with(self, given: RefundsInput, said: RefundNotified) -> None:
        """Signal a notice to an order's owner, and start the owner where none is open.

        Raises:
            Problem: 503 when Temporal has not accepted it.
        """
        await reach(
            self._client.start_workflow(
                OrderRefunds.run,
                given,
                id=refunds_id(given.order_id),
                task_queue=TASK_QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                start_signal="refund_notified",
                start_signal_args=[said],
                rpc_timeout=QUICK,
                search_attributes=listing_of(given),
                static_summary=summary_of(given),
                static_details=facts_of(given),
            )
        )

    def _handle(self, order_id: str) -> RefundsHandle:
        return self._client.get_workflow_handle_for(
            OrderRefunds.run, refunds_id(order_id)
        )


def _update_id(order_id: str, request: RefundRequest, seen: RefundsView | None) -> str:
    amount, left = request.amount, request.remaining
    free = (RefundStatus.REFUSED, RefundStatus.RETURNED)
    return refund_update_id(
        order_id,
        request.refund_id,
        (amount.currency, amount.value) if amount else None,
        (left.currency, left.value) if left else None,
        freed=sum(1 for one in seen.refunds if one.status in free) if seen else 0,
    )
