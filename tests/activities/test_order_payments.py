"""The state of an order's payment, as late money finds it in Temporal."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from activities.order_payments import OrderActivities
from contracts import (
    LateMoneyPolicy,
    PaymentFound,
    PaymentLookup,
    PaymentOutcome,
    PaymentState,
    PaymentStatus,
    PaymentView,
    late_payment_id,
    workflow_id,
)
from tests.activities.asking import called_by, run
from tests.activities.foreign import a_forged_payment
from tests.builders import a_cancel, a_late_payment, a_page, an_inquiry, an_order
from tests.fakes import NO_VERDICT, FakeAlipay
from tests.workflows.running import RunningPayment, a_payment, a_worker
from workflows.cashier_payment import CashierPayment
from workflows.late_payment import LatePayment


@pytest.fixture
async def payment(skipping: WorkflowEnvironment) -> AsyncIterator[RunningPayment]:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("FAIL")])
    async with a_payment(skipping, alipay) as running:
        yield running


async def found(
    env: WorkflowEnvironment, order_id: str, *, of: str = "", queue: str
) -> PaymentFound:
    """Look as a worker on this queue does, perhaps for an attempt's late money."""
    orders, lookup = OrderActivities(env.client), PaymentLookup(order_id=order_id)
    if of:
        lookup = lookup.model_copy(update={"payment_request_id": of})
    return await run(
        orders.find_payment, lookup, info=called_by(None, task_queue=queue)
    )


async def until_listed(env: WorkflowEnvironment, name: str, runs: int) -> None:
    """Wait until the list knows as many runs of a workflow; it may be behind."""
    async with asyncio.timeout(20):
        # The server has no way to wait for a line of its list.
        while (  # noqa: ASYNC110
            await env.client.count_workflows(f'WorkflowId = "{name}"')
        ).count < runs:
            await asyncio.sleep(0.05)


async def begin_again(payment: RunningPayment, **changes: Any) -> None:
    """Do what *Start Workflow Like This One* does, with the input changed."""
    payment.order = payment.order.model_copy(update=changes)
    await payment.start(listed=False)


async def test_an_open_payment_names_its_attempts_and_pays_nothing_yet(
    skipping: WorkflowEnvironment, payment: RunningPayment
) -> None:
    order_id = payment.order.order_id
    # Notified, but not its own: an attempt of another run.
    await payment.notify(payment_request_id=f"{order_id}_7", result_status="F")
    seen = await found(skipping, order_id, queue=payment.task_queue)
    await payment.notify()
    await payment.handle.result()
    assert seen == PaymentFound(state=PaymentState.OPEN, attempts=(f"{order_id}_1",))


async def test_a_paid_payment_names_the_attempt_that_pays_its_order(
    skipping: WorkflowEnvironment, payment: RunningPayment
) -> None:
    order_id = payment.order.order_id
    await payment.notify()
    await payment.handle.result()
    seen = await found(skipping, order_id, queue=payment.task_queue)
    assert (seen.state, seen.outcome) == (PaymentState.CLOSED, PaymentOutcome.PAID)
    assert seen.paid == (f"{order_id}_1",)


async def test_a_payment_that_ended_unpaid_is_paid_by_nothing(
    skipping: WorkflowEnvironment, payment: RunningPayment
) -> None:
    await payment.result()
    seen = await found(skipping, payment.order.order_id, queue=payment.task_queue)
    assert (seen.state, seen.outcome) == (PaymentState.CLOSED, PaymentOutcome.EXPIRED)
    assert seen.paid == ()


async def test_money_of_a_payment_that_a_person_called_paid_is_not_late(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[NO_VERDICT])
    async with a_payment(skipping, alipay) as payment:
        await payment.notify(result_status="F")
        while (await payment.listed())[1] is None:
            pass
        await payment.resolve(PaymentOutcome.PAID)
    seen = await found(skipping, payment.order.order_id, queue=payment.task_queue)
    assert seen.paid == (f"{payment.order.order_id}_1",)


