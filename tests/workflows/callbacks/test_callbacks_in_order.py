"""The shop gets the events of an order in order, however long it was down."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import (
    Interceptor,
    StartChildWorkflowInput,
    Worker,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)
from temporalio.workflow import ChildWorkflowHandle

from contracts import (
    CallbackInput,
    CallbackOutcome,
    CallbackSettlement,
    CallbackView,
    LatePaymentView,
    PaymentOutcome,
    late_payment_id,
)
from tests.builders import (
    a_cancel,
    a_late_payment,
    a_page,
    an_event,
    an_inquiry,
    an_order,
)
from tests.fakes import FakeAlipay
from tests.workflows.callbacks.shops import Shop, queue_of
from tests.workflows.running import RunningPayment, a_payment
from workflows.callback import Callback
from workflows.late_payment import LatePayment

HOUR = timedelta(hours=1)


@asynccontextmanager
async def an_order_of(
    env: WorkflowEnvironment, shop: Shop
) -> AsyncIterator[tuple[RunningPayment, FakeAlipay]]:
    """An order whose first payment was cancelled, which the shop has accepted."""
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[an_inquiry("PROCESSING"), an_inquiry("CANCELLED")],
        cancels=[a_cancel()],
    )
    alipay.callbacks = shop.callbacks()
    async with a_payment(env, alipay, tells_shop=True) as payment:
        assert (await payment.cancel()).outcome is PaymentOutcome.CANCELLED
        await payment.handle.result()
        yield payment, alipay


async def pay_again(payment: RunningPayment) -> None:
    """The order is paid after all, at its second attempt."""
    payment.order = payment.order.model_copy(update={"first_attempt": 2})
    await payment.ask_for_page(call_id="anew")
    await payment.notify(payment_request_id=f"{payment.order.order_id}_2")
    assert (await payment.handle.result()).outcome is PaymentOutcome.PAID


async def pay_late(
    env: WorkflowEnvironment, payment: RunningPayment, alipay: FakeAlipay
) -> WorkflowHandle[LatePayment, LatePaymentView]:
    """The first attempt is paid, too, and the money goes back."""
    alipay.answers_inquiries(an_inquiry("SUCCESS"))
    late = a_late_payment(payment.order, tells_shop=True)
    return await env.client.start_workflow(
        LatePayment.run,
        late,
        id=late_payment_id(late.payment_request_id),
        task_queue=payment.task_queue,
    )


@asynccontextmanager
async def workflows_only(
    env: WorkflowEnvironment, task_queue: str
) -> AsyncIterator[None]:
    async with Worker(env.client, task_queue=task_queue, workflows=[Callback]):
        yield


async def until_answered(queue: WorkflowHandle[Callback, CallbackView]) -> None:
    """Wait until the server has the activity's result."""
    async with asyncio.timeout(20):
        while (await queue.describe()).raw_description.pending_activities:
            pass


IN_ORDER = ["payment.cancelled", "payment.paid", "late_payment.returned"]


async def test_a_shop_that_was_down_for_an_hour_soon_gets_all_events_in_order(
    skipping: WorkflowEnvironment,
) -> None:
    shop = Shop(skipping)
    shop.is_away, shop.is_back_after = True, HOUR
    async with an_order_of(skipping, shop) as (payment, alipay):
        await pay_again(payment)
        await (await pay_late(skipping, payment, alipay)).result()
        queue = queue_of(skipping, payment.order.order_id)
        before = await queue.query(Callback.view)
        await skipping.fast_forward(queue)
        result = await queue.result()
    assert [one.type for one in (before.event, *before.waiting)] == IN_ORDER
    assert shop.accepted == IN_ORDER
    assert [one.outcome for one in result.ended] == ["DELIVERED", "DELIVERED"]
    assert (result.event.type, result.outcome) == (IN_ORDER[-1], "DELIVERED")
    # Only the first event is sent before it is accepted.
    first = f"{payment.order.order_id}_1-cancelled"
    refused = [one for one in shop.deliveries if not one.accepted]
    assert {one.id for one in refused} == {first}
    # Two quick tries of the payment, then the queue's with growing pauses.
    tries = [one.after for one in shop.deliveries if one.id == first and one.after]
    seconds = [round(one.total_seconds()) for one in tries]
    print(f"told after {seconds} s; {len(refused)} tries in vain")  # noqa: T201
    assert len(refused) == 11
    pauses = [later - one for one, later in pairwise(tries)]
    assert pauses == sorted(pauses)
    delivered = tries[-1]
    assert HOUR <= delivered < HOUR + pauses[-1]
    assert delivered < timedelta(minutes=90)
    # The waiting events come at once, without further pauses.
    at_last = [one.after for one in shop.deliveries if one.accepted and one.after]
    assert max(at_last) - delivered < timedelta(seconds=10)


