"""The other runs that a history names: their histories must exist, too."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from audit.history.record import Record


@dataclass(frozen=True)
class NamedRun:
    """A run that another run's history names.

    Attributes:
        event_id: The event in the naming history.
        what: Its relation to the naming run, as text.
        at: A time at which it existed.
        has_ended: Whether it had ended by then, so that its history was complete.
    """

    run_id: str
    event_id: int
    what: str
    at: datetime
    has_ended: bool


def named_by(record: Record) -> Iterator[NamedRun]:
    """Yield the parent and earlier runs, and the children and later runs."""
    started, began = record.started, record.events[0]
    at = began.event_time.ToDatetime(UTC)
    if before := started.continued_execution_run_id:
        what = "the run that continues in this one"
        yield NamedRun(before, 1, what, at, has_ended=True)
    if started.HasField("parent_workflow_execution"):
        parent = started.parent_workflow_execution
        what = f"{parent.workflow_id}, which started this one"
        yield NamedRun(parent.run_id, 1, what, at, has_ended=False)
    for event in record.events:
        at = event.event_time.ToDatetime(UTC)
        child = event.child_workflow_execution_started_event_attributes
        going_on = event.workflow_execution_continued_as_new_event_attributes
        failed = event.workflow_task_failed_event_attributes
        if run_id := child.workflow_execution.run_id:
            what = f"{child.workflow_execution.workflow_id}, started here"
            yield NamedRun(run_id, event.event_id, what, at, has_ended=False)
        if run_id := going_on.new_execution_run_id:
            what = "the run in which this one continues"
            yield NamedRun(run_id, event.event_id, what, at, has_ended=False)
        if run_id := failed.base_run_id:
            what = "the run of which this one is a reset"
            yield NamedRun(run_id, event.event_id, what, at, has_ended=True)


def resets_of(record: Record) -> Iterator[str]:
    """Yield each reset that led to this run, as text."""
    for event in record.events:
        failed = event.workflow_task_failed_event_attributes
        if failed.base_run_id:
            why = failed.failure.message or "no reason"
            yield (
                f"order {record.order_id} ({record.workflow_id}) event "
                f"{event.event_id}: reset from run {failed.base_run_id}: {why}"
            )
