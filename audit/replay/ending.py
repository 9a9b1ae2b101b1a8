"""Checks whether the end of a history is missing."""

from collections.abc import Iterator

from temporalio.api.enums.v1 import EventType

from audit.findings import Finding, Rule
from audit.history.record import Record
from audit.replay.commands import ENDS
from audit.replay.replaying import Replayed

_TASK_DONE = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
_TASKS = (EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, _TASK_DONE)


def check_end(
    record: Record, replayed: Replayed, *, is_open: bool
) -> Iterator[Finding]:
    """Yield a finding if the end of a closed run is missing, or the history was cut.

    Args:
        record: The history.
        replayed: Its replay.
        is_open: Whether, by the index, the run was open when it was exported.
    """
    if record.closing is not None:
        return
    last = record.events[-1]
    kinds = (event.event_type for event in reversed(record.events))
    newest_task = next((kind for kind in kinds if kind in _TASKS), None)
    # The commands of a completed workflow task are in the history.
    decided = replayed.failure is None and any(
        command.WhichOneof("variant") in ENDS for command in replayed.commands
    )
    cut = decided and newest_task == _TASK_DONE
    if not is_open or cut:
        yield record.found(
            Rule.NOT_CLOSED,
            last.event_id,
            expected="the event that ends the run",
            seen=f"{EventType.Name(last.event_type)} as the last one",
        )
