"""Collects the commands of a replay, by their names in the history."""

from collections.abc import Iterable

from temporalio.api.failure.v1 import Failure
from temporalio.bridge.proto.workflow_commands import (
    ScheduleActivity,
    SignalExternalWorkflowExecution,
    StartChildWorkflowExecution,
    StartTimer,
    UpdateResponse,
    UpsertWorkflowSearchAttributes,
    WorkflowCommand,
)

# The commands that end a run, and the events of that end.
ENDS = {
    "complete_workflow_execution": "COMPLETED",
    "fail_workflow_execution": "FAILED",
    "cancel_workflow_execution": "CANCELED",
    "continue_as_new_workflow_execution": "CONTINUED_AS_NEW",
}


class Commands:
    """All commands of the code, by kind."""

    def __init__(self, commands: Iterable[WorkflowCommand]) -> None:
        self.activities: dict[str, ScheduleActivity] = {}
        self.timers: dict[str, StartTimer] = {}
        self.children: dict[str, list[StartChildWorkflowExecution]] = {}
        self.changes: list[UpsertWorkflowSearchAttributes] = []
        self.signals: list[SignalExternalWorkflowExecution] = []
        # By update: the reason of a rejection; the answer, None while there is none.
        self.refused: dict[str, Failure] = {}
        self.answers: dict[str, UpdateResponse | None] = {}
        self.end: WorkflowCommand | None = None
        for command in commands:
            self._keep(command)

    def _keep(self, command: WorkflowCommand) -> None:
        match command.WhichOneof("variant"):
            case "schedule_activity":
                activity = command.schedule_activity
                self.activities[activity.activity_id or str(activity.seq)] = activity
            case "start_timer":
                self.timers[str(command.start_timer.seq)] = command.start_timer
            case "start_child_workflow_execution":
                child = command.start_child_workflow_execution
                self.children.setdefault(child.workflow_id, []).append(child)
            case "upsert_workflow_search_attributes":
                self.changes.append(command.upsert_workflow_search_attributes)
            case "signal_external_workflow_execution":
                self.signals.append(command.signal_external_workflow_execution)
            case "update_response":
                self._keep_answer(command.update_response)
            case kind if kind in ENDS:
                self.end = command

    def _keep_answer(self, answer: UpdateResponse) -> None:
        update, kind = answer.protocol_instance_id, answer.WhichOneof("response")
        if kind == "accepted":
            self.answers[update] = None
        elif kind == "completed" or update in self.answers:
            self.answers[update] = answer
        else:
            self.refused[update] = answer.rejected
