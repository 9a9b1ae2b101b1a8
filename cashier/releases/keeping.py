"""`cashier releases keep`: pins the open workflows of a version, before a rollback."""

import asyncio
from collections.abc import Container

from rich.console import Console
from temporalio.api.workflow.v1 import VersioningOverride
from temporalio.client import Client, WorkflowExecution
from temporalio.common import WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode

from cashier.releases.moving import Wanted, show_names
from cashier.releases.overriding import MOST_AT_ONCE, given_version, set_override
from cashier.temporal_calls import QUICK, CommandError
from contracts import TASK_QUEUE
from visibility.versions import open_on
from visibility.workers import Polled, look_at_queue

# Temporal's list is so many seconds late, and a child of a payment is not listed under
# its version before its first task is done. The children of a pinned payment are
# pinned.
BEHIND_SECONDS = 2.0
ROUNDS = 3
_PINNED = VersioningOverride.PinnedOverrideBehavior.PINNED_OVERRIDE_BEHAVIOR_PINNED


async def keep_on_its_version(client: Client, console: Console, wanted: Wanted) -> int:
    """Pin the open workflows of a version to it; return the exit code.

    Raises:
        CommandError: No worker of the version polls.
    """
    queue = await look_at_queue(client, TASK_QUEUE, within=QUICK)
    version = _polling(queue, wanted.build)
    if version not in (queue.current, queue.ramping):
        console.print(
            f"Not current: {wanted.build}. Workflows that have failed on an older "
            "version since continue when a version that can replay them becomes "
            "current.",
            markup=False,
            highlight=False,
        )
    query = open_on(version) + wanted.condition
    if wanted.dry_run:
        would = await _found(client, query, known=())
        show_names(console, f"Would pin to {wanted.build}", [one.id for one in would])
        return 0
    kept = await _keep_all(client, query, version)
    show_names(console, f"Pinned to {wanted.build}", kept)
    return 0


async def _keep_all(
    client: Client, query: str, version: WorkerDeploymentVersion
) -> list[str]:
    """Pin what is listed, and look again: payments start others meanwhile.

    Payments that the API starts later need not be pinned: they start on the older
    release.
    """
    kept: dict[str, str] = {}
    for number in range(ROUNDS):
        if number:
            await asyncio.sleep(BEHIND_SECONDS)
        found = await _found(client, query, known=kept)
        await _keep(client, found, version)
        kept |= {one.run_id: one.id for one in found}
    return [*kept.values()]


async def _found(
    client: Client, query: str, *, known: Container[str]
) -> list[WorkflowExecution]:
    listed = client.list_workflows(query, rpc_timeout=QUICK)
    return [one async for one in listed if one.run_id not in known]


def _polling(queue: Polled, build: str) -> WorkerDeploymentVersion:
    for poller in queue.pollers:
        if poller.version and poller.version.build_id == build:
            return poller.version
    raise CommandError(
        f"no worker of {build} polls, so nothing can be pinned to it; start its workers"
    )


async def _keep(
    client: Client, found: list[WorkflowExecution], version: WorkerDeploymentVersion
) -> None:
    pinned = VersioningOverride(
        pinned=VersioningOverride.PinnedOverride(
            behavior=_PINNED, version=given_version(version)
        )
    )
    at_once = asyncio.Semaphore(MOST_AT_ONCE)

    async def keep(one: WorkflowExecution) -> None:
        async with at_once:
            try:
                await set_override(client, one, pinned)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise  # it has not ended meanwhile

    await asyncio.gather(*(keep(one) for one in found))