async def test_a_stopped_payment_has_no_outcome(
    skipping: WorkflowEnvironment, payment: RunningPayment
) -> None:
    await payment.handle.terminate()
    seen = await found(skipping, payment.order.order_id, queue=payment.task_queue)
    assert seen == PaymentFound(state=PaymentState.STOPPED)


async def test_an_order_without_a_payment_is_unknown(
    skipping: WorkflowEnvironment,
) -> None:
    seen = await found(skipping, f"never-{uuid4().hex}", queue="any")
    assert seen == PaymentFound(state=PaymentState.UNKNOWN)


async def test_a_payment_that_no_worker_serves_does_not_answer(
    skipping: WorkflowEnvironment,
) -> None:
    order, queue = an_order(), f"nobody-{uuid4().hex}"
    handle = await skipping.client.start_workflow(
        CashierPayment.run,
        order,
        id=workflow_id(order.order_id),
        task_queue=queue,
    )
    with pytest.raises(ApplicationError, match="does not answer"):
        await found(skipping, order.order_id, queue=queue)
    await handle.terminate()


# ---- other runs of the same order ----


async def test_an_attempt_that_paid_an_earlier_run_pays_the_order(
    skipping: WorkflowEnvironment, payment: RunningPayment
) -> None:
    """After it anybody may start another run, with other attempts."""
    order_id, queue = payment.order.order_id, payment.task_queue
    await payment.notify()
    await payment.handle.result()
    await begin_again(payment, first_attempt=2)
    await until_listed(skipping, workflow_id(order_id), 2)
    seen = await found(skipping, order_id, queue=queue)
    await payment.handle.terminate()
    stopped = await found(skipping, order_id, queue=queue)
    assert (seen.state, stopped.state) == (PaymentState.OPEN, PaymentState.STOPPED)
    assert seen.paid == stopped.paid == (f"{order_id}_1",)
    assert seen.is_proven
    assert seen.attempts == (f"{order_id}_2",)


async def test_it_is_known_since_when_a_kept_run_knows_an_attempt(
    skipping: WorkflowEnvironment, payment: RunningPayment
) -> None:
    order_id, queue = payment.order.order_id, payment.task_queue
    first, second = f"{order_id}_1", f"{order_id}_2"
    run = await payment.handle.describe()
    await payment.result()
    await begin_again(payment, first_attempt=2)
    await until_listed(skipping, workflow_id(order_id), 2)
    seen = await found(skipping, order_id, of=first, queue=queue)
    other = await found(skipping, order_id, of=f"{order_id}_3", queue=queue)
    later = await found(skipping, order_id, of=second, queue=queue)
    await payment.handle.terminate()
    stopped = await found(skipping, order_id, of=second, queue=queue)
    assert seen.opener_began_at == run.start_time
    assert later.opener_began_at is not None
    assert later.opener_began_at > run.start_time
    assert other.opener_began_at is stopped.opener_began_at is None


async def test_a_run_that_was_reset_knows_an_attempt_only_since_then(
    skipping: WorkflowEnvironment, payment: RunningPayment
) -> None:
    """It does not know later events than the point it was reset to."""
    order_id, queue = payment.order.order_id, payment.task_queue
    run = await payment.handle.describe()
    await payment.view()
    # After its page, or it would have no attempt.
    async for event in payment.handle.fetch_history_events():
        if event.HasField("workflow_task_completed_event_attributes"):
            at = event.event_id
    await skipping.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=skipping.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=run.id, run_id=run.run_id),
            reason="before it was paid",
            request_id=str(uuid4()),
            workflow_task_finish_event_id=at,
        )
    )
    await payment.view()
    seen = await found(skipping, order_id, of=f"{order_id}_1", queue=queue)
    await payment.handle.terminate()
    assert seen.opener_began_at is not None
    assert seen.opener_began_at > run.start_time


