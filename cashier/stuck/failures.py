"""The newest failure of a stuck workflow: its message, and the names of its errors."""

from collections.abc import Sequence
from contextlib import suppress

from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent, WorkflowTaskFailedEventAttributes
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import Client

from cashier.stuck.finding import Stuck
from cashier.temporal_calls import printable
from visibility.stuck import Kind

# The SDK's message where the message of a failure is encrypted.
ENCRYPTED = "Encoded failure"


async def failure_of(
    client: Client,
    one: Stuck,
    pending: PendingActivityInfo | None,
    events: Sequence[HistoryEvent],
) -> str | None:
    """Return the message of the newest failure; None where there is none."""
    if one.kind is Kind.TASK_FAILURE:
        failed = newest(events, EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED)
        if failed is None:
            return None
        task = failed.workflow_task_failed_event_attributes
        said = await _words(client, task.failure) or _without_words(task, events)
        return printable(f"{said} (worker {task.identity})")
    if pending and pending.HasField("last_failure"):
        return await _words(client, pending.last_failure)
    event = newest(
        events,
        EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED,
        EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT,
    )
    if event is None:
        return None
    if event.HasField("activity_task_failed_event_attributes"):
        failure = event.activity_task_failed_event_attributes.failure
    else:
        failure = event.activity_task_timed_out_event_attributes.failure
    return await _words(client, failure)


def errors_of(events: Sequence[HistoryEvent]) -> tuple[str, ...]:
    """Return the names of the errors of the newest task that has failed.

    The cause is the last one. Names are not encrypted, so no key is needed.
    """
    failed = newest(events, EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED)
    if failed is None:
        return ()
    failure = failed.workflow_task_failed_event_attributes.failure
    names = [failure.application_failure_info.type]
    while failure.HasField("cause"):
        failure = failure.cause
        names.append(failure.application_failure_info.type)
    return tuple(printable(name) for name in names if name)


def _without_words(
    task: WorkflowTaskFailedEventAttributes, events: Sequence[HistoryEvent]
) -> str:
    """Describe a failed task whose message cannot be decrypted here."""
    if errors := errors_of(events):
        return f"{', '.join(errors)}; to read more, set CASHIER_PAYLOAD_KEYS_DIR"
    return _words_of_cause(task.cause)


async def _words(client: Client, failure: Failure) -> str | None:
    """Return the message of a failure, or of its cause where it only wraps one."""
    decoded = Failure()
    decoded.CopyFrom(failure)
    # A codec without the key raises: the message stays unknown.
    with suppress(Exception):
        error: BaseException | None = await client.data_converter.decode_failure(
            decoded
        )
        words = None
        while error is not None:
            words = getattr(error, "message", None) or str(error) or words
            error = error.__cause__
        return printable(words) if words and words != ENCRYPTED else None
    return None


def newest(
    events: Sequence[HistoryEvent], *types: "EventType.ValueType"
) -> HistoryEvent | None:
    return next((event for event in events if event.event_type in types), None)


def _words_of_cause(cause: "WorkflowTaskFailedCause.ValueType") -> str:
    name = WorkflowTaskFailedCause.Name(cause)
    return name.removeprefix("WORKFLOW_TASK_FAILED_CAUSE_").replace("_", " ").lower()
