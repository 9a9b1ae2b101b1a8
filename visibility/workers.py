"""Who asks for work: no payment goes on without."""

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

# A poll lasts at most a minute, so a living worker was seen in the last one.
POLLED_WITHIN_SECONDS: Final = 70


async def workers_polling(
    client: Client, task_queue: str, *, within: timedelta
) -> set[str]:
    """Return the identities of the workers that poll a task queue for workflows.

    Raises:
        RPCError: Temporal does not answer in time.
    """
    kind = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
    return {*await builds_polling(client, task_queue, kind, within=within)}


async def builds_polling(
    client: Client,
    task_queue: str,
    kind: TaskQueueType.ValueType,
    *,
    within: timedelta,
) -> Mapping[str, str]:
    """Return the workers that poll a task queue: the build of each, by its identity.

    A build is what the worker calls itself (`Worker(build_id=...)`); empty where it
    tells none.

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
    return {
        poller.identity: poller.deployment_options.build_id
        or poller.worker_version_capabilities.build_id
        for poller in described.pollers
        if poller.last_access_time.seconds > oldest
    }
