"""Finds the workflow runs that our own workers serve.

A workflow id proves nothing: anybody with a worker on another task queue of the
namespace can start any id there, answer its queries and write its result. So activities
decide only by runs on the task queue of this worker.
"""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Protocol, TypeVar

from pydantic import BaseModel
from temporalio import activity
from temporalio.api.enums.v1 import ContinueAsNewInitiator
from temporalio.api.history.v1 import WorkflowExecutionStartedEventAttributes
from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowQueryFailedError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from visibility.views import Look, look_at_run, newest_run, query_stopped

ViewT = TypeVar("ViewT", bound=BaseModel)

# Each payment that a shop starts for an order is a run; no order gets more.
MOST_RUNS: Final = 100
# A run is continued after thousands of events: hardly once.
MOST_CONTINUED: Final = 20
# Characters that a filter cannot match on a server with an SQL database, however they
# are escaped: the list is filtered by the part of the id before them.
NEVER_FOUND: Final = re.compile(r'["\\\x00-\x1f]')


@dataclass(frozen=True)
class Origin:
    """Where a run comes from, according to the server.

    Attributes:
        is_ours: Our workers serve it.
        payment: The workflow id of our payment that started it; None for none.
    """

    is_ours: bool
    payment: str | None = None


class Callers(Protocol):
    """Finds the origin of the workflow that calls an activity."""

    async def origin_of(self, caller: activity.Info) -> Origin:
        """Return the origin of the calling run.

        Raises:
            ApplicationError: This cannot be found out right now.
        """
        ...


class OurRuns:
    """Finds our runs among all runs with a workflow id."""

    def __init__(self, client: Client, *, within: timedelta) -> None:
        """Take the client of Temporal, and how long each call to it may take."""
        self._client = client
        self._within = within

    async def newest(self, name: str, kind: str) -> WorkflowExecutionDescription | None:
        """Describe the newest run with a workflow id; None if it is not ours.

        Args:
            name: The workflow id.
            kind: The workflow type that it must have.

        Raises:
            RPCError: Temporal does not answer.
        """
        run = await newest_run(self._client, name, within=self._within)
        return run if run and _is_ours(run, kind) else None

    async def is_known(self, name: str) -> bool:
        """Whether any run with a workflow id exists, ours or not.

        Raises:
            RPCError: Temporal does not answer.
        """
        return await newest_run(self._client, name, within=self._within) is not None

    async def all_of(self, name: str, kind: str) -> list[WorkflowExecutionDescription]:
        """Describe our runs with a workflow id, the newest first.

        A run that was continued as new is left out: the next one has its facts. The
        list of workflows may be some seconds behind. So it only names the runs; each
        run is described by itself, and so is the newest, which the list may still lack.
        An earlier run that the list lacks is seconds old, and cannot have been paid.

        Raises:
            RPCError: Temporal does not answer.
            ApplicationError: There are too many.
        """
        newest = await newest_run(self._client, name, within=self._within)
        if newest is None:
            return []
        others = await self._listed(name) - {newest.run_id}
        runs = [newest, *[await self._run(name, run_id) for run_id in others]]
        ours = [
            run
            for run in runs
            if run
            and _is_ours(run, kind)
            and run.status is not WorkflowExecutionStatus.CONTINUED_AS_NEW
        ]
        return sorted(ours, key=lambda run: run.start_time, reverse=True)

    async def look_at(
        self, run: WorkflowExecutionDescription, kind: type[ViewT]
    ) -> Look[ViewT]:
        """Return the view of a run, also of a stopped one if it can be queried.

        Raises:
            RPCError: Temporal or the worker does not answer.
            KeepsChangingError: It was continued as new.
        """
        look = await look_at_run(self._client, run, kind, within=self._within)
        if look.view is not None:
            return look
        handle = self._client.get_workflow_handle(run.id, run_id=run.run_id)
        try:
            view = await query_stopped(handle, kind, within=self._within)
        except WorkflowQueryFailedError:
            return look
        except RPCError as error:
            # Stopped before its first workflow task: it has made no call.
            if error.status is RPCStatusCode.FAILED_PRECONDITION:
                return look
            raise
        return replace(look, view=view)

    async def is_unbroken(self, run: WorkflowExecutionDescription) -> bool:
        """Whether the run's carried facts come from runs of ours only.

        The input of a scheduled or retried run, or of a run of another task queue, may
        have been written by anybody.

        Raises:
            RPCError: Temporal does not answer.
        """
        run_id: str = run.run_id
        for _ in range(MOST_CONTINUED):
            started = await self._start_of(run.id, run_id)
            if (
                started is None
                or started.task_queue.name != _our_queue()
                or started.workflow_type.name != run.workflow_type
            ):
                return False
            if not started.continued_execution_run_id:
                return True
            by = ContinueAsNewInitiator.CONTINUE_AS_NEW_INITIATOR_WORKFLOW
            if started.initiator != by:
                return False
            run_id = started.continued_execution_run_id
        return False

    async def origin_of(self, caller: activity.Info) -> Origin:
        """Find the origin of the workflow run that called an activity.

        Raises:
            ApplicationError: Temporal does not answer.
        """
        try:
            run = await self._run(
                caller.workflow_id or "", caller.workflow_run_id or ""
            )
            if run is None or not _is_ours(run, caller.workflow_type or ""):
                return Origin(is_ours=False)
            if run.parent_id is None:
                return Origin(is_ours=True)
            parent = await self._run(run.parent_id, run.parent_run_id or "")
            is_ours = (
                parent is not None
                and _is_ours(parent, "CashierPayment")
                and await self.is_unbroken(parent)
            )
        except RPCError as error:
            raise ApplicationError(
                f"the calling run cannot be looked up: {error.status.name}",
                type="CALLER_UNKNOWN",
            ) from None
        return Origin(is_ours=True, payment=run.parent_id if is_ours else None)

    async def _listed(self, name: str) -> set[str]:
        odd = NEVER_FOUND.search(name)
        found = self._client.list_workflows(
            f'WorkflowId STARTS_WITH "{name[: odd.start()]}"'
            if odd
            else f'WorkflowId = "{name}"',
            limit=MOST_RUNS + 1,
            rpc_timeout=self._within,
        )
        listed = [run async for run in found]
        if len(listed) > MOST_RUNS:
            raise ApplicationError(
                f"{name} has more than {MOST_RUNS} runs: whether one of them has taken "
                "the money is unknown",
                type="TOO_MANY_RUNS",
            )
        return {run.run_id for run in listed if run.id == name}

    async def _run(self, name: str, run_id: str) -> WorkflowExecutionDescription | None:
        """Describe one run; None if Temporal does not keep it any more."""
        handle = self._client.get_workflow_handle(name, run_id=run_id)
        try:
            return await handle.describe(rpc_timeout=self._within)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise

    async def _start_of(
        self, name: str, run_id: str
    ) -> WorkflowExecutionStartedEventAttributes | None:
        handle = self._client.get_workflow_handle(name, run_id=run_id)
        try:
            first = await anext(
                handle.fetch_history_events(page_size=1, rpc_timeout=self._within)
            )
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
        return first.workflow_execution_started_event_attributes


def _is_ours(run: WorkflowExecutionDescription, kind: str) -> bool:
    return run.task_queue == _our_queue() and run.workflow_type == kind


def _our_queue() -> str:
    """Return the task queue of the worker that runs this activity."""
    return activity.info().task_queue
