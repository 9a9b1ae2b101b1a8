"""Whether the end of a history is there: of a run that is over, or was cut off."""

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
    """Yield whether the end is missing: of a run that is said to be over, or was cut.

    Args:
        record: The history.
        replayed: What the code did with it.
        is_open: Whether the run is said to have been open when it was exported.
    """
    if record.closing is not None:
        return
    last = record.events[-1]
    kinds = (event.event_type for event in reversed(record.events))
    newest_task = next((kind for kind in kinds if kind in _TASKS), None)
    # What the code has decided in a task that is over stands in the history.
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