async def test_a_payment_stopped_while_it_notified_the_shop_is_paid(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("PROCESSING")])
    alipay.shop_is_away = True
    async with a_payment(skipping, alipay, tells_shop=True) as payment:
        notifying = asyncio.Event()

        async def stop() -> None:
            notifying.set()
            await payment.handle.terminate()

        alipay.before_shop_answers = stop
        await payment.notify()
        await notifying.wait()
        while (await payment.handle.describe()).close_time is None:
            pass
        order_id = payment.order.order_id
        seen = await found(skipping, order_id, queue=payment.task_queue)
    assert (seen.state, seen.paid) == (PaymentState.STOPPED, (f"{order_id}_1",))


async def test_late_money_that_was_kept_once_pays_its_order(
    skipping: WorkflowEnvironment,
) -> None:
    """Another run of the same late money must not give it back."""
    alipay = FakeAlipay(
        pay=[a_page()], inquiries=[an_inquiry("FAIL")], cancels=[a_cancel()]
    )
    async with a_payment(skipping, alipay) as payment:
        order, queue = payment.order, payment.task_queue
        name, second = f"{order.order_id}_1", f"{order.order_id}_2"
        await payment.result()
        alipay.answers_inquiries(an_inquiry("SUCCESS"))
        for policy in (LateMoneyPolicy.HONOUR, LateMoneyPolicy.REFUND):
            await skipping.client.execute_workflow(
                LatePayment.run,
                a_late_payment(order, policy=policy),
                id=late_payment_id(name),
                task_queue=queue,
            )
        await until_listed(skipping, late_payment_id(name), 2)
        own = await found(skipping, order.order_id, of=name, queue=queue)
        others = await found(skipping, order.order_id, of=second, queue=queue)
    assert own.paid == (name,)
    assert (others.paid, others.honoured) == ((), (name,))


async def test_late_money_that_is_being_dealt_with_is_undecided(
    skipping: WorkflowEnvironment,
) -> None:
    """Its order's refunds leave it alone meanwhile, though no payment is kept."""
    alipay = FakeAlipay(inquiries=[an_inquiry("PROCESSING")])
    late = a_late_payment(an_order())
    name = late.payment_request_id
    async with a_worker(skipping.client, alipay) as queue:
        handle = await skipping.client.start_workflow(
            LatePayment.run, late, id=late_payment_id(name), task_queue=queue
        )
        own = await found(skipping, late.order_id, of=name, queue=queue)
        await handle.terminate()
        after = await found(skipping, late.order_id, of=name, queue=queue)
    assert own.state is after.state is PaymentState.UNKNOWN
    assert (own.is_own_undecided, after.is_own_undecided) == (True, False)


async def test_a_run_on_another_queue_is_not_a_payment_of_ours(
    skipping: WorkflowEnvironment,
) -> None:
    order = an_order()
    forged = PaymentView(
        order_id=order.order_id,
        amount=order.amount,
        status=PaymentStatus.EXPIRED,
        outcome=PaymentOutcome.EXPIRED,
    ).model_dump(mode="json")
    with skipping.with_time_skipping_disabled():
        async with a_forged_payment(skipping.client, forged):
            seen = await found(skipping, order.order_id, queue="ours")
    assert seen == PaymentFound(state=PaymentState.UNKNOWN)


async def test_a_run_on_another_queue_hides_no_payment_of_ours(
    skipping: WorkflowEnvironment, payment: RunningPayment
) -> None:
    order_id, queue = payment.order.order_id, payment.task_queue
    await payment.notify()
    view = await payment.handle.result()
    forged = view.model_copy(update={"outcome": None, "attempts": ()})
    async with a_forged_payment(skipping.client, forged.model_dump(mode="json")):
        await until_listed(skipping, workflow_id(order_id), 2)
        seen = await found(skipping, order_id, queue=queue)
    assert (seen.state, seen.paid) == (PaymentState.CLOSED, (f"{order_id}_1",))


async def test_an_order_id_may_contain_quotation_marks_of_list_filters(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("FAIL")])
    odd = f'a "b" \\ c {uuid4().hex}'
    async with a_payment(skipping, alipay, order_id=odd) as payment:
        await payment.notify()
        await payment.handle.result()
        seen = await found(skipping, odd, queue=payment.task_queue)
    assert seen.paid == (f"{odd}_1",)
