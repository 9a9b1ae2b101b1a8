"""Versioned workers side by side, and which of them is current."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import (
    SetWorkerDeploymentCurrentVersionRequest,
)
from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

from tests.fakes import FakeAlipay
from worker import deployment_of
from workflows.engine.odd_signals import OddSignalFilter
from workflows.kinds import VERSIONED_WORKFLOWS

PATIENCE_SECONDS = 20
NOT_YET = (RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION)


def two_versions() -> tuple[WorkerDeploymentVersion, WorkerDeploymentVersion]:
    """Return an old and a new version of a deployment that no other test has."""
    name = f"cashier-{uuid4()}"
    return (
        WorkerDeploymentVersion(name, "0.1.0"),
        WorkerDeploymentVersion(name, "0.2.0"),
    )


@asynccontextmanager
async def a_versioned_worker(
    client: Client,
    alipay: FakeAlipay,
    task_queue: str,
    version: WorkerDeploymentVersion,
    *,
    workflows: Sequence[type] = VERSIONED_WORKFLOWS,
) -> AsyncIterator[None]:
    """Serve the workflows as a version, in the SDK's sandbox."""
    async with Worker(
        client,
        task_queue=task_queue,
        workflows=workflows,
        activities=alipay.activities,
        interceptors=[OddSignalFilter()],
        deployment_config=deployment_of(version),
        # A worker that another one follows must not continue from its cache.
        max_cached_workflows=0,
        # A test ends with calls that are repeated for days.
        graceful_shutdown_timeout=timedelta(),
    ):
        yield


async def make_current(
    client: Client, version: WorkerDeploymentVersion, *, build_id: str | None = None
) -> None:
    """Have new runs begin on a version, once the server knows its worker.

    Args:
        client: Reaches the server.
        version: Which one.
        build_id: In place of the version's; empty for workers without a version.
    """
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                await client.workflow_service.set_worker_deployment_current_version(
                    SetWorkerDeploymentCurrentVersionRequest(
                        namespace=client.namespace,
                        deployment_name=version.deployment_name,
                        build_id=version.build_id if build_id is None else build_id,
                    )
                )
                return
            except RPCError as error:
                if error.status not in NOT_YET:
                    raise
            await asyncio.sleep(0.05)


async def builds_of(handle: WorkflowHandle[Any, Any]) -> list[str]:
    """Return the builds whose workers have done a workflow's tasks, in their order.

    Each is named once for all its tasks in a row; a worker without a version is `""`.
    """
    builds: list[str] = []
    async for event in handle.fetch_history_events():
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
            done = event.workflow_task_completed_event_attributes
            build = done.deployment_version.build_id
            if builds[-1:] != [build]:
                builds.append(build)
    return builds


async def until_done_by(handle: WorkflowHandle[Any, Any], build: str) -> None:
    """Wait until a build's worker has done the latest task."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        # The server has no way to wait for it.
        while (await builds_of(handle))[-1:] != [build]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
