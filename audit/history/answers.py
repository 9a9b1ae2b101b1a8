"""Finds Alipay's answers and notifications in a history."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from activities.trust import TrustActivities
from audit.history.record import ACTIVITIES, Record, parsed
from contracts import (
    AlipayAnswer,
    AlipayTrust,
    CancelCall,
    Contract,
    InquiryCall,
    LatePaymentInput,
    OrderRefundAnswer,
    OrderRefundCall,
    PaymentNotified,
    RefundNotified,
)
from translation.refunds import refund_call_of

# The inquiry before a refund is not an activity, but a part of one.
LOOK = "look"


@dataclass(frozen=True)
class Answered:
    """One activity that completed with an answer from Alipay.

    Attributes:
        name: The name of the activity.
        began_at: The start of the attempt that got the answer, by the server's clock.
        attempt: The number of that attempt, from 1.
    """

    scheduled: HistoryEvent
    completed: HistoryEvent
    began_at: datetime
    name: str
    attempt: int
    call: Contract
    answer: AlipayAnswer


@dataclass(frozen=True)
class RefundNotice:
    """One notice about a refund of the order."""

    event: HistoryEvent
    notice: RefundNotified


@dataclass(frozen=True)
class Notified:
    """One notification; the first one about late money is in the workflow's input."""

    event: HistoryEvent
    notification: PaymentNotified


def trusts_of(record: Record) -> Iterator[AlipayTrust]:
    """Yield the keys that the workflow trusted: from its input, or a later activity.

    Unreadable results are skipped: the workflow did not use them either.
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
    """Yield Alipay's answers; an unreadable result does not replay anyway."""
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
    # Callbacks are answered by the shop.
    if isinstance(call, Contract) and isinstance(answer, AlipayAnswer):
        began_at = started.event_time.ToDatetime(UTC)
        attempt = started.activity_task_started_event_attributes.attempt or 1
        yield Answered(scheduled, completed, began_at, name, attempt, call, answer)


def parts_of(one: Answered) -> Iterator[Answered]:
    """Yield each call to Alipay of an activity, with its answer.

    The activity `refund_order` makes up to three calls: an inquiry, and then a cancel,
    or a refund, or both.
    """
    call, said = one.call, one.answer
    if not (isinstance(call, OrderRefundCall) and isinstance(said, OrderRefundAnswer)):
        yield one
        return
    request_id, look = call.payment_request_id, said.look
    to_look = InquiryCall(payment_request_id=request_id)
    yield replace(one, name=LOOK, call=to_look, answer=look)
    if said.cancel is not None:
        to_cancel = CancelCall(
            payment_request_id=request_id,
            wallet=call.wallet,
            paid_at=look.paid_at or call.paid_at,
        )
        yield replace(one, name="cancel_payment", call=to_cancel, answer=said.cancel)
    if said.refund is not None:
        to_refund = refund_call_of(call, look)
        yield replace(one, name="refund_payment", call=to_refund, answer=said.refund)


def refund_notices_of(record: Record) -> Iterator[RefundNotice]:
    """Yield Alipay's notices about the order's refunds."""
    for event in record.events:
        signal = event.workflow_execution_signaled_event_attributes
        if not signal.signal_name:
            continue
        brought = record.message(signal.signal_name, signal.input)
        if isinstance(brought, RefundNotified):
            yield RefundNotice(event, brought)


def notifications_of(record: Record) -> Iterator[Notified]:
    """Yield Alipay's notifications."""
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
