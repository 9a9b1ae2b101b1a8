"""Checks that a server could have written the events in this order.

Checked before the replay: the SDK's core relies on this order, and with a broken order
it waits for ever for events that it has missed.
"""

from collections.abc import Iterator
from typing import Final

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from audit.findings import Finding, Rule
from audit.history.record import CLOSING, Record

_TASK_STARTED = EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED
_AFTER_TASK_STARTED: Final = {
    EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT,
}
# The event types that follow from another event, with the type of that event.
_FOLLOWS: Final = {
    "WORKFLOW_TASK_STARTED": ("scheduled_event_id", "WORKFLOW_TASK_SCHEDULED"),
    "WORKFLOW_TASK_COMPLETED": ("started_event_id", "WORKFLOW_TASK_STARTED"),
    "WORKFLOW_TASK_FAILED": ("started_event_id", "WORKFLOW_TASK_STARTED"),
    "ACTIVITY_TASK_STARTED": ("scheduled_event_id", "ACTIVITY_TASK_SCHEDULED"),
    "ACTIVITY_TASK_COMPLETED": ("started_event_id", "ACTIVITY_TASK_STARTED"),
    "ACTIVITY_TASK_FAILED": ("started_event_id", "ACTIVITY_TASK_STARTED"),
    "TIMER_FIRED": ("started_event_id", "TIMER_STARTED"),
    "TIMER_CANCELED": ("started_event_id", "TIMER_STARTED"),
    "CHILD_WORKFLOW_EXECUTION_STARTED": (
        "initiated_event_id",
        "START_CHILD_WORKFLOW_EXECUTION_INITIATED",
    ),
    "EXTERNAL_WORKFLOW_EXECUTION_SIGNALED": (
        "initiated_event_id",
        "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED",
    ),
    "WORKFLOW_EXECUTION_UPDATE_COMPLETED": (
        "accepted_event_id",
        "WORKFLOW_EXECUTION_UPDATE_ACCEPTED",
    ),
}
# The events of commands follow directly after the workflow task that completed with
# them.
_OF_THE_CODE: Final = {
    "ACTIVITY_TASK_SCHEDULED",
    "ACTIVITY_TASK_CANCEL_REQUESTED",
    "TIMER_STARTED",
    "TIMER_CANCELED",
    "MARKER_RECORDED",
    "START_CHILD_WORKFLOW_EXECUTION_INITIATED",
    "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED",
    "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES",
    "WORKFLOW_EXECUTION_UPDATE_ACCEPTED",
    "WORKFLOW_EXECUTION_UPDATE_COMPLETED",
    "WORKFLOW_EXECUTION_COMPLETED",
    "WORKFLOW_EXECUTION_FAILED",
    "WORKFLOW_EXECUTION_CANCELED",
    "WORKFLOW_EXECUTION_CONTINUED_AS_NEW",
}
_BEFORE_CODE: Final = {*_OF_THE_CODE, "WORKFLOW_TASK_COMPLETED"}
_BY_TASK: Final = "workflow_task_completed_event_id"


def check_order(record: Record) -> Iterator[Finding]:
    """Yield a finding for the first event that is doubled, missing or misplaced."""
    kinds: dict[int, str] = {}
    before: HistoryEvent | None = None
    for number, event in enumerate(record.events, start=1):
        is_last = number == len(record.events)
        expected = ""
        if event.event_id != number or (event.event_type in CLOSING and not is_last):
            expected = f"event {number}, and nothing after the end"
        elif (
            before is not None
            and before.event_type == _TASK_STARTED
            and event.event_type not in _AFTER_TASK_STARTED
        ):
            expected = f"the end of the workflow task that began in event {number - 1}"
        else:
            expected = _wanted_before(event, kinds)
        if expected:
            name = EventType.Name(event.event_type)
            yield record.found(
                Rule.REPLAY, event.event_id, expected=expected, seen=name
            )
            return
        before = event
        kinds[number] = _kind(event)


def _wanted_before(event: HistoryEvent, kinds: dict[int, str]) -> str:
    """Return which earlier event this one needs; empty if it exists."""
    attributes = getattr(event, event.WhichOneof("attributes") or "", None)
    if attributes is None:
        return ""
    newest = kinds.get(event.event_id - 1, "")
    if _kind(event) in _OF_THE_CODE and newest not in _BEFORE_CODE:
        return "WORKFLOW_TASK_COMPLETED, or the event of another command, before it"
    field, kind = _FOLLOWS.get(_kind(event), ("", ""))
    number = getattr(attributes, field, 0) if field else 0
    if field and kinds.get(number) != kind:
        return f"{kind} as event {number} before it"
    task = getattr(attributes, _BY_TASK, 0)
    if task and kinds.get(task) != "WORKFLOW_TASK_COMPLETED":
        return f"WORKFLOW_TASK_COMPLETED as event {task} before it"
    return ""


def _kind(event: HistoryEvent) -> str:
    return EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")
