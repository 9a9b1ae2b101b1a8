"""No workflow that anybody may start in Temporal takes back money that pays an order.

Here the worker checks by itself, as in production: all runs of the order, and the
caller. Only Alipay and the shop are fakes.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateStage
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.money_guard import Looks, MoneyGuard
from activities.order_payments import PATIENCE, OrderActivities
from activities.our_runs import OurRuns
from contracts import (
    CancelCall,
    CancelWish,
    InquiryAnswer,
    InquiryCall,
    InquiryVerdict,
    LateMoneyPolicy,
    LateOutcome,
    LatePaymentView,
    Order,
    PaymentFound,
    PaymentOutcome,
    PaymentState,
    PaymentView,
    RefundCall,
    Resolution,
    late_payment_id,
    workflow_id,
)
from tests.builders import (
    a_cancel,
    a_late_payment,
    a_notification,
    a_page,
    an_inquiry,
    an_order,
)
from tests.fakes import FakeAlipay
from workflows.cashier_payment import CashierPayment
from workflows.engine.odd_signals import OddSignalFilter
from workflows.kinds import WORKFLOWS
from workflows.late_payment import LatePayment

# To the payment, and to its guard.
UNPAID = (an_inquiry("PROCESSING"), an_inquiry("PROCESSING"))


class Asked:
    """Asks the fake Alipay right before money is moved."""

    def __init__(self, alipay: FakeAlipay) -> None:
        self._alipay = alipay

    async def check_unpaid(self, call: CancelCall) -> None:
        said = await self.inquire_before(call)
        if said.verdict is InquiryVerdict.SUCCESS:
            raise ApplicationError(
                "it is paid", type="PAID_NOT_CANCELLED", non_retryable=True
            )

    async def inquire_before(self, call: CancelCall) -> InquiryAnswer:
        question = InquiryCall(payment_request_id=call.payment_request_id)
        return await self._alipay.inquire_payment(question)

    async def check_refund(
        self, call: RefundCall, payment_request_id: str
    ) -> InquiryAnswer:
        raise AssertionError("nothing is refunded here")


class Guarded:
    """A worker with the money guard, and callers that start workflows on its queue."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self.client = client
        self._queue = task_queue

    async def pay(self, order: Order) -> WorkflowHandle[CashierPayment, PaymentView]:
        return await self.client.start_workflow(
            CashierPayment.run,
            order,
            id=workflow_id(order.order_id),
            task_queue=self._queue,
        )

    async def deal_with_late_money(
        self, order: Order, **changes: Any
    ) -> WorkflowHandle[LatePayment, LatePaymentView]:
        late = a_late_payment(order, **changes)
        return await self.client.start_workflow(
            LatePayment.run,
            late,
            id=late_payment_id(late.payment_request_id),
            task_queue=self._queue,
        )

    async def until_listed(self, name: str, runs: int) -> None:
        """Wait until the list knows as many runs; it may be behind."""
        async with asyncio.timeout(20):
            # The server has no way to wait for a line of its list.
            while (  # noqa: ASYNC110
                await self.client.count_workflows(f'WorkflowId = "{name}"')
            ).count < runs:
                await asyncio.sleep(0.05)


@asynccontextmanager
async def guarded(
    env: WorkflowEnvironment, alipay: FakeAlipay, *, looks: bool = True
) -> AsyncIterator[Guarded]:
    """Serve a queue; with `looks=False` late money's look at the order is forged.

    The guard looks by itself in either case.
    """
    orders, queue = OrderActivities(env.client), f"test-{uuid4()}"
    activities = alipay.activities
    if looks:
        fakes = [one for one in activities if one.__name__ != "find_payment"]
        activities = [*fakes, orders.find_payment]
    callers = OurRuns(env.client, within=PATIENCE)
    guard = MoneyGuard(Looks(orders, callers, Asked(alipay)))
    async with Worker(
        env.client,
        task_queue=queue,
        workflows=WORKFLOWS,
        activities=activities,
        interceptors=[guard, OddSignalFilter()],
    ):
        with env.with_time_skipping_disabled():
            yield Guarded(env.client, queue)


def an_alipay(**answers: Any) -> FakeAlipay:
    usual: dict[str, Any] = {
        "pay": [a_page()],
        "inquiries": [an_inquiry("SUCCESS")],
        "cancels": [a_cancel()],
    }
    return FakeAlipay(**{**usual, **answers})


async def test_a_second_run_of_a_paid_order_takes_no_money_back(
    skipping: WorkflowEnvironment,
) -> None:
    order, alipay = an_order(), an_alipay()
    async with guarded(skipping, alipay) as worker:
        payment = await worker.pay(order)
        await payment.signal(CashierPayment.payment_notified, a_notification(order))
        assert (await payment.result()).outcome is PaymentOutcome.PAID
        again = await worker.pay(order.model_copy(update={"first_attempt": 2}))
        await worker.until_listed(payment.id, 2)
        late = await worker.deal_with_late_money(order)
        assert (await late.result()).outcome is LateOutcome.NOT_LATE
        await again.terminate()
    assert "cancel" not in alipay.calls


