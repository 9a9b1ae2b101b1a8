"""The workers that poll a task queue, and the version on which new runs start."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from temporalio.api.deployment.v1 import WorkerDeploymentVersion as GivenVersion
from temporalio.api.enums.v1 import TaskQueueType, WorkerVersioningMode
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.common import WorkerDeploymentVersion

# A poll lasts a minute at most, so a running worker was seen in the last minute.
POLLED_WITHIN_SECONDS: Final = 70
WORKFLOWS: Final = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
_VERSIONED: Final = WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED


@dataclass(frozen=True)
class Poller:
    """A worker that polls a task queue.

    Attributes:
        identity: Its process.
        build_id: Its build id; empty where it sends none.
        version: Its worker deployment version; None for a worker without a version.
    """

    identity: str
    build_id: str
    version: WorkerDeploymentVersion | None = None


@dataclass(frozen=True)
class Polled:
    """A task queue: its workers, and the versions on which new runs start.

    Attributes:
        pollers: The workers seen in the last minute.
        current: The version on which new runs start; None: on workers without a
            version.
        ramping: The version on which some of the new runs start; None where there is
            none.
        ramp_percentage: How many of a hundred new runs start on `ramping`.
    """

    pollers: tuple[Poller, ...]
    current: WorkerDeploymentVersion | None = None
    ramping: WorkerDeploymentVersion | None = None
    ramp_percentage: float = 0

    @property
    def serving(self) -> list[Poller]:
        """The workers that get new payments."""
        return self.of(self.current)

    def of(self, version: WorkerDeploymentVersion | None) -> list[Poller]:
        """Return the workers of a version; of None, those without a version."""
        return [poller for poller in self.pollers if poller.version == version]


async def look_at_queue(
    client: Client,
    task_queue: str,
    kind: TaskQueueType.ValueType = WORKFLOWS,
    *,
    within: timedelta,
) -> Polled:
    """Return the workers that poll a task queue, and its current version.

    Raises:
        RPCError: Temporal does not answer in time.
    """
    described = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=task_queue),
            task_queue_type=kind,
        ),
        timeout=within,
    )
    oldest = time.time() - POLLED_WITHIN_SECONDS
    routing = described.versioning_info
    return Polled(
        tuple(
            _poller(one)
            for one in described.pollers
            if one.last_access_time.seconds > oldest
        ),
        current=_version(routing.current_deployment_version),
        ramping=_version(routing.ramping_deployment_version),
        ramp_percentage=routing.ramping_version_percentage,
    )


async def workers_polling(
    client: Client, task_queue: str, *, within: timedelta
) -> set[str]:
    """Return the identities of the workers that poll a task queue for workflows.

    Raises:
        RPCError: Temporal does not answer in time.
    """
    return {*await builds_polling(client, task_queue, WORKFLOWS, within=within)}


async def builds_polling(
    client: Client,
    task_queue: str,
    kind: TaskQueueType.ValueType,
    *,
    within: timedelta,
) -> Mapping[str, str]:
    """Return the workers that poll a task queue: the build of each, by its identity.

    The build is `Worker(build_id=...)`; empty where the worker sends none.

    Raises:
        RPCError: Temporal does not answer in time.
    """
    queue = await look_at_queue(client, task_queue, kind, within=within)
    return {poller.identity: poller.build_id for poller in queue.pollers}


def _poller(given: PollerInfo) -> Poller:
    options = given.deployment_options
    version = None
    if options.worker_versioning_mode == _VERSIONED:
        version = WorkerDeploymentVersion(options.deployment_name, options.build_id)
    build = options.build_id or given.worker_version_capabilities.build_id
    return Poller(given.identity, build, version)


def _version(given: GivenVersion) -> WorkerDeploymentVersion | None:
    if not given.build_id:
        return None
    return WorkerDeploymentVersion(given.deployment_name, given.build_id)