async def test_an_event_waits_for_an_earlier_one_though_the_shop_is_up_again(
    skipping: WorkflowEnvironment,
) -> None:
    shop = Shop(skipping)
    shop.refuses = "payment.cancelled"
    async with an_order_of(skipping, shop) as (payment, _):
        await shop.until_called(3)  # twice by the payment, once by the queue
        await pay_again(payment)
        queue = queue_of(skipping, payment.order.order_id)
        accepted_meanwhile = list(shop.accepted)
        shop.refuses = ""
        await queue.execute_update("resend")
        await queue.result()
    assert accepted_meanwhile == []
    assert shop.accepted == IN_ORDER[:2]


async def test_a_shop_that_is_up_is_notified_without_a_queue(
    skipping: WorkflowEnvironment,
) -> None:
    shop = Shop(skipping)
    async with an_order_of(skipping, shop) as (payment, _):
        await pay_again(payment)
        events = (await payment.handle.fetch_history()).events
    assert shop.accepted == IN_ORDER[:2]
    assert {one.by for one in shop.deliveries} == {f"payment:{payment.order.order_id}"}
    # Billed are start, update, `pay`, timer, signal and `tell_shop`: six actions.
    billed = {EventType.Name(one.event_type) for one in events} & {
        "EVENT_TYPE_MARKER_RECORDED",
        "EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED",
        "EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES",
    }
    calls = [
        one.activity_task_scheduled_event_attributes.activity_type.name
        for one in events
        if one.HasField("activity_task_scheduled_event_attributes")
    ]
    assert (billed, calls) == (set(), ["pay", "tell_shop"])


async def test_late_moneys_event_does_not_overtake_the_payments(
    skipping: WorkflowEnvironment,
) -> None:
    shop = Shop(skipping)
    async with an_order_of(skipping, shop) as (payment, alipay):

        async def money_comes_late_meanwhile() -> None:
            """The shop is down again, and when it refuses, the late event is queued."""
            shop.before_it_answers = None
            shop.is_away = True
            await (await pay_late(skipping, payment, alipay)).result()

        shop.before_it_answers = money_comes_late_meanwhile
        await pay_again(payment)
        # The queue held the later event first, which waited for the payment's.
        queue = queue_of(skipping, payment.order.order_id)
        first = (await queue.query(Callback.view)).event
        shop.is_away = False
        await skipping.fast_forward(queue)
    assert first.type == "payment.paid"
    assert shop.accepted == IN_ORDER


async def test_a_payments_event_does_not_overtake_one_of_late_money(
    skipping: WorkflowEnvironment,
) -> None:
    shop = Shop(skipping)
    async with an_order_of(skipping, shop) as (payment, alipay):

        async def paid_again_meanwhile() -> None:
            shop.before_it_answers = None
            await pay_again(payment)

        shop.before_it_answers = paid_again_meanwhile
        late = await pay_late(skipping, payment, alipay)
        await late.result()
        await skipping.fast_forward(queue_of(skipping, payment.order.order_id))
    assert shop.accepted == [IN_ORDER[0], IN_ORDER[2], IN_ORDER[1]]


async def test_an_event_that_is_queued_twice_is_sent_once(
    skipping: WorkflowEnvironment,
) -> None:
    shop = Shop(skipping)
    shop.is_away = True
    async with an_order_of(skipping, shop) as (payment, _):
        queue = queue_of(skipping, payment.order.order_id)
        event = (await queue.query(Callback.view)).event
        await queue.signal(Callback.also_tell, CallbackInput(event=event))
        await shop.until_called(3)
        shop.is_away = False
        await queue.execute_update("resend")
        result = await queue.result()
    assert shop.accepted == IN_ORDER[:1]
    assert (result.ended, result.waiting) == ((), ())


