"""A query that overtakes a workflow task does not make the run use an old time.

It has waited while no worker polled, and events have come since: SDK 1.35 carries them
out for the query, with the time of the task before
(`workflows/engine/overtaking_queries.py`).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from temporalio.client import WorkflowQueryFailedError
from temporalio.testing import WorkflowEnvironment

from audit.history.record import read_history
from audit.replay.comparison import compare
from audit.replay.replaying import Replays
from codec.payload_codec import EncryptingCodec
from contracts import PaymentOutcome, PaymentView
from tests.builders import a_page, an_inquiry, an_order
from tests.fakes import FakeAlipay
from tests.histories.signed_paths import payload_keys
from tests.workflows.running import RunningPayment, worker_of
from visibility.views import OVERTAKES_A_TASK, VIEW, look_up, query_stopped

# Not each query overtakes a task: the server may hand out the task first.
PAYMENTS = 6
WITHIN = timedelta(seconds=10)
# As long as a query waits with the server, and longer than a task takes.
A_MOMENT = 0.5


@asynccontextmanager
async def opened_payments(
    env: WorkflowEnvironment, alipay: FakeAlipay, task_queue: str
) -> AsyncIterator[list[RunningPayment]]:
    """Open some payments, and stop their worker."""
    payments = [RunningPayment(env, an_order(), task_queue) for _ in range(PAYMENTS)]
    async with worker_of(env.client, alipay, task_queue):
        for payment in payments:
            await payment.ask_for_page()
    yield payments


async def test_a_payment_that_was_looked_at_before_its_news_came_keeps_right_times(
    dev_server: WorkflowEnvironment,
) -> None:
    alipay, task_queue = FakeAlipay(pay=[a_page()]), f"test-{uuid4()}"
    client = dev_server.client
    async with opened_payments(dev_server, alipay, task_queue) as payments:
        looks = [
            asyncio.create_task(payment.handle.query(VIEW, rpc_timeout=WITHIN))
            for payment in payments
        ]
        await asyncio.sleep(A_MOMENT)
        notified_at = datetime.now(UTC)
        for payment in payments:
            await payment.notify()
    async with worker_of(client, alipay, task_queue), Replays() as replays:
        await asyncio.wait(looks)
        for payment in payments:
            view = await payment.handle.result()
            assert view.outcome is PaymentOutcome.PAID
            assert view.closed_at
            assert view.closed_at >= notified_at
            history = await payment.handle.fetch_history()
            record = read_history(history.to_json(), EncryptingCodec(payload_keys()))
            assert list(compare(record, await replays.replay(record))) == []
    rejected = [look.exception() for look in looks if look.exception()]
    assert all(isinstance(one, WorkflowQueryFailedError) for one in rejected)
    assert {str(one) for one in rejected} <= {OVERTAKES_A_TASK}


async def test_a_query_that_overtakes_a_task_is_sent_again_and_answered(
    dev_server: WorkflowEnvironment,
) -> None:
    alipay, task_queue = FakeAlipay(pay=[a_page()]), f"test-{uuid4()}"
    client = dev_server.client
    async with opened_payments(dev_server, alipay, task_queue) as payments:
        looks = [
            asyncio.create_task(
                look_up(client, payment.handle.id, PaymentView, within=WITHIN)
            )
            for payment in payments
        ]
        await asyncio.sleep(A_MOMENT)
        for payment in payments:
            await payment.notify()
    async with worker_of(client, alipay, task_queue):
        seen = await asyncio.gather(*looks)
    assert all(look.view for look in seen)


async def test_a_stopped_payment_shows_events_it_had_not_processed_yet(
    dev_server: WorkflowEnvironment,
) -> None:
    """No workflow task comes any more, so no command can follow from an old time."""
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("SUCCESS")])
    task_queue, client = f"test-{uuid4()}", dev_server.client
    async with opened_payments(dev_server, alipay, task_queue) as payments:
        for payment in payments:
            await payment.notify()
            await payment.handle.terminate()
    async with worker_of(client, alipay, task_queue):
        for payment in payments:
            with pytest.raises(WorkflowQueryFailedError, match=OVERTAKES_A_TASK):
                await payment.handle.query(VIEW, rpc_timeout=WITHIN)
            view = await query_stopped(payment.handle, PaymentView, within=WITHIN)
            assert view.outcome is PaymentOutcome.PAID
