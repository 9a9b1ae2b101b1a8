"""Rejects a query that overtakes a workflow task, before the worker runs it.

A query that waited while no worker polled is given to the next one with the events that
have come since, though their workflow task has not started. SDK 1.35 then carries out
these events for the query, with the time of the task before, and keeps the commands for
the workflow task. A decision by that time differs from the one of a replay, which knows
the right time: the run fails with a nondeterminism error, or the auditor finds other
times. A query that fails has the SDK forget the run, and the workflow task, which comes
next, is carried out with its own time.
"""

from collections.abc import Sequence
from typing import Any

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import (
    WorkflowInstance,
    WorkflowInstanceDetails,
    WorkflowRunner,
)

from visibility.views import OVERTAKES_A_TASK, VIEW, VIEW_OF_STOPPED
from workflows.engine.wrapped_run import WrappedRun


class OvertakingQueryFilter(WorkflowRunner):
    """Runs workflows by another runner, and rejects the queries that overtake tasks."""

    def __init__(self, runner: WorkflowRunner) -> None:
        self.runner = runner

    def prepare_workflow(self, defn: Any) -> None:  # noqa: ANN401 - private to the SDK
        self.runner.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _Run(self.runner.create_instance(det))

    def set_worker_level_failure_exception_types(
        self, types: Sequence[type[BaseException]]
    ) -> None:
        self.runner.set_worker_level_failure_exception_types(types)


class _Run(WrappedRun):
    """One run; the events that came with a query wait until the query is known."""

    def __init__(self, run: WorkflowInstance) -> None:
        super().__init__(run)
        self._at, self._length = 0, 0
        self._waiting: WorkflowActivation | None = None

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        if self._is_ahead_of_its_task(act):
            self._waiting = act
            done = WorkflowActivationCompletion()
            done.successful.SetInParent()
            return done
        asked = [
            job.query_workflow for job in act.jobs if job.HasField("query_workflow")
        ]
        of_stopped = [query for query in asked if query.query_type == VIEW_OF_STOPPED]
        if self._waiting and of_stopped and of_stopped == asked:
            # No workflow task will come: where these events lead to is only shown.
            self._run.activate(self._waiting)
            self._waiting = None
        if self._waiting and not any(
            job.HasField("remove_from_cache") for job in act.jobs
        ):
            rejected = WorkflowActivationCompletion()
            rejected.failed.failure.message = OVERTAKES_A_TASK
            return rejected
        for query in of_stopped:
            query.query_type = VIEW
        return self._run.activate(act)

    def _is_ahead_of_its_task(self, act: WorkflowActivation) -> bool:
        """Whether there are new events, and yet the time of the task before them.

        No two workflow tasks start in the same nanosecond.
        """
        at, before = act.timestamp.ToNanoseconds(), (self._at, self._length)
        self._at, self._length = at, act.history_length
        return (
            not act.is_replaying and at == before[0] and act.history_length > before[1]
        )
