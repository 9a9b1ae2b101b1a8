"""Calls the payment workflows, and turns failures into the API's problems."""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowHandle,
)
from temporalio.common import (
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from api.merchant_rules import MerchantRules
from api.payments.late_payments import LatePayments, check_late_money
from api.payments.new_payment_page import facts_of, listing_of, summary_of
from api.payments.recovery import RecoveryRequest, recover
from api.problems import Problem, UnavailableProblem
from api.temporal_calls import (
    QUICK,
    NoAnswerYet,
    StoppedProblem,
    look_away,
    reach,
    read_view,
)
from contracts import (
    TASK_QUEUE,
    CancelWish,
    Order,
    PageWish,
    PaymentNotified,
    PaymentOutcome,
    PaymentView,
    attempt_of,
    page_update_id,
    workflow_id,
)
from visibility.stopped import UnreadableRunError
from visibility.workers import look_at_queue
from workflows.cashier_payment import CashierPayment

# Alipay answers with a cashier page well within a second; no customer waits longer than
# this. The SDK may repeat a call: callers wait up to twice as long.
PATIENCE = timedelta(seconds=8)
# Refreshes within this many seconds share one update and so one inquiry.
SAME_WISH_SECONDS = 5
# New, another attempt, and closed meanwhile: more tries mean that another caller
# interferes.
MOST_LOOKS = 4

# The three `type: ignore` below: for an update with a description, the SDK's types
# confuse the handler's coroutine with its result.
PaymentHandle = WorkflowHandle[CashierPayment, PaymentView]


class PaymentWorkflows:
    """The payments of all orders, one workflow each."""

    def __init__(
        self, client: Client, late_payments: LatePayments, rules: MerchantRules
    ) -> None:
        self._client = client
        self._late_payments = late_payments
        self._rules = rules

    async def open(self, order: Order) -> tuple[PaymentView, bool]:
        """Start an order's payment; return it, and whether this call opened its page.

        A page of another wallet in the answer means that its payment cannot be
        cancelled yet.

        Raises:
            Problem: 409 for another amount, or for late money that was honoured or is
                not handled yet; 503 where the outcome is unknown. A repeat is safe.
        """
        for _ in range(MOST_LOOKS):
            try:
                return await self._open(order)
            except StoppedProblem as stopped:
                await self.recover(
                    stopped, RecoveryRequest("shop", "the order was opened again")
                )
        raise UnavailableProblem("the payment was stopped repeatedly; call again")

    async def recover(self, stopped: StoppedProblem, request: RecoveryRequest) -> None:
        """Recover a stopped workflow by a new run, which asks Alipay first.

        Raises:
            Problem: 409 where its history cannot be read; 503 when Temporal does not
                answer.
        """
        name = stopped.workflow_id
        try:
            await reach(recover(self._client, name, request, self._rules))
        except UnreadableRunError as error:
            raise Problem(
                409,
                "WORKFLOW_STOPPED",
                f"{name} was stopped before its end, and cannot be recovered: {error}",
            ) from error

    async def _open(self, order: Order) -> tuple[PaymentView, bool]:
        call_id = uuid4().hex
        order = self._rules.applied_to(order)
        reuse = WorkflowIDReusePolicy.REJECT_DUPLICATE
        # First as a new payment; then as found out: another attempt of the running
        # payment, or a new run after one that ended unpaid.
        for _ in range(MOST_LOOKS):
            try:
                view = await self._ask_for_page(order, call_id, reuse)
                if view.asked_by == call_id:
                    return view, view.opened_by == call_id
                # The stored answer to an earlier call; the payment may have changed
                # since.
                view = await self.view(order.order_id)
            except (WorkflowAlreadyStartedError, RPCError):
                # It has closed, long ago or during the call.
                view = await self.view(order.order_id)
            except NoAnswerYet:
                return await self.view(order.order_id), False
            if view.amount != order.amount:
                raise _order_differs(order, view)
            newest = view.attempts[-1]
            same_wallet = newest.wallet == order.wallet
            if view.outcome is PaymentOutcome.PAID:
                return view, False
            if view.outcome and (late := await self._late_payments.of(view)):
                check_late_money(late)
            if view.outcome is None and same_wallet and newest.cashier:
                return view, False
            # The update id contains the expected attempt, so this is not an old answer:
            # it is about the attempt that another call opens, or about the next one.
            opening = view.outcome is None and same_wallet
            expected = attempt_of(newest.payment_request_id) + (0 if opening else 1)
            order = order.model_copy(update={"first_attempt": expected})
            # A new run only after a run that ended unpaid: an open one may be paid
            # before we call again.
            reuse = (
                WorkflowIDReusePolicy.ALLOW_DUPLICATE
                if view.outcome
                else WorkflowIDReusePolicy.REJECT_DUPLICATE
            )
        raise UnavailableProblem("the payment changed during the call; call again")

    async def _ask_for_page(
        self, order: Order, call_id: str, reuse: WorkflowIDReusePolicy
    ) -> PaymentView:
        start = WithStartWorkflowOperation(
            CashierPayment.run,
            order,
            id=workflow_id(order.order_id),
            task_queue=TASK_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=reuse,
            search_attributes=listing_of(order),
            static_summary=summary_of(order),
            static_details=facts_of(order, self._rules),
        )
        wish = PageWish(amount=order.amount, wallet=order.wallet, call_id=call_id)
        try:
            return await reach(
                self._client.execute_update_with_start_workflow(
                    CashierPayment.cashier_page,  # type: ignore[arg-type]
                    wish,
                    start_workflow_operation=start,
                    id=page_update_id(order),
                    rpc_timeout=PATIENCE,
                )
            )
        finally:
            await look_away(start)

    async def view(self, order_id: str) -> PaymentView:
        """Return the view of a payment, open or closed.

        Raises:
            Problem: 404 for an unknown order, 503 when Temporal or the worker does not
                answer.
        """
        return await read_view(self._client, workflow_id(order_id), PaymentView)

    async def view_of_ended(self, order_id: str) -> PaymentView:
        """Return the view of a payment, without a query if it has ended.

        Raises:
            Problem: As `view` does.
        """
        name = workflow_id(order_id)
        run = await reach(self._handle(order_id).describe(rpc_timeout=QUICK))
        return await read_view(self._client, name, PaymentView, run=run)

    async def check(self, order_id: str) -> PaymentView:
        """Ask Alipay first, then return the view of a payment."""
        view = await self._update_or_result(
            order_id,
            lambda handle: handle.execute_update(
                CashierPayment.check_now,  # type: ignore[arg-type]
                id=f"check-{int(time.time()) // SAME_WISH_SECONDS}",
                rpc_timeout=PATIENCE,
            ),
        )
        # It may be the stored answer to another call within these seconds: only an end
        # is final.
        return view if view.outcome else await self.view(order_id)

    async def cancel(self, order_id: str, wish: CancelWish) -> PaymentView:
        """Close a payment; return its view, which is still open if Alipay refused."""
        return await self._update_or_result(
            order_id,
            lambda handle: handle.execute_update(
                CashierPayment.cancel,  # type: ignore[arg-type]
                wish,
                id=f"cancel-{uuid4().hex}",
                rpc_timeout=PATIENCE,
            ),
        )

    async def notify(self, order_id: str, notification: PaymentNotified) -> bool:
        """Signal a verified notification to the open payment; False if it has closed.

        Raises:
            Problem: 404 for an unknown order, 503 when Temporal has not accepted it.
        """
        received = notification.model_copy(update={"received_at": datetime.now(UTC)})
        try:
            await reach(
                self._handle(order_id).signal(
                    CashierPayment.payment_notified, received, rpc_timeout=QUICK
                )
            )
        except RPCError:
            # Not found: closed, or unknown. `describe` distinguishes these.
            await reach(self._handle(order_id).describe(rpc_timeout=QUICK))
            return False
        return True

    async def has_worker(self) -> bool:
        """Whether Temporal answers, and a worker polls that gets new payments."""
        queue = await reach(look_at_queue(self._client, TASK_QUEUE, within=QUICK))
        return bool(queue.serving)

    async def _update_or_result(
        self,
        order_id: str,
        update: Callable[[PaymentHandle], Awaitable[PaymentView]],
    ) -> PaymentView:
        try:
            return await reach(update(self._handle(order_id)))
        except (NoAnswerYet, RPCError):
            # No answer yet, or closed (not found): the view shows which.
            return await self.view(order_id)

    def _handle(self, order_id: str) -> PaymentHandle:
        return self._client.get_workflow_handle_for(
            CashierPayment.run, workflow_id(order_id)
        )


def _order_differs(order: Order, view: PaymentView) -> Problem:
    return Problem(
        409,
        "ORDER_DIFFERS",
        f"order {order.order_id} was over {view.amount.currency} {view.amount.value}, "
        f"not {order.amount.currency} {order.amount.value} (minor units)",
    )
