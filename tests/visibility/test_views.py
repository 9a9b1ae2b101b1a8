"""What one workflow knows, whether it is open, has closed or was stopped."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio.exceptions import TerminatedError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from contracts import PaymentOutcome, PaymentStatus, PaymentView
from tests.builders import a_page, an_order
from tests.fakes import FakeAlipay
from tests.workflows.running import RunningPayment, a_payment, a_worker
from visibility.views import LONGEST_WAIT, WAITED_IN_VAIN, Look, look_up, newest_run

WITHIN = timedelta(seconds=20)


@pytest.fixture
async def payment(skipping: WorkflowEnvironment) -> AsyncIterator[RunningPayment]:
    async with a_payment(skipping, FakeAlipay(pay=[a_page()])) as running:
        yield running


async def look(env: WorkflowEnvironment, payment: RunningPayment) -> Look[PaymentView]:
    return await look_up(env.client, payment.handle.id, PaymentView, within=WITHIN)


async def test_an_open_workflow_is_asked(
    skipping: WorkflowEnvironment, payment: RunningPayment
) -> None:
    seen = await look(skipping, payment)
    assert seen.is_open
    assert seen.view
    assert seen.view.status is PaymentStatus.AWAITING_CUSTOMER


async def test_the_result_of_a_closed_workflow_needs_no_worker(
    skipping: WorkflowEnvironment,
) -> None:
    async with a_payment(skipping, FakeAlipay(pay=[a_page()])) as payment:
        await payment.notify()
        await payment.handle.result()
    seen = await look(skipping, payment)
    assert not seen.is_open
    assert seen.view
    assert seen.view.outcome is PaymentOutcome.PAID


async def test_a_workflow_that_closes_while_it_is_looked_at_tells_its_result(
    skipping: WorkflowEnvironment, payment: RunningPayment
) -> None:
    name = payment.handle.id
    while_open = await newest_run(skipping.client, name, within=WITHIN)
    await payment.notify()
    await payment.handle.result()
    seen = await look_up(
        skipping.client, name, PaymentView, within=WITHIN, run=while_open
    )
    assert while_open
    assert seen.run
    assert (seen.is_open, seen.run.run_id) == (False, while_open.run_id)
    assert seen.view
    assert seen.view.outcome is PaymentOutcome.PAID


async def test_a_stopped_workflow_tells_how_and_knows_nothing(
    skipping: WorkflowEnvironment, payment: RunningPayment
) -> None:
    await payment.handle.terminate()
    seen = await look(skipping, payment)
    assert (seen.is_open, seen.view) == (False, None)
    assert isinstance(seen.stopped, TerminatedError)


async def test_a_workflow_that_never_was_has_no_run(
    skipping: WorkflowEnvironment,
) -> None:
    name = f"payment:never-{uuid4().hex}"
    assert await newest_run(skipping.client, name, within=WITHIN) is None
    with pytest.raises(RPCError) as caught:
        await look_up(skipping.client, name, PaymentView, within=WITHIN)
    assert caught.value.status is RPCStatusCode.NOT_FOUND


async def test_a_query_is_put_anew_while_no_worker_takes_it(
    skipping: WorkflowEnvironment,
) -> None:
    """One that waits on the server could be answered from half a workflow task."""
    order, alipay = an_order(), FakeAlipay(pay=[a_page()])
    async with a_worker(skipping.client, alipay) as task_queue:
        with skipping.with_time_skipping_disabled():
            payment = RunningPayment(skipping, order, task_queue)
            await payment.ask_for_page()
    with skipping.with_time_skipping_disabled():
        with pytest.raises(RPCError) as caught:
            await look_up(
                skipping.client,
                payment.handle.id,
                PaymentView,
                within=LONGEST_WAIT * 1.5,
            )
        assert caught.value.status in WAITED_IN_VAIN
        looking = asyncio.create_task(look(skipping, payment))
        await asyncio.wait({looking}, timeout=LONGEST_WAIT.total_seconds() * 1.2)
        assert not looking.done()
        async with a_worker(skipping.client, alipay, task_queue=task_queue):
            seen = await looking
    assert seen.is_open
    assert seen.view
