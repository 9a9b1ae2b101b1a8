"""Reads the pollers, the current version, and the open workflows of each version."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from temporalio.api.deployment.v1 import WorkerDeploymentInfo
from temporalio.api.enums.v1 import VersionDrainageStatus
from temporalio.api.workflowservice.v1 import DescribeWorkerDeploymentRequest
from temporalio.client import Client
from temporalio.common import WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode

from cashier.releases.verdict import Drainage, Release
from cashier.temporal_calls import QUICK
from contracts import TASK_QUEUE
from version import version_of_worker
from visibility.versions import (
    FOR_A_PERSON,
    UNVERSIONED,
    UPGRADES_ITSELF,
    build_that_began,
    open_on,
    pinned_to,
)
from visibility.workers import Polled, Poller, look_at_queue

# Runs without a version are read one by one, for the builds that started them.
MOST_LISTED = 10_000
LISTING = timedelta(seconds=20)
DRAINAGE = {
    VersionDrainageStatus.VERSION_DRAINAGE_STATUS_DRAINING: Drainage.DRAINING,
    VersionDrainageStatus.VERSION_DRAINAGE_STATUS_DRAINED: Drainage.DRAINED,
}


@dataclass(frozen=True)
class Releases:
    """All versions that have workers or open runs, the current one first.

    Attributes:
        releases: One for each version, and one for all workers without a version.
        begun_by: The open runs without a version, counted by the build that started
            them.
        is_cut: Whether there are more of these than were read.
    """

    releases: tuple[Release, ...]
    begun_by: Mapping[str, int] = field(default_factory=dict)
    is_cut: bool = False


async def read_releases(client: Client) -> Releases:
    """Return the versions that serve, and their open workflows.

    Raises:
        RPCError: Temporal does not answer, or lacks the search attributes.
    """
    queue = await look_at_queue(client, TASK_QUEUE, within=QUICK)
    drainage = await _drainage(client, queue)
    read = await asyncio.gather(
        *(_release(client, queue, one, drainage[one]) for one in drainage)
    )
    releases = sorted(read, key=lambda one: not one.is_current)
    begun_by, is_cut = await _begun_without_version(client)
    without = _without_version(queue, begun_by)
    if without.workers or without.pinned or not releases:
        releases.append(without)
    return Releases(tuple(releases), begun_by, is_cut=is_cut)


async def _drainage(
    client: Client, queue: Polled
) -> Mapping[WorkerDeploymentVersion, Drainage]:
    """Return all versions of the deployments that serve, the newest first."""
    named = {one.version for one in queue.pollers} | {queue.current, queue.ramping}
    names = {version.deployment_name for version in named if version}
    found: dict[WorkerDeploymentVersion, Drainage] = {}
    for name in sorted(names):
        found |= await versions_of(client, name)
    return found


async def versions_of(
    client: Client, deployment_name: str
) -> Mapping[WorkerDeploymentVersion, Drainage]:
    """Return the versions of a worker deployment, the newest first.

    Raises:
        RPCError: Temporal does not answer.
    """
    info = await _deployment(client, deployment_name)
    newest_first = sorted(
        info.version_summaries,
        key=lambda one: one.create_time.ToNanoseconds(),
        reverse=True,
    )
    return {
        WorkerDeploymentVersion(
            deployment_name, one.deployment_version.build_id
        ): DRAINAGE.get(one.drainage_info.status, Drainage.NEVER_CURRENT)
        for one in newest_first
    }


async def _deployment(client: Client, name: str) -> WorkerDeploymentInfo:
    try:
        described = await client.workflow_service.describe_worker_deployment(
            DescribeWorkerDeploymentRequest(
                namespace=client.namespace, deployment_name=name
            ),
            timeout=QUICK,
        )
    except RPCError as error:
        # Its first worker polls, but the deployment is still being created.
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return WorkerDeploymentInfo()
    return described.worker_deployment_info


async def _release(
    client: Client,
    queue: Polled,
    version: WorkerDeploymentVersion,
    drainage: Drainage,
) -> Release:
    workers = queue.of(version)
    pinned, for_a_person, upgrading = await asyncio.gather(
        *(
            _count(client, query)
            for query in (
                pinned_to(version),
                f"{pinned_to(version)} AND {FOR_A_PERSON}",
                f"{open_on(version)} AND {UPGRADES_ITSELF}",
            )
        )
    )
    return Release(
        version=version,
        drainage=drainage,
        workers=len(workers),
        programs=_programs(workers),
        is_current=version == queue.current,
        ramp_percentage=queue.ramp_percentage if version == queue.ramping else None,
        pinned=pinned,
        for_a_person=for_a_person,
        upgrading=upgrading,
    )


def _without_version(queue: Polled, begun_by: Mapping[str, int]) -> Release:
    workers = queue.of(None)
    return Release(
        version=None,
        drainage=Drainage.NEVER_CURRENT,
        workers=len(workers),
        programs=_programs(workers),
        is_current=queue.current is None,
        pinned=0,
        upgrading=sum(begun_by.values()),
    )


def _programs(workers: list[Poller]) -> tuple[str, ...]:
    told = {version_of_worker(one.identity, one.build_id) for one in workers}
    return tuple(sorted(told))


async def _count(client: Client, query: str) -> int:
    return (await client.count_workflows(query, rpc_timeout=QUICK)).count


async def _begun_without_version(client: Client) -> tuple[Mapping[str, int], bool]:
    found: Counter[str] = Counter()
    listed = client.list_workflows(UNVERSIONED, limit=MOST_LISTED, rpc_timeout=LISTING)
    async for one in listed:
        found[build_that_began(one)] += 1
    return dict(found), found.total() >= MOST_LISTED
