"""Paused workflows and activities: by whom, since when, and how to unpause them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse

WORKFLOW: Final = "the workflow"


@dataclass(frozen=True)
class Paused:
    """A pause that is in effect.

    Attributes:
        what: `the workflow`, or the type of the paused activity.
        by: The identity that paused it; empty where Temporal does not name it.
        reason: The reason they gave; may be empty.
        since: When it was paused.
        frees: The command or rule that ends the pause.
    """

    what: str
    by: str
    reason: str
    since: datetime | None
    frees: str

    @property
    def is_workflow(self) -> bool:
        """Whether the workflow itself is paused, so that it answers no query."""
        return self.what == WORKFLOW

    @property
    def in_words(self) -> str:
        """Return as text what is paused, by whom, and why."""
        by = f" by {self.by}" if self.by else ""
        reason = f": {self.reason}" if self.reason else ""
        return f"paused{by}: {self.what}{reason}"


class PausedError(Exception):
    """A workflow is paused: it answers no query and takes no update."""

    def __init__(self, paused: Paused) -> None:
        self.paused = paused
        super().__init__(f"it is {paused.in_words}; unpause it by: {paused.frees}")


def paused_of(described: DescribeWorkflowExecutionResponse) -> Paused | None:
    """Return the pause of a workflow, or else of its activities; None without one.

    Args:
        described: The workflow as Temporal describes it.
    """
    workflow_id = described.workflow_execution_info.execution.workflow_id
    if described.workflow_extended_info.HasField("pause_info"):
        info = described.workflow_extended_info.pause_info
        return Paused(
            WORKFLOW,
            info.identity,
            info.reason,
            _time(info.paused_time),
            f"temporal workflow unpause --workflow-id {workflow_id}",
        )
    paused = [one for one in described.pending_activities if one.paused]
    return _of_activity(paused[0], workflow_id) if paused else None


def _of_activity(pending: PendingActivityInfo, workflow_id: str) -> Paused:
    info = pending.pause_info
    rule = f"the rule {info.rule.rule_id}" if info.HasField("rule") else ""
    return Paused(
        pending.activity_type.name,
        info.manual.identity or (rule and (info.rule.identity or rule)),
        info.manual.reason or info.rule.reason,
        _time(info.pause_time),
        f"temporal activity unpause --workflow-id {workflow_id} "
        f"--activity-id {pending.activity_id}",
    )


def _time(stamp: Timestamp) -> datetime | None:
    return stamp.ToDatetime(tzinfo=UTC) if stamp.seconds > 0 else None
