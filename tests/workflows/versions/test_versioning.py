"""The worked example of docs/versioning.md: one change, made wrongly and rightly."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle, WorkflowHistory
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, Worker, WorkerDeploymentConfig

from temporal_client import DATA_CONVERTER
from tests.workflows.versions import careless, hasty, patched, released, start_field
from tests.workflows.versions.deploying import make_current
from tests.workflows.versions.steps import ReceiptInput, book, send

PATIENCE_SECONDS = 20


@asynccontextmanager
async def serving(
    env: WorkflowEnvironment,
    receipt: type,
    task_queue: str,
    *,
    version: WorkerDeploymentVersion | None = None,
) -> AsyncIterator[None]:
    """Run a worker of one release."""
    deployment = None
    if version:
        deployment = WorkerDeploymentConfig(
            version=version,
            use_worker_versioning=True,
            default_versioning_behavior=VersioningBehavior.PINNED,
        )
    async with Worker(
        env.client,
        task_queue=task_queue,
        workflows=[receipt],
        activities=[book, send],
        # A worker that another one follows must not continue from its cache.
        max_cached_workflows=0,
        deployment_config=deployment,
    ):
        yield


async def start(
    env: WorkflowEnvironment, task_queue: str, *, is_booked: bool = False
) -> WorkflowHandle[released.Receipt, str]:
    receipt = ReceiptInput(order_id="coffee-1", is_booked=is_booked)
    with env.with_time_skipping_disabled():
        return await env.client.start_workflow(
            released.Receipt.run,
            receipt,
            id=f"receipt-{uuid4()}",
            task_queue=task_queue,
            # A task that a worker has taken with it is given to the next one soon.
            task_timeout=timedelta(seconds=1),
        )


async def history_of(
    env: WorkflowEnvironment, receipt: type, *, is_booked: bool = False
) -> WorkflowHistory:
    """Run a release from start to end."""
    task_queue = f"versions-{uuid4()}"
    async with serving(env, receipt, task_queue):
        handle = await start(env, task_queue, is_booked=is_booked)
        await env.fast_forward(handle)
        await handle.result()
        return await handle.fetch_history()


async def replay(history: WorkflowHistory, receipt: type) -> Exception | None:
    replayer = Replayer(workflows=[receipt], data_converter=DATA_CONVERTER)
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    return result.replay_failure


async def until(
    handle: WorkflowHandle[released.Receipt, str], event: "EventType.ValueType"
) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            history = await handle.fetch_history()
            if any(one.event_type == event for one in history.events):
                return
            await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
async def of_release_1(skipping: WorkflowEnvironment) -> WorkflowHistory:
    return await history_of(skipping, released.Receipt)


async def test_a_careless_change_does_not_replay(of_release_1: WorkflowHistory) -> None:
    failure = await replay(of_release_1, careless.Receipt)
    assert "Nondeterminism" in str(failure)


async def test_a_changed_wait_replays_so_replay_alone_is_no_guard(
    of_release_1: WorkflowHistory,
) -> None:
    assert await replay(of_release_1, hasty.Receipt) is None


async def test_a_patched_change_replays_old_and_new(
    skipping: WorkflowEnvironment, of_release_1: WorkflowHistory
) -> None:
    of_release_2 = await history_of(skipping, patched.Receipt)
    assert _activities(of_release_1) == ["send"]
    assert _activities(of_release_2) == ["book", "send"]
    assert await replay(of_release_1, patched.Receipt) is None
    assert await replay(of_release_2, patched.Receipt) is None


async def test_a_change_by_a_field_of_the_start_replays_old_and_new(
    skipping: WorkflowEnvironment, of_release_1: WorkflowHistory
) -> None:
    of_release_2 = await history_of(skipping, start_field.Receipt, is_booked=True)
    assert _activities(of_release_2) == ["book", "send"]
    assert await replay(of_release_1, start_field.Receipt) is None
    assert await replay(of_release_2, start_field.Receipt) is None


async def test_an_open_run_fails_with_the_careless_release_and_continues_patched(
    skipping: WorkflowEnvironment,
) -> None:
    task_queue = f"versions-{uuid4()}"
    async with serving(skipping, released.Receipt, task_queue):
        handle = await start(skipping, task_queue)
        await until(handle, EventType.EVENT_TYPE_TIMER_STARTED)
    async with serving(skipping, careless.Receipt, task_queue):
        await handle.signal("anything")  # so that the worker looks at the run
        await until(handle, EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED)
    async with serving(skipping, patched.Receipt, task_queue):
        await skipping.fast_forward(handle)
        assert await handle.result() == "sent coffee-1"
    assert _activities(await handle.fetch_history()) == ["send"]


async def test_a_pinned_run_ends_on_the_release_that_it_began_with(
    skipping: WorkflowEnvironment,
) -> None:
    task_queue, deployment = f"versions-{uuid4()}", f"receipts-{uuid4()}"
    old = WorkerDeploymentVersion(deployment, "1")
    new = WorkerDeploymentVersion(deployment, "2")
    async with (
        serving(skipping, released.Receipt, task_queue, version=old),
        serving(skipping, careless.Receipt, task_queue, version=new),
    ):
        await make_current(skipping.client, old)
        before = await start(skipping, task_queue)
        await until(before, EventType.EVENT_TYPE_TIMER_STARTED)
        await make_current(skipping.client, new)
        after = await start(skipping, task_queue)
        for handle in (before, after):
            await skipping.fast_forward(handle)
            assert await handle.result() == "sent coffee-1"
    assert _activities(await before.fetch_history()) == ["send"]
    assert _activities(await after.fetch_history()) == ["book", "send"]


def _activities(history: WorkflowHistory) -> list[str]:
    return [
        event.activity_task_scheduled_event_attributes.activity_type.name
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    ]
