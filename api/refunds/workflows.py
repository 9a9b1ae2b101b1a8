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

# A look at the payment and a refund take Alipay a second or two; after this the caller
# gets the answer that the refund is under way.
PATIENCE: Final = timedelta(seconds=8)
# Some megabytes: what was last heard of so many orders' refunds.
MOST_KEPT: Final = 1000

# The `type: ignore` below: the SDK's types of an update with a description take the
# handler's coroutine for its result.
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
        """Alipay's code, as it is listed; empty where it is not known."""
        return self.run.typed_search_attributes.get(WALLET) or ""

    @property
    def state(self) -> tuple[str, int, str]:
        """Another one whenever the run may know anything new."""
        return self.run.run_id, self.run.history_length, str(self.run.status)


class RefundWorkflows:
    """The refunds of all orders; each order's have one owner."""

    def __init__(self, client: Client) -> None:
        self._client = client
        # A query is a billable action, and a description is not: it is not asked again
        # for what it has said of the same history.
        self._kept: OrderedDict[tuple[str, int, str], RefundsView] = OrderedDict()

    async def find(self, owner_id: str) -> Owner | None:
        """Return the newest run of an owner of refunds; None if there is none.

        Args:
            owner_id: Its workflow id, as `refunds_id` makes it of an order.

        Raises:
            Problem: 503 when Temporal is away.
        """
        run = await reach(newest_run(self._client, owner_id, within=QUICK))
        return Owner(run) if run else None

    async def view_of(self, owner: Owner) -> RefundsView:
        """Return what an owner knows, or how it ended.

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
        """Return what is known of an order's refunds; None if there never were any.

        Raises:
            Problem: As `view_of` and `find` do.
        """
        owner = await self.find(refunds_id(order_id))
        return await self.view_of(owner) if owner else None

    async def ask(
        self, given: RefundsInput, request: RefundRequest, seen: RefundsView | None
    ) -> RefundsView:
        """Have a refund reserved and sent, by the open owner or by a new one.

        Args:
            given: What a new owner begins with.
            request: What is asked for.
            seen: What was known of the order's refunds before; None for nothing.

        Returns:
            What the owner knew when Alipay had answered, or the refund had to wait. The
            echo of an equal request may be older.

        Raises:
            NoAnswerYet: Nobody has answered within our patience.
            Problem: 404, 409 or 422 as the owner has refused it; 503 otherwise.
            RPCError: With status NOT_FOUND, where the owner just closes.
            WorkflowAlreadyStartedError: One has begun and ended since none was found.
        """
        start = WithStartWorkflowOperation(
            OrderRefunds.run,
            given,
            id=refunds_id(given.order_id),
            task_queue=TASK_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            # One that has begun, and given all back, since none was found, is not
            # followed by one that does not know of it.
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
        """Let a refund be sent that is too much for one person.

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
        """Hand a verified notice to an open owner; False where none is open.

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
            return False  # not found: closed, or never known
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
