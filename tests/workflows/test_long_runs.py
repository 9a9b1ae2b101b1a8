"""A payment that stays open for long is continued as new, with all its facts."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio.testing import WorkflowEnvironment

from cashier.system.temporal import SERVER_OPTIONS, guarded_program
from contracts import (
    RELEASE,
    CallbackInput,
    LateOutcome,
    PaymentOutcome,
    RefundAnswer,
    RefundVerdict,
    ShopEvent,
    callbacks_id,
    late_payment_id,
    payment_request_id,
)
from temporal_client import DATA_CONVERTER
from tests.builders import (
    a_cancel,
    a_late_payment,
    a_page,
    an_event,
    an_inquiry,
    an_order,
)
from tests.conftest import start_skipping
from tests.fakes import NO_VERDICT, FakeAlipay
from tests.workflows.running import a_payment, a_worker
from visibility.stuck import RUNNING
from workflows.callback import Callback
from workflows.late_payment import LatePayment

# The server suggests a new run after 4,096 events; here after so few that a test can
# bring them about.
FEW_EVENTS = "limit.historyCount.suggestContinueAsNew=40"


@pytest.fixture(scope="module")
async def impatient() -> AsyncIterator[WorkflowEnvironment]:
    """A server that soon finds a history long."""
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=guarded_program(),
        dev_server_extra_args=[*SERVER_OPTIONS, "--dynamic-config-value", FEW_EVENTS],
        data_converter=DATA_CONVERTER,
    ) as env:
        yield env


@pytest.fixture(scope="module")
async def impatient_and_skipping() -> AsyncIterator[WorkflowEnvironment]:
    """The same, leaping over the time in which a workflow only waits."""
    async with start_skipping("--dynamic-config-value", FEW_EVENTS) as env:
        yield env


async def test_a_long_run_is_continued_as_new(impatient: WorkflowEnvironment) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("PENDING")])
    async with a_payment(impatient, alipay) as payment:
        first = await payment.handle.describe()
        for number in range(20):
            await payment.notify(notify_type="PAYMENT_PENDING", paid_at=str(number))
            view = await payment.view()
        now = await payment.handle.describe()
        again = await payment.ask_for_page(call_id="again")
        # It may be the last notification of this run: the next run inquires.
        alipay.answers_inquiries(an_inquiry("SUCCESS"))
        await payment.notify()
        result = await payment.handle.result()
    assert now.run_id != first.run_id
    assert view.attempts[0].cashier == again.attempts[0].cashier
    assert view.started_at == result.started_at
    assert result.outcome is PaymentOutcome.PAID
    assert alipay.calls.count("pay") == 1


async def test_too_many_other_attempts_are_left_to_late_money_before_a_new_run(
    impatient: WorkflowEnvironment,
) -> None:
    unknown = an_inquiry("NOT_EXIST", payment_id=None, amount=None)
    alipay = FakeAlipay(
        pay=[a_page()], inquiries=[unknown], inquiries_of={1: [an_inquiry("SUCCESS")]}
    )
    async with a_payment(impatient, alipay) as payment:
        order_id = payment.order.order_id
        first = await payment.handle.describe()
        await asyncio.gather(
            *(
                payment.notify(
                    payment_request_id=payment_request_id(order_id, number),
                    payment_id=f"other-{number}",
                )
                for number in range(2, 62)
            )
        )
        while (await payment.handle.describe()).run_id == first.run_id:
            await payment.view()
        await payment.notify()
        result = await payment.handle.result()
    left = [
        one.id
        async for one in impatient.client.list_workflows(
            f'WorkflowType = "LatePayment" AND {RUNNING}'
        )
    ]
    assert result.outcome is PaymentOutcome.PAID
    assert set(left) >= {
        late_payment_id(payment_request_id(order_id, number)) for number in range(2, 62)
    }


async def test_a_cancellation_that_comes_with_a_new_run_is_carried_over(
    impatient: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()], inquiries=[an_inquiry("PENDING")], cancels=[a_cancel()]
    )
    asked, all_sent = asyncio.Event(), asyncio.Event()

    async def when_all_is_sent() -> None:
        asked.set()
        await all_sent.wait()

    async def is_closed_now() -> None:
        alipay.answers_inquiries(an_inquiry("CANCELLED"))

    alipay.before_inquiry_answers = when_all_is_sent
    alipay.before_cancel_answers = is_closed_now
    async with a_payment(impatient, alipay) as payment:
        first = await payment.handle.describe()
        await payment.notify(notify_type="PAYMENT_PENDING")
        await asked.wait()
        # The history grows long while Alipay is asked; the cancellation ends that.
        for number in range(40):
            await payment.notify(notify_type="PAYMENT_PENDING", paid_at=str(number))
        await payment.handle.cancel()
        all_sent.set()
        result = await payment.handle.result()
        last = await payment.handle.describe()
    assert last.run_id != first.run_id
    assert result.outcome is PaymentOutcome.CANCELLED


async def test_late_money_that_waits_for_long_is_continued_as_new(
    impatient_and_skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        inquiries=[an_inquiry("SUCCESS")],
        cancels=[a_cancel("REFUSED")],
        refunds=[RefundAnswer(verdict=RefundVerdict.IN_PROCESS)],
        refund_inquiries=[NO_VERDICT],
    )
    late = a_late_payment(an_order())
    client = impatient_and_skipping.client
    async with a_worker(client, alipay) as task_queue:
        handle = await client.start_workflow(
            LatePayment.run,
            late,
            id=late_payment_id(late.payment_request_id),
            task_queue=task_queue,
        )
        first = await handle.describe()
        while (await handle.describe()).run_id == first.run_id:
            pass
        alipay.answers_refund_inquiries(RefundAnswer(verdict=RefundVerdict.REFUNDED))
        result = await handle.result()
    assert result.outcome is LateOutcome.REFUNDED
    # In process already: never sent again, in any run.
    assert len(alipay.refund_calls) == 1


async def test_callbacks_that_wait_for_long_are_continued_as_new_in_order(
    impatient: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay()
    alipay.shop_is_away = True
    first_event = ShopEvent.model_validate(an_event())
    late_event = first_event.model_copy(
        update={
            "id": "coffee-1_1-late-refunded",
            "type": "late_payment.refunded",
            "occurred_at": first_event.occurred_at + timedelta(hours=1),
        }
    )
    async with a_worker(impatient.client, alipay) as task_queue:
        handle = await impatient.client.start_workflow(
            Callback.run,
            CallbackInput(event=first_event, release=RELEASE),
            id=callbacks_id(f"long-{uuid4()}"),
            task_queue=task_queue,
        )
        first = await handle.describe()
        await handle.signal(Callback.also_tell, CallbackInput(event=late_event))
        while (await handle.describe()).run_id == first.run_id:
            await handle.execute_update("resend")
        view = await handle.query(Callback.view)
        alipay.shop_is_away = False
        await handle.execute_update("resend")
        result = await handle.result()
    assert view.event == first_event
    assert view.waiting == (late_event,)
    assert [one.event for one in result.ended] == [first_event]
    assert result.event == late_event
