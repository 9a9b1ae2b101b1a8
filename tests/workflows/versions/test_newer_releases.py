"""A worker fails the first task of a run of a newer release, and says why."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from contracts import (
    RELEASE,
    CallbackInput,
    Contract,
    NoticeInput,
    ShopEvent,
    SignedEvidence,
    callbacks_id,
    late_payment_id,
    workflow_id,
)
from tests.builders import a_late_payment, a_page, an_event, an_order
from tests.fakes import FakeAlipay
from tests.workflows.running import a_worker
from visibility.stuck import Kind, condition_of
from workflows.callback import Callback
from workflows.cashier_payment import CashierPayment
from workflows.late_payment import LatePayment
from workflows.notice import AlipayNotice

Handle = WorkflowHandle[Any, Any]
NOW = datetime(2026, 11, 30, tzinfo=UTC)
NEWER = RELEASE + 1
ORDER = an_order(release=NEWER)
EVENT = ShopEvent.model_validate(an_event())
INPUTS: dict[type, tuple[Contract, str]] = {
    CashierPayment: (ORDER, workflow_id(ORDER.order_id)),
    LatePayment: (
        a_late_payment(ORDER, release=NEWER),
        late_payment_id(f"{ORDER.order_id}_1"),
    ),
    Callback: (
        CallbackInput(event=EVENT, release=NEWER),
        callbacks_id(ORDER.order_id),
    ),
    AlipayNotice: (
        NoticeInput(evidence=SignedEvidence(), release=NEWER),
        f"notice:{ORDER.order_id}",
    ),
}


async def test_an_input_of_a_newer_release_stops_the_task_before_its_first_command(
    dev_server: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    async with a_worker(dev_server.client, alipay) as task_queue:
        failures = await asyncio.gather(
            *(
                stopped(dev_server.client, kind, given, name, task_queue)
                for kind, (given, name) in INPUTS.items()
            )
        )
    assert alipay.calls == []
    for failure in failures:
        assert f"begun by release {NEWER}" in failure
        assert f"knows releases up to {RELEASE}" in failure


async def stopped(
    client: Client, kind: type, given: Contract, name: str, task_queue: str
) -> str:
    """Start a workflow of a newer release; return why its task fails, once listed."""
    handle: Handle = await client.start_workflow(
        kind.__name__, given, id=name, task_queue=task_queue
    )
    failure = await failure_of(handle)
    listed = f'WorkflowId = "{name}" AND {condition_of(Kind.TASK_FAILURE, NOW)}'
    async with asyncio.timeout(40):
        while not (await client.count_workflows(listed)).count:
            await handle.describe()
    await handle.terminate("seen")
    return failure


async def failure_of(handle: Handle) -> str:
    """Return the failure of the first workflow task."""
    async with asyncio.timeout(20):
        async for event in handle.fetch_history_events(wait_new_event=True):
            failed = event.workflow_task_failed_event_attributes
            if failed.failure.message:
                return failed.failure.message
    raise AssertionError("no workflow task has failed")
