"""What Alipay answered and notified in a history, with the events that record it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from activities.trust import TrustActivities
from audit.history.record import ACTIVITIES, Record, parsed
from contracts import (
    AlipayAnswer,
    AlipayTrust,
    Contract,
    LatePaymentInput,
    PaymentNotified,
)


@dataclass(frozen=True)
class Answered:
    """One activity that ended with an answer of Alipay's.

    Attributes:
        name: The activity's.
        began_at: When the try began that got the answer, by the server's clock.
        attempt: Which of its tries that was, from 1.
    """

    scheduled: HistoryEvent
    completed: HistoryEvent
    began_at: datetime
    name: str
    attempt: int
    call: Contract
    answer: AlipayAnswer


@dataclass(frozen=True)
class Notified:
    """One notification; of late money the first stands in the workflow's input."""

    event: HistoryEvent
    notification: PaymentNotified


def trusts_of(record: Record) -> Iterator[AlipayTrust]:
    """Yield what the code was told of whose signatures count: by its input, or later.

    A result that cannot be read as such is one for which the code did not wait either.
    """
    given = getattr(record.input, "trust", None)
    if isinstance(given, AlipayTrust):
        yield given
    asked = {
        event.event_id
        for event in record.events
        if event.activity_task_scheduled_event_attributes.activity_type.name
        == TrustActivities.whom_to_trust.__name__
    }
    for event in record.events:
        done = event.activity_task_completed_event_attributes
        if done.scheduled_event_id in asked:
            told = parsed(done.result, AlipayTrust)
            if isinstance(told, AlipayTrust):
                yield told


def answers_of(record: Record) -> Iterator[Answered]:
    """Yield Alipay's answers; what cannot be read as one does not replay either."""
    scheduled: dict[int, HistoryEvent] = {}
    tries: dict[int, HistoryEvent] = {}
    for event in record.events:
        match event.event_type:
            case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                scheduled[event.event_id] = event
            case EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
                started = event.activity_task_started_event_attributes
                tries[started.scheduled_event_id] = event
            case EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
                done = event.activity_task_completed_event_attributes
                number = done.scheduled_event_id
                if number in scheduled:
                    began = tries.get(number, scheduled[number])
                    yield from _answered(scheduled[number], began, event)


def _answered(
    scheduled: HistoryEvent, started: HistoryEvent, completed: HistoryEvent
) -> Iterator[Answered]:
    asked = scheduled.activity_task_scheduled_event_attributes
    name = asked.activity_type.name
    if name not in ACTIVITIES:
        return
    takes, gives = ACTIVITIES[name]
    call = parsed(asked.input, takes)
    answer = parsed(completed.activity_task_completed_event_attributes.result, gives)
    # The shop's answer is none of Alipay's.
    if isinstance(call, Contract) and isinstance(answer, AlipayAnswer):
        began_at = started.event_time.ToDatetime(UTC)
        attempt = started.activity_task_started_event_attributes.attempt or 1
        yield Answered(scheduled, completed, began_at, name, attempt, call, answer)


def notifications_of(record: Record) -> Iterator[Notified]:
    """Yield what Alipay has notified."""
    given = record.input
    if isinstance(given, LatePaymentInput) and given.notification:
        yield Notified(record.events[0], given.notification)
    for event in record.events:
        if event.event_type != EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
            continue
        signal = event.workflow_execution_signaled_event_attributes
        brought = record.message(signal.signal_name, signal.input)
        if isinstance(brought, PaymentNotified):
            yield Notified(event, brought)
