"""`cashier releases move`: moves pinned workflows to the current version."""

import asyncio
from dataclasses import dataclass

from rich.console import Console
from temporalio.api.query.v1 import WorkflowQuery
from temporalio.api.workflow.v1 import VersioningOverride
from temporalio.api.workflowservice.v1 import QueryWorkflowRequest
from temporalio.client import Client, WorkflowExecution
from temporalio.common import WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode

from cashier.payments.reading import check_order_id
from cashier.releases.overriding import (
    MOST_AT_ONCE,
    execution_of,
    given_version,
    override_of,
    set_override,
)
from cashier.releases.reading import versions_of
from cashier.temporal_calls import QUICK, CommandError, printable
from contracts import TASK_QUEUE
from visibility import ORDER_ID
from visibility.versions import FOR_A_PERSON, pinned_to
from visibility.workers import look_at_queue

# The most ids that are printed.
MOST_SHOWN = 50


@dataclass(frozen=True)
class Wanted:
    """Which workflows are moved, or pinned.

    Attributes:
        build: The build id of their version.
        order: Only workflows of this order; None for all.
        everything: Also workflows that do not wait for a person.
        dry_run: Whether only to print what would be done.
    """

    build: str
    order: str | None = None
    everything: bool = False
    dry_run: bool = False

    @property
    def condition(self) -> str:
        """The condition to append to a filter of Temporal's list.

        Raises:
            CommandError: The order's id is malformed.
        """
        if self.order:
            check_order_id(self.order)
        person = "" if self.everything else f" AND {FOR_A_PERSON}"
        of_order = f' AND {ORDER_ID.name} = "{self.order}"' if self.order else ""
        return person + of_order


async def move_to_current(client: Client, console: Console, wanted: Wanted) -> int:
    """Move the workflows pinned to a version to the current one; return the exit code.

    Raises:
        CommandError: No version with workers is current, or the named version is
            current.
    """
    to = await current_version(client)
    source = await _version_left(client, wanted.build, to)
    query = pinned_to(source) + wanted.condition
    found = [one async for one in client.list_workflows(query, rpc_timeout=QUICK)]
    if wanted.dry_run:
        show_names(console, f"Would move to {to.build_id}", [one.id for one in found])
        return 0
    at_once = asyncio.Semaphore(MOST_AT_ONCE)

    async def move(one: WorkflowExecution) -> str | None:
        async with at_once:
            return await _move(client, one, to)

    said = await asyncio.gather(*(move(one) for one in found))
    why_not = {one.id: why for one, why in zip(found, said, strict=True)}
    moved = [name for name, why in why_not.items() if why == ""]
    show_names(console, f"Moved to {to.build_id}", moved)
    stays = [f"{name}: {why}" for name, why in why_not.items() if why]
    if stays:
        show_names(console, f"Stays on {wanted.build}", stays)
    return 1 if stays else 0


async def _version_left(
    client: Client, build: str, to: WorkerDeploymentVersion
) -> WorkerDeploymentVersion:
    """Return the version to move from, which must be known and not current."""
    if to.build_id == build:
        raise CommandError(f"{build} is already current; nothing was moved")
    left = WorkerDeploymentVersion(to.deployment_name, build)
    if left not in await versions_of(client, to.deployment_name):
        raise CommandError(
            f"{to.deployment_name} has no version {build}: cashier releases"
        )
    return left


async def current_version(client: Client) -> WorkerDeploymentVersion:
    """Return the version on which new payments start, if one of its workers polls.

    Raises:
        CommandError: There is none, or none of its workers polls.
    """
    queue = await look_at_queue(client, TASK_QUEUE, within=QUICK)
    if queue.current is None:
        raise CommandError(
            "no version is current, so there is nowhere to move to: temporal worker "
            "deployment set-current-version"
        )
    if not queue.serving:
        raise CommandError(
            f"{queue.current.build_id} is current, and none of its workers polls: "
            "start them first"
        )
    return queue.current


def show_names(console: Console, what: str, names: list[str]) -> None:
    """Print how many workflows were handled, and the ids of the first ones."""
    console.print(f"{what}: {len(names)}", highlight=False)
    for name in names[:MOST_SHOWN]:
        console.print(f"  {printable(name)}", markup=False, highlight=False)
    if len(names) > MOST_SHOWN:
        console.print(f"  and {len(names) - MOST_SHOWN} more")


async def _move(
    client: Client, one: WorkflowExecution, to: WorkerDeploymentVersion
) -> str | None:
    """Move one; return why that failed, empty if it worked, None if it has ended."""
    once = VersioningOverride(
        one_time=VersioningOverride.OneTimeOverride(
            target_deployment_version=given_version(to)
        )
    )
    try:
        before = await override_of(client, one)
        await set_override(client, one, once)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        if error.status is RPCStatusCode.INVALID_ARGUMENT:
            return f"Temporal does not move it (1.32 or newer does): {error.message}"
        raise
    if why := await _why_it_does_not_answer(client, one):
        await set_override(client, one, before)
        return f"{to.build_id} cannot replay it, or does not answer: {why}"
    return ""


async def _why_it_does_not_answer(client: Client, one: WorkflowExecution) -> str:
    """Let a worker of the new version replay it; return why that fails, else empty."""
    request = QueryWorkflowRequest(
        namespace=client.namespace,
        execution=execution_of(one),
        query=WorkflowQuery(query_type="view"),
    )
    try:
        await client.workflow_service.query_workflow(request, timeout=2 * QUICK)
    except RPCError as error:
        return printable(error.message) or error.status.name
    return ""
