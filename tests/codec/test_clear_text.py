"""Where clear text is refused, whoever lacks the keys writes nothing that counts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.converter import ActivitySerializationContext, DataConverter
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from codec.clear_text import ClearTextRefusedError
from codec.refusing_runner import RefusingRunner
from contracts import (
    CancelWish,
    InquiryCall,
    PaymentOutcome,
    PaymentView,
    workflow_id,
)
from temporal_client import DATA_CONVERTER, data_converter
from tests.builders import a_notification, a_page, an_inquiry, an_order
from tests.codec.encrypting import WORKFLOWS, a_client, a_payment_of, a_task_queue
from tests.codec.keys import KEYS, OLD, a_ring
from tests.fakes import FakeAlipay
from tests.signing import signed_answer
from tests.workflows.running import RunningPayment
from workflows.cashier_payment import CashierPayment
from workflows.engine.odd_signals import OddSignalFilter

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
ONLY_OLD = {OLD: KEYS[OLD]}


@asynccontextmanager
async def a_payment(
    env: WorkflowEnvironment,
    alipay: FakeAlipay,
    *,
    since: datetime = LONG_AGO,
    starts_in_clear_text: bool = False,
) -> AsyncIterator[RunningPayment]:
    """Run a payment on a worker that refuses clear text in runs that start since then.

    It is talked to with the keys; `in_clear_text` is how somebody without them does.
    """
    client = a_client(env, a_ring(ONLY_OLD), refuses_since=since)
    task_queue = a_task_queue()
    async with Worker(
        client,
        task_queue=task_queue,
        workflows=WORKFLOWS,
        activities=alipay.activities,
        interceptors=[OddSignalFilter()],
        workflow_runner=RefusingRunner(SandboxedWorkflowRunner(), since=since),
    ):
        payment = a_payment_of(client, an_order(), task_queue)
        starter = env.client if starts_in_clear_text else client
        await a_payment_of(starter, payment.order, task_queue).start(listed=False)
        yield payment
        try:
            await payment.handle.terminate()
        except RPCError:  # it is over
            return


def in_clear_text(
    env: WorkflowEnvironment, payment: RunningPayment
) -> WorkflowHandle[CashierPayment, PaymentView]:
    """Reach the payment as a click in the Temporal UI does."""
    return env.client.get_workflow_handle_for(
        CashierPayment.run, workflow_id(payment.order.order_id)
    )


async def test_a_payment_with_the_keys_goes_on_as_ever(
    dev_server: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    async with a_payment(dev_server, alipay) as payment:
        await payment.ask_for_page()
        await payment.notify()
        result = await payment.handle.result()
    assert result.outcome is PaymentOutcome.PAID


async def test_a_signal_in_clear_text_is_dropped(
    dev_server: WorkflowEnvironment,
) -> None:
    """Also one that Alipay has signed: without the keys nobody says anything."""
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("PROCESSING")])
    async with a_payment(dev_server, alipay) as payment:
        await payment.ask_for_page()
        clear = in_clear_text(dev_server, payment)
        await clear.signal(
            CashierPayment.payment_notified, a_notification(payment.order)
        )
        view = await payment.check_now()
        assert (view.outcome, alipay.calls) == (None, ["pay", "inquire"])
        await payment.notify()
        assert (await payment.handle.result()).outcome is PaymentOutcome.PAID


async def test_an_update_in_clear_text_is_rejected(
    dev_server: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("PROCESSING")])
    async with a_payment(dev_server, alipay) as payment:
        await payment.ask_for_page()
        with pytest.raises(WorkflowUpdateFailedError):
            await in_clear_text(dev_server, payment).execute_update(
                "cancel", CancelWish()
            )
        assert (await payment.view()).outcome is None
        assert "cancel" not in alipay.calls


async def test_an_input_in_clear_text_begins_nothing_and_says_so(
    dev_server: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    async with a_payment(dev_server, alipay, starts_in_clear_text=True) as payment:
        why = await failure_of_the_task(payment.handle)
    # Its words are encrypted, as all that failures say; its type is not.
    assert "ClearTextRefusedError" in why
    assert alipay.calls == []


async def failure_of_the_task(handle: WorkflowHandle[Any, Any]) -> str:
    async with asyncio.timeout(20):
        while True:
            async for event in handle.fetch_history_events():
                if event.HasField("workflow_task_failed_event_attributes"):
                    return str(event.workflow_task_failed_event_attributes.failure)


async def test_a_result_in_clear_text_is_no_verdict(
    dev_server: WorkflowEnvironment,
) -> None:
    """As `temporal activity complete` leaves it, though Alipay has signed it."""
    alipay, asked, go_on = FakeAlipay(pay=[a_page()]), asyncio.Event(), asyncio.Event()
    alipay.answers_inquiries(an_inquiry("PROCESSING"))

    async def wait() -> None:
        asked.set()
        await go_on.wait()

    alipay.before_inquiry_answers = wait
    async with a_payment(dev_server, alipay) as payment:
        await payment.ask_for_page()
        checking = asyncio.create_task(payment.check_now())
        await asked.wait()
        await complete_in_clear_text(dev_server.client, payment)
        go_on.set()
        view = await checking
        assert (view.outcome, [one.is_paid for one in view.attempts]) == (None, [False])
        await payment.notify()
        assert (await payment.handle.result()).outcome is PaymentOutcome.PAID


async def complete_in_clear_text(client: Client, payment: RunningPayment) -> None:
    """Complete the inquiry that runs, with a genuine success of this attempt."""
    seen = await payment.handle.describe()
    (pending,) = seen.raw_description.pending_activities
    call = InquiryCall(payment_request_id=f"{payment.order.order_id}_1")
    activity = client.get_async_activity_handle(
        workflow_id=seen.id, run_id=seen.run_id, activity_id=pending.activity_id
    )
    await activity.complete(signed_answer(call, an_inquiry("SUCCESS")))


async def test_an_older_run_in_clear_text_goes_on(
    dev_server: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    later = datetime.now(UTC) + timedelta(hours=1)
    async with a_payment(
        dev_server, alipay, since=later, starts_in_clear_text=True
    ) as payment:
        await payment.ask_for_page()
        await in_clear_text(dev_server, payment).signal(
            CashierPayment.payment_notified, a_notification(payment.order)
        )
        result = await payment.handle.result()
    assert result.outcome is PaymentOutcome.PAID


# ---- the converter ----

OF_AN_ACTIVITY = ActivitySerializationContext(
    namespace="default",
    activity_id="1",
    activity_type="pay",
    activity_task_queue="cashier",
    workflow_id="payment:order",
    workflow_type="CashierPayment",
    is_local=False,
)


def a_converter(since: datetime) -> DataConverter:
    return data_converter(a_ring(ONLY_OLD), clear_text_refused_since=since)


async def test_an_activity_takes_nothing_in_clear_text() -> None:
    clear = await DATA_CONVERTER.encode(["anything"])
    refusing = a_converter(LONG_AGO)
    encrypted = await refusing.encode(["anything"])
    for_activities = refusing.with_context(OF_AN_ACTIVITY)
    assert await for_activities.decode(encrypted, [str]) == ["anything"]
    with pytest.raises(ClearTextRefusedError, match="CLEAR_TEXT_REFUSED_SINCE"):
        await for_activities.decode(clear, [str])


async def test_until_the_time_has_come_an_activity_takes_clear_text() -> None:
    clear = await DATA_CONVERTER.encode(["anything"])
    later = a_converter(datetime.now(UTC) + timedelta(hours=1))
    assert await later.with_context(OF_AN_ACTIVITY).decode(clear, [str]) == ["anything"]


async def test_what_old_runs_have_left_in_clear_text_stays_readable() -> None:
    clear = await DATA_CONVERTER.encode(["anything"])
    assert await a_converter(LONG_AGO).decode(clear, [str]) == ["anything"]