async def test_an_event_queued_at_the_last_moment_is_sent(
    skipping: WorkflowEnvironment,
) -> None:
    order_id = f"last-moment-{uuid4().hex}"
    shop = Shop(skipping)
    callbacks = shop.callbacks()
    asking, may_answer = asyncio.Event(), asyncio.Event()

    async def ask() -> None:
        asking.set()
        await may_answer.wait()

    shop.before_it_answers = ask
    first, second = (
        CallbackInput.model_validate(
            {"event": an_event(order_id=order_id, id=f"{order_id}_{n}-paid")}
        )
        for n in (1, 2)
    )
    queue = queue_of(skipping, order_id)
    task_queue = f"test-{order_id}"
    # The first is accepted while no worker records that; then the second comes.
    async with Worker(
        skipping.client, task_queue=task_queue, activities=[callbacks.tell_shop]
    ):
        async with workflows_only(skipping, task_queue):
            with skipping.with_time_skipping_disabled():
                await skipping.client.start_workflow(
                    Callback.run, first, id=queue.id, task_queue=task_queue
                )
            await asking.wait()
        may_answer.set()
        await until_answered(queue)
        await queue.signal(Callback.also_tell, second)
        async with workflows_only(skipping, task_queue):
            result = await queue.result()
    assert [one.id for one in shop.deliveries] == [first.event.id, second.event.id]
    assert result.event == second.event


class ClosedJustNow(Interceptor):
    """Reports once that the queue runs, though it has already closed."""

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002 - the SDK's name
    ) -> type[WorkflowInboundInterceptor]:
        return _Inbound


class _Inbound(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Outbound(outbound))


class _Outbound(WorkflowOutboundInterceptor):
    is_said = False

    async def start_child_workflow(
        self,
        input: StartChildWorkflowInput,  # noqa: A002 - the SDK's name
    ) -> ChildWorkflowHandle[Any, Any]:
        if not self.is_said:
            self.is_said = True
            raise WorkflowAlreadyStartedError(input.id, input.workflow)
        return await super().start_child_workflow(input)


async def test_where_the_queue_has_just_closed_it_is_begun_again(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(inquiries=[an_inquiry("SUCCESS")], cancels=[a_cancel()])
    alipay.shop_is_away = True
    late = a_late_payment(an_order(), tells_shop=True)
    queue = queue_of(skipping, late.order_id)
    async with Worker(
        skipping.client,
        task_queue=f"test-{late.order_id}",
        workflows=[LatePayment, Callback],
        activities=alipay.activities,
        interceptors=[ClosedJustNow()],
    ) as worker:
        await skipping.client.execute_workflow(
            LatePayment.run,
            late,
            id=late_payment_id(late.payment_request_id),
            task_queue=worker.task_queue,
        )
        said = CallbackSettlement(reason="by phone", by="anna")
        await queue.execute_update("settle", said)
        result = await queue.result()
    assert result.outcome is CallbackOutcome.SETTLED
    assert result.event.type == "late_payment.returned"


async def test_a_person_settles_the_event_that_is_meant_and_no_other(
    skipping: WorkflowEnvironment,
) -> None:
    shop = Shop(skipping)
    shop.is_away = True
    async with an_order_of(skipping, shop) as (payment, _):
        await shop.until_called(3)
        await pay_again(payment)
        order_id = payment.order.order_id
        queue = queue_of(skipping, order_id)
        said = CallbackSettlement(
            reason="by phone", by="anna", event_id=f"{order_id}_2-paid"
        )
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await queue.execute_update("settle", said)
        first = said.model_copy(update={"event_id": f"{order_id}_1-cancelled"})
        settled: CallbackView = await queue.execute_update(
            "settle", first, result_type=CallbackView
        )
        await shop.until_called(4)
        shop.is_away = False
        await queue.execute_update("resend")
        result = await queue.result()
    assert f"{order_id}_1-cancelled is being sent" in str(refused.value.cause)
    assert settled.event.id == first.event_id
    assert settled.outcome is CallbackOutcome.SETTLED
    assert [one.type for one in settled.waiting] == ["payment.paid"]
    assert shop.accepted == ["payment.paid"]
    assert [one.outcome for one in result.ended] == ["SETTLED"]
    assert result.outcome is CallbackOutcome.DELIVERED
