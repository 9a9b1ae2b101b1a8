"""A wait ends once its timer has fired, though the SDK may report an old time.

A query that waited while no worker polled is given to the next worker together with the
workflow task. SDK 1.35 then runs that task with the time of the task before it. These
workers do not reject such queries (`workflows/engine/overtaking_queries.py`).
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

from temporalio.client import WorkflowHistory
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from contracts import PaymentView
from temporal_client import DATA_CONVERTER
from tests.builders import an_inquiry, an_order
from tests.fakes import NO_VERDICT, FakeAlipay
from tests.workflows.running import RunningPayment, worker_of
from workflows.cashier_payment import CashierPayment
from workflows.kinds import WORKFLOWS
from workflows.payment.backoff import PAUSES

# Not each of them meets it.
PAYMENTS = 12
LONGER_THAN_THE_WAIT = PAUSES[0] * 1.2 + timedelta(seconds=1)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        # The events waited for happen in activities, which cannot signal a test.
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def look(payment: RunningPayment) -> PaymentView:
    return await payment.handle.query(CashierPayment.view)


def timers_of(history: WorkflowHistory) -> list[timedelta]:
    return [
        event.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta()
        for event in history.events
        if event.HasField("timer_started_event_attributes")
    ]


async def test_a_payment_queried_without_a_worker_continues_and_replays(
    dev_server: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[NO_VERDICT], inquiries=[an_inquiry("PROCESSING")])
    task_queue, client = f"test-{uuid4()}", dev_server.client
    payments = [
        RunningPayment(dev_server, an_order(), task_queue) for _ in range(PAYMENTS)
    ]
    async with worker_of(client, alipay, task_queue, SandboxedWorkflowRunner()):
        for payment in payments:
            await payment.start()
        await until(lambda: alipay.calls.count("inquire") >= PAYMENTS)
    asked = len(alipay.calls)
    looks = [asyncio.create_task(look(payment)) for payment in payments]
    # No worker: timers fire meanwhile.
    await asyncio.sleep(LONGER_THAN_THE_WAIT.total_seconds())
    async with worker_of(client, alipay, task_queue, SandboxedWorkflowRunner()):
        await asyncio.gather(*looks)
        await until(lambda: len(alipay.calls) >= asked + PAYMENTS)
        histories = [await payment.handle.fetch_history() for payment in payments]
    for history in histories:
        timers = timers_of(history)
        assert len(set(timers)) == len(timers), "a wait began anew"
        replayer = Replayer(workflows=WORKFLOWS, data_converter=DATA_CONVERTER)
        await replayer.replay_workflow(history)
