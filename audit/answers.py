"""What Alipay answered and notified in a history, with the events that record it."""

from collections.abc import Iterator
from dataclasses import dataclass

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from audit.decoding import ACTIVITIES, Record, parsed
from contracts import AlipayAnswer, Contract, LatePaymentInput, PaymentNotified


@dataclass(frozen=True)
class Answered:
    """One activity that ended with an answer of Alipay's.

    Attributes:
        name: The activity's.
        attempt: Which of its tries got the answer, from 1.
    """

    scheduled: HistoryEvent
    completed: HistoryEvent
    name: str
    attempt: int
    call: Contract
    answer: AlipayAnswer


@dataclass(frozen=True)
class Notified:
    """One notification; of late money the first stands in the workflow's input."""

    event: HistoryEvent
    notification: PaymentNotified


def answers_of(record: Record) -> Iterator[Answered]:
    """Yield Alipay's answers; what cannot be read as one does not replay either."""
    scheduled: dict[int, HistoryEvent] = {}
    attempts: dict[int, int] = {}
    for event in record.events:
        match event.event_type:
            case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                scheduled[event.event_id] = event
            case EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
                started = event.activity_task_started_event_attributes
                attempts[started.scheduled_event_id] = started.attempt
            case EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
                done = event.activity_task_completed_event_attributes
                number = done.scheduled_event_id
                if number in scheduled:
                    yield from _answered(
                        scheduled[number], event, attempts.get(number, 1)
                    )


def _answered(
    scheduled: HistoryEvent, completed: HistoryEvent, attempt: int
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
        yield Answered(scheduled, completed, name, attempt, call, answer)


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