async def test_money_of_a_paid_order_stays_though_its_paid_run_is_not_kept(
    skipping: WorkflowEnvironment,
) -> None:
    """Another run that has ended unpaid does not know the attempt that paid.

    The server takes minutes to delete a run. For a worker a run of another queue is as
    good as deleted: it believes nothing that such a run says.
    """
    order = an_order()
    alipay = an_alipay(
        inquiries=[an_inquiry("SUCCESS", paid_at=datetime.now(UTC).isoformat())],
        inquiries_of={2: [*UNPAID, an_inquiry("CANCELLED")]},
    )
    async with guarded(skipping, alipay) as former:
        payment = await former.pay(order)
        await payment.signal(CashierPayment.payment_notified, a_notification(order))
        assert (await payment.result()).outcome is PaymentOutcome.PAID
    async with guarded(skipping, alipay) as worker:
        again = await worker.pay(order.model_copy(update={"first_attempt": 2}))
        await again.execute_update("cancel", CancelWish())
        assert (await again.result()).outcome is PaymentOutcome.CANCELLED
        late = await worker.deal_with_late_money(order)
        why = await refused_because(late)
        await late.terminate()
    assert "in a run that is not kept" in why
    assert "cancel" not in alipay.calls


async def test_a_payment_with_an_old_answer_cancels_no_paid_attempt(
    skipping: WorkflowEnvironment,
) -> None:
    """Anybody who completes its inquiry could replay an older signed answer."""
    order = an_order()
    alipay = an_alipay(inquiries=[an_inquiry("PROCESSING"), an_inquiry("SUCCESS")])
    async with guarded(skipping, alipay) as worker:
        payment = await worker.pay(order)
        while "pay" not in alipay.calls:
            await payment.query(CashierPayment.view)
        await payment.start_update(
            "cancel", CancelWish(), wait_for_stage=WorkflowUpdateStage.ACCEPTED
        )
        why = await refused_because(payment)
        await payment.terminate()
    assert why == "it is paid"
    assert "cancel" not in alipay.calls


async def test_late_money_that_was_kept_is_not_given_back_by_another_run(
    skipping: WorkflowEnvironment,
) -> None:
    order = an_order()
    alipay = an_alipay(inquiries=[*UNPAID, an_inquiry("CANCELLED")])
    async with guarded(skipping, alipay) as worker:
        payment = await worker.pay(order)
        await payment.execute_update("cancel", CancelWish())
        assert (await payment.result()).outcome is PaymentOutcome.CANCELLED
        alipay.calls.clear()
        alipay.answers_inquiries(an_inquiry("SUCCESS"))
        kept = await worker.deal_with_late_money(order, policy=LateMoneyPolicy.HONOUR)
        assert (await kept.result()).outcome is LateOutcome.HONOURED
        again = await worker.deal_with_late_money(order)
        assert (await again.result()).outcome is LateOutcome.NOT_LATE
    assert "cancel" not in alipay.calls


@pytest.mark.parametrize("state", [PaymentState.CLOSED, PaymentState.OPEN])
async def test_a_forged_look_at_the_order_moves_no_money(
    skipping: WorkflowEnvironment, state: PaymentState
) -> None:
    """Anybody who completes `find_payment` could forge its result."""
    order, alipay = an_order(), an_alipay()
    alipay.found = PaymentFound(state=PaymentState.CLOSED)
    async with guarded(skipping, alipay, looks=False) as worker:
        payment = await worker.pay(order)
        if state is PaymentState.CLOSED:
            await payment.signal(CashierPayment.payment_notified, a_notification(order))
            await payment.result()
        else:
            while "pay" not in alipay.calls:
                await payment.query(CashierPayment.view)
        late = await worker.deal_with_late_money(order)
        why = await refused_because(late)
        await late.terminate()
        if state is PaymentState.OPEN:
            await payment.terminate()
    assert "no money is moved" in why
    assert "cancel" not in alipay.calls


async def refused_because(mover: WorkflowHandle[Any, Any]) -> str:
    """Wait until its cancel has failed, and return the last failure."""
    async with asyncio.timeout(20):
        while True:
            for one in (await mover.describe()).raw_description.pending_activities:
                if one.HasField("last_failure"):
                    return one.last_failure.message
            async for event in mover.fetch_history_events():
                failed = event.activity_task_failed_event_attributes
                if failed.failure.message:
                    return failed.failure.message


async def test_money_of_an_order_that_a_person_has_called_unpaid_goes_back(
    skipping: WorkflowEnvironment,
) -> None:
    """Its payment counts the attempt as paid to its end, and pays nothing with it."""
    order = an_order()
    now = datetime.now(UTC).isoformat()
    paid = an_inquiry("SUCCESS", payment_id="other", paid_at=now)
    alipay = an_alipay(inquiries=[paid])
    async with guarded(skipping, alipay) as worker:
        payment = await worker.pay(order)
        while "pay" not in alipay.calls:
            await payment.query(CashierPayment.view)
        await payment.execute_update("check_now")
        said = Resolution(outcome="EXPIRED", reason="seen at Alipay", by="op")
        view = await payment.execute_update("resolve", said, result_type=PaymentView)
        await payment.result()
        late = await worker.deal_with_late_money(order)
        result = await late.result()
    assert any(one.is_paid for one in view.attempts)
    assert result.outcome is LateOutcome.RETURNED
