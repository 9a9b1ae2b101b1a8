"""A call that is paused, or in a task queue without workers, delays no payment.

Time cannot be skipped while an activity is pending, so waits of minutes are tested in a
workflow that waits for a second.
"""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from temporalio import activity, workflow
from temporalio.api.activity.v1 import ActivityOptions
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import UpdateActivityOptionsRequest
from temporalio.client import Client
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from cashier.demos.pausing import pause_call, pending_call
from contracts import PayAnswer, PayCall, PaymentOutcome
from tests.builders import a_page, an_inquiry
from tests.fakes import FakeAlipay
from tests.workflows.running import a_payment
from visibility.paused import paused_of
from workflows.alipay_calls import LONGEST_CALL, is_given_up

SECOND = timedelta(seconds=1)


class Slow(FakeAlipay):
    """Does not answer the first call for a page, and is called again later."""

    @activity.defn
    async def pay(self, call: PayCall) -> PayAnswer:
        if not self.pay_calls:
            self.pay_calls.append(call)
            raise ApplicationError("HTTP 502", next_retry_delay=timedelta(minutes=2))
        return await super().pay(call)


@activity.defn
async def silent() -> None:
    """Be called again in a second."""
    raise ApplicationError("HTTP 502", next_retry_delay=SECOND)


@workflow.defn(sandboxed=False)
class Asking:
    """Makes one call, and gets new facts by a signal."""

    def __init__(self) -> None:
        self._news = False

    @workflow.run
    async def run(self, schedule_to_close: timedelta | None) -> str:
        asking = workflow.start_activity(
            silent,
            start_to_close_timeout=10 * SECOND,
            schedule_to_close_timeout=schedule_to_close,
        )
        if await is_given_up(asking, lambda: self._news, within=SECOND):
            return "given up"
        try:
            await asking
        except ActivityError as error:
            return type(error.cause).__name__
        return "answered"

    @workflow.signal
    def notify(self) -> None:
        self._news = True


async def move(client: Client, workflow_id: str) -> None:
    """Move the pending call, as the UI's button *Update* does."""
    await client.workflow_service.update_activity_options(
        UpdateActivityOptionsRequest(
            namespace=client.namespace,
            execution=WorkflowExecution(workflow_id=workflow_id),
            id=await pending_call(client, workflow_id),
            activity_options=ActivityOptions(task_queue=TaskQueue(name="nobodys")),
            update_mask=FieldMask(paths=["task_queue.name"]),
        )
    )


async def test_new_facts_do_not_wait_for_a_paused_call(
    dev_server: WorkflowEnvironment,
) -> None:
    """Though its time-out is over, which the server does not count while paused."""
    client, name = dev_server.client, f"asking-{uuid4()}"
    async with Worker(client, task_queue=name, workflows=[Asking], activities=[silent]):
        asking = await client.start_workflow(
            Asking.run, 3 * SECOND, id=name, task_queue=name
        )
        await pause_call(client, name, by="anna", reason="why")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asking.result(), timeout=4)
        await asking.signal(Asking.notify)
        assert await asking.result() == "given up"
    described = (await asking.describe()).raw_description
    assert paused_of(described) is None


async def test_a_call_on_a_task_queue_without_workers_ends_by_its_time_out(
    dev_server: WorkflowEnvironment,
) -> None:
    client, name = dev_server.client, f"asking-{uuid4()}"
    async with Worker(client, task_queue=name, workflows=[Asking], activities=[silent]):
        asking = await client.start_workflow(
            Asking.run, 3 * SECOND, id=name, task_queue=name
        )
        await move(client, name)
        assert await asking.result() in ("TimeoutError", "ApplicationError")


@pytest.mark.parametrize(("release", "longest"), [(3, 0), (4, LONGEST_CALL.seconds)])
async def test_each_call_of_a_payment_has_an_end_from_release_4_on(
    skipping: WorkflowEnvironment, release: int, longest: int
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("SUCCESS")])
    async with a_payment(skipping, alipay, release=release, tells_shop=True) as payment:
        await payment.check_now()
        await payment.result()
        history = await payment.handle.fetch_history()
    calls = [
        one.activity_task_scheduled_event_attributes
        for one in history.events
        if one.HasField("activity_task_scheduled_event_attributes")
    ]
    bounds = {
        one.activity_type.name: one.schedule_to_close_timeout.seconds for one in calls
    }
    names = {"pay", "inquire_payment", "tell_shop"}
    assert bounds == dict.fromkeys(names, longest)


async def test_a_paused_call_names_the_person_and_does_not_delay_a_cancel(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = Slow(pay=[a_page()], inquiries=[an_inquiry("CANCELLED")])
    async with a_payment(skipping, alipay, opened=False) as payment:
        await payment.start()
        await pause_call(skipping.client, payment.handle.id, by="anna", reason="why")
        paused = paused_of((await payment.handle.describe()).raw_description)
        await payment.handle.cancel()
        result = await payment.result()
    assert paused is not None
    assert paused.in_words == "paused by anna: pay: why"
    assert f"unpause --workflow-id {payment.handle.id}" in paused.frees
    assert result.outcome is PaymentOutcome.CANCELLED
