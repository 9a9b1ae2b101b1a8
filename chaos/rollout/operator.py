"""The operator's commands of a rollout, repeated until they succeed.

Any call may fail, because Temporal is killed as well.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

from rich.console import Console
from temporalio.api.workflowservice.v1 import (
    SetWorkerDeploymentCurrentVersionRequest,
    SetWorkerDeploymentRampingVersionRequest,
)
from temporalio.client import Client
from temporalio.common import WorkerDeploymentVersion
from temporalio.service import RPCError

from cashier.releases.keeping import keep_on_its_version
from cashier.releases.moving import Wanted, move_to_current
from cashier.releases.reading import read_releases
from cashier.releases.verdict import Release
from cashier.temporal_calls import CommandError
from contracts import TASK_QUEUE
from visibility.workers import look_at_queue

# Temporal and workers restart within seconds; a payment lasts 42 s here, the margin
# after its expiry a minute, and a payment that Alipay leaves open is queried again.
PATIENCE_SECONDS = 240
PAUSE_SECONDS = 1.0
QUICK = timedelta(seconds=5)


class NotReachedError(Exception):
    """A step of the rollout was not completed in time."""


class Operator:
    """Makes versions current, moves and keeps payments, checks which are drained."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._quiet = Console(quiet=True)

    async def until_polled(self, version: WorkerDeploymentVersion | None) -> None:
        async def is_polled() -> bool:
            queue = await look_at_queue(self._client, TASK_QUEUE, within=QUICK)
            return bool(queue.of(version))

        await _until(is_polled, f"a worker of {version} polls")

    async def make_current(self, version: WorkerDeploymentVersion) -> None:
        async def does() -> bool:
            await self._client.workflow_service.set_worker_deployment_current_version(
                SetWorkerDeploymentCurrentVersionRequest(
                    namespace=self._client.namespace,
                    deployment_name=version.deployment_name,
                    build_id=version.build_id,
                ),
                timeout=QUICK,
            )
            return True

        await _until(does, f"{version} is current")

    async def ramp(self, version: WorkerDeploymentVersion, percentage: float) -> None:
        async def does() -> bool:
            await self._client.workflow_service.set_worker_deployment_ramping_version(
                SetWorkerDeploymentRampingVersionRequest(
                    namespace=self._client.namespace,
                    deployment_name=version.deployment_name,
                    build_id=version.build_id,
                    percentage=percentage,
                ),
                timeout=QUICK,
            )
            return True

        await _until(does, f"{version} is ramping")

    async def keep(self, version: WorkerDeploymentVersion) -> None:
        async def does() -> bool:
            wanted = Wanted(version.build_id, everything=True)
            return await keep_on_its_version(self._client, self._quiet, wanted) == 0

        await _until(does, f"what is open on {version} is kept there")

    async def until_it_may_go(self, version: WorkerDeploymentVersion) -> None:
        """Move payments that wait for a person, until no one needs the workers."""

        async def may_go() -> bool:
            release = await self._release(version)
            if release.for_a_person:
                wanted = Wanted(version.build_id)
                await move_to_current(self._client, self._quiet, wanted)
            return not release.keeps_it

        await _until(may_go, f"the workers of {version} may go")

    async def until_it_has_ended(self, version: WorkerDeploymentVersion) -> None:
        """Wait until only payments that wait for a person are left on a version."""

        async def has_ended() -> bool:
            release = await self._release(version)
            return release.pinned == release.for_a_person

        await _until(has_ended, f"what was kept on {version} has ended")

    async def can_move_the_rest(self, version: WorkerDeploymentVersion) -> bool:
        """Move payments that wait for a person; False if that is impossible."""
        code = 1

        async def does() -> bool:
            nonlocal code
            wanted = Wanted(version.build_id)
            code = await move_to_current(self._client, self._quiet, wanted)
            return True

        await _until(does, f"what waits for a person leaves {version}")
        return code == 0

    async def _release(self, version: WorkerDeploymentVersion) -> Release:
        found = await read_releases(self._client)
        for one in found.releases:
            if one.version == version:
                return one
        raise CommandError(f"{version} is not listed yet")


async def _until(is_so: Callable[[], Awaitable[bool]], what: str) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    last: Exception | None = None
    while time.monotonic() < until:
        try:
            if await is_so():
                return
        except (RPCError, CommandError) as error:
            last = error
        await asyncio.sleep(PAUSE_SECONDS)
    raise NotReachedError(f"not reached in {PATIENCE_SECONDS} s: {what}") from last
