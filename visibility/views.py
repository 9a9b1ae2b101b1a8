"""Reads one workflow: by query while it is open, by its result once it has closed."""

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar

from pydantic import BaseModel
from temporalio.client import (
    Client,
    WorkflowContinuedAsNewError,
    WorkflowExecution,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
)
from temporalio.common import QueryRejectCondition
from temporalio.service import RPCError, RPCStatusCode

from visibility.paused import PausedError, paused_of

ViewT = TypeVar("ViewT", bound=BaseModel)

# A run may close between two reads, and the next one start; hardly twice in a row.
MOST_LOOKS = 3
# The query of each workflow that returns its view.
VIEW = "view"
# The same for a run that was stopped before its end: no workflow task will come that
# the query could overtake.
VIEW_OF_STOPPED = "view_of_stopped"
# How workers reject a query that does (`workflows/engine/overtaking_queries.py`).
OVERTAKES_A_TASK = "the query has overtaken a workflow task: put it again"
# A query waits on the server for a worker only so long, and is then sent again. One
# that waits while its worker is gone and a signal comes is given to another worker with
# a history that ends within a workflow task, and is rejected (seen with SDK 1.35 and
# server 1.32). A query that is sent after the signal waits for the workflow task.
LONGEST_WAIT = timedelta(seconds=1)
WAITED_IN_VAIN = (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED)


class KeepsChangingError(Exception):
    """With each read, a run had closed and the next one had started."""


@dataclass(frozen=True)
class Look(Generic[ViewT]):
    """The result of reading a workflow.

    Attributes:
        view: The workflow's view; None where it was stopped before its end.
        run: The run that was read; None where it was queried without a description.
        stopped: The error that it ended with instead, such as TerminatedError.
    """

    is_open: bool
    view: ViewT | None
    run: WorkflowExecution | None
    stopped: BaseException | None = None


async def newest_run(
    client: Client, workflow_id: str, *, within: timedelta
) -> WorkflowExecutionDescription | None:
    """Describe the newest run of an id; None if there is none.

    Raises:
        RPCError: Temporal does not answer, or does not know the namespace.
    """
    handle = client.get_workflow_handle(workflow_id)
    try:
        return await handle.describe(rpc_timeout=within)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND and "workflow" in error.message:
            return None
        raise


async def look_up(
    client: Client,
    workflow_id: str,
    kind: type[ViewT],
    *,
    within: timedelta,
    run: WorkflowExecution | None = None,
) -> Look[ViewT]:
    """Return the view of a workflow's newest run, or its result.

    Args:
        client: Connected to Temporal.
        workflow_id: The workflow, of which the newest run is read.
        kind: The type of both its query `view` and its result.
        within: How long each call to Temporal may take, repeated queries included.
        run: The newest run, where it was described before. Without it the query is the
            first call, and the only one while the run is open (decision 0008).

    Raises:
        RPCError: Temporal does not know it, or Temporal or its worker does not answer.
        WorkflowQueryFailedError: Its worker cannot answer.
        PausedError: It is paused, and answers no query.
        KeepsChangingError: Runs kept closing while it was read.
    """
    for _ in range(MOST_LOOKS):
        if run is None or run.status is WorkflowExecutionStatus.RUNNING:
            handle = client.get_workflow_handle(
                workflow_id, run_id=run.run_id if run else None
            )
            try:
                view = await _query(handle, kind, within=within)
                return Look(is_open=True, view=view, run=run)
            except WorkflowQueryRejectedError:
                newest = client.get_workflow_handle(workflow_id)
                run = await _unpaused(newest, within=within)
        if run.status is not WorkflowExecutionStatus.RUNNING:
            return await _result(client, run, kind, within=within)
    raise KeepsChangingError(f"{workflow_id} changed while it was read")


async def look_at_run(
    client: Client, run: WorkflowExecution, kind: type[ViewT], *, within: timedelta
) -> Look[ViewT]:
    """Return the view of this run, or its result, even where a newer run has started.

    Raises:
        RPCError: Temporal or the run's worker does not answer.
        WorkflowQueryFailedError: Its worker cannot answer.
        PausedError: It is paused, and answers no query.
        KeepsChangingError: It continues in another run.
    """
    if run.status is WorkflowExecutionStatus.RUNNING:
        handle = client.get_workflow_handle(run.id, run_id=run.run_id)
        try:
            view = await _query(handle, kind, within=within)
            return Look(is_open=True, view=view, run=run)
        except WorkflowQueryRejectedError:
            run = await _unpaused(handle, within=within)
    try:
        return await _result(client, run, kind, within=within)
    except WorkflowContinuedAsNewError:
        raise KeepsChangingError(f"{run.id} continues in another run") from None


async def _unpaused(
    handle: WorkflowHandle[Any, Any], *, within: timedelta
) -> WorkflowExecution:
    """Return the state of a workflow that has rejected a query.

    Raises:
        PausedError: It is paused, and answers no query.
    """
    described = await handle.describe(rpc_timeout=within)
    paused = paused_of(described.raw_description)
    if paused and paused.is_workflow:
        raise PausedError(paused)
    return described


async def _query(
    handle: WorkflowHandle[Any, Any], kind: type[ViewT], *, within: timedelta
) -> ViewT:
    """Query an open workflow; send the query again while no worker answers.

    Raises:
        RPCError: There was no answer in time, or another failure.
        WorkflowQueryFailedError: Its worker cannot answer.
    """
    until = time.monotonic() + within.total_seconds()
    while True:
        left = timedelta(seconds=max(0.1, until - time.monotonic()))
        try:
            view: ViewT = await handle.query(
                VIEW,
                result_type=kind,
                reject_condition=QueryRejectCondition.NOT_OPEN,
                rpc_timeout=min(left, LONGEST_WAIT),
            )
            return view
        except RPCError as error:
            if error.status not in WAITED_IN_VAIN or left <= LONGEST_WAIT:
                raise
        except WorkflowQueryFailedError as error:
            if OVERTAKES_A_TASK not in str(error) or left <= LONGEST_WAIT:
                raise


async def query_stopped(
    handle: WorkflowHandle[Any, Any], kind: type[ViewT], *, within: timedelta
) -> ViewT:
    """Ask a run that was stopped before its end.

    Args:
        handle: Of that run.
        kind: What its query `view` is.
        within: How long each query may take.

    Raises:
        RPCError: Temporal or a worker does not answer.
        WorkflowQueryFailedError: No worker can answer.
    """
    try:
        view: ViewT = await handle.query(VIEW, result_type=kind, rpc_timeout=within)
    except WorkflowQueryFailedError as error:
        if OVERTAKES_A_TASK not in str(error):
            raise
        view = await handle.query(VIEW_OF_STOPPED, result_type=kind, rpc_timeout=within)
    return view


async def _result(
    client: Client, run: WorkflowExecution, kind: type[ViewT], *, within: timedelta
) -> Look[ViewT]:
    # The next run may have started meanwhile, without a result: wait only for the
    # result of this run.
    closed = client.get_workflow_handle(run.id, run_id=run.run_id, result_type=kind)
    try:
        result: ViewT = await closed.result(follow_runs=False, rpc_timeout=within)
    except WorkflowFailureError as error:
        return Look(is_open=False, view=None, run=run, stopped=error.cause)
    return Look(is_open=False, view=result, run=run)
