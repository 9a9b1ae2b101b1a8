"""Turns a history into steps for a reader: who, what, when, with which money."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import BaseModel
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from audit.history.answers import Answered
from audit.history.proofs import Evidenced
from audit.history.record import CLOSING, Record
from audit.history.updates import requests_of
from audit.story.refund_wording import outcome_of_refunds
from audit.story.wording import (
    words_of_answer,
    words_of_call,
    words_of_end,
    words_of_message,
    words_of_start,
)
from contracts import (
    CallbackInput,
    CancelVerdict,
    CancelWish,
    LatePaymentInput,
    Money,
    NoticeInput,
    Order,
    PaymentNotified,
    RefundNotified,
    RefundRequest,
    RefundsInput,
    RefundsView,
    in_words,
)

SHOP, ALIPAY, OPERATOR, CLOCK, US = "shop", "Alipay", "operator", "clock", "us"
# Updates that only operators send.
OF_OPERATORS = frozenset({"resolve", "settle", "resend", "confirm", "returned"})


@dataclass(frozen=True)
class StoryStep:
    """One step of a payment.

    Attributes:
        at: UTC.
        event_id: The event that records it.
        who: `shop`, `Alipay`, `operator`, `clock` or `us`.
        proof: The signer and the key; empty for an unsigned step.
        money: The amount, if any.
    """

    at: datetime
    event_id: int
    who: str
    what: str
    proof: str = ""
    money: str | None = None


@dataclass(frozen=True)
class Story:
    """One run, from start to end.

    Attributes:
        amount: The price of the order, in minor units.
    """

    workflow_id: str
    run_id: str
    order_id: str
    outcome: str | None
    wallet: str
    amount: int | None
    currency: str | None
    started_at: datetime
    closed_at: datetime | None
    steps: list[StoryStep]


def story_of(record: Record, evidenced: Evidenced) -> Story:
    """Return the steps of a history, in its order."""
    given, closing = record.input, record.closing
    amount = given.amount if isinstance(given, Order | LatePaymentInput) else None
    if isinstance(given, RefundsInput):
        amount = getattr(record.result, "paid", None) or given.paid
    return Story(
        workflow_id=record.workflow_id,
        run_id=record.run_id,
        order_id=record.order_id,
        outcome=_outcome(record.result),
        wallet="" if isinstance(given, NoticeInput) else given.wallet,
        amount=amount.value if amount else None,
        currency=amount.currency if amount else None,
        started_at=_time(record.events[0]),
        closed_at=_time(closing) if closing else None,
        steps=list(_StepMaker(record, evidenced).steps()),
    )


def _outcome(result: BaseModel | None) -> str | None:
    if isinstance(result, RefundsView):
        return outcome_of_refunds(result)
    return getattr(result, "outcome", None)


class _StepMaker:
    """Turns events into steps; technical events are skipped."""

    def __init__(self, record: Record, evidenced: Evidenced) -> None:
        self._record = record
        self._signed = evidenced.signed
        self._answers: dict[int, list[Answered]] = {}
        for one in evidenced.answers:
            self._answers.setdefault(one.completed.event_id, []).append(one)
        self._names: dict[int, str] = {}
        self._asked = requests_of(record)
        self._makers: dict[int, Callable[[HistoryEvent], Iterator[StoryStep]]] = {
            EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: self._start,
            EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: self._update,
            EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: self._signal,
            EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED: self._cancel,
            EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: self._call,
            EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED: self._answer,
            EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED: self._no_answer,
            EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT: self._no_answer,
            EventType.EVENT_TYPE_TIMER_FIRED: self._timer,
            EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED: self._child,
            EventType.EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_SIGNALED: self._signalled,
            **dict.fromkeys(CLOSING, self._end),
        }

    def steps(self) -> Iterator[StoryStep]:
        for event in self._record.events:
            if make := self._makers.get(event.event_type):
                yield from make(event)

    def _step(
        self,
        event: HistoryEvent,
        who: str,
        what: str,
        money: Money | None = None,
        *,
        call: str = "",
    ) -> Iterator[StoryStep]:
        yield StoryStep(
            at=_time(event),
            event_id=event.event_id,
            who=who,
            what=what,
            proof=self._signed.get((event.event_id, call), ""),
            money=in_words(money) if money else None,
        )

    def _start(self, event: HistoryEvent) -> Iterator[StoryStep]:
        given = self._record.input
        who = SHOP if isinstance(given, Order) else US
        if isinstance(given, Order) and given.carried is not None:
            who = US
        if isinstance(given, LatePaymentInput) and given.notification:
            who = ALIPAY
        if isinstance(given, NoticeInput):
            who = ALIPAY
        what, money = words_of_start(given)
        yield from self._step(event, who, what, money)

    def _update(self, event: HistoryEvent) -> Iterator[StoryStep]:
        request = self._asked[event.event_id]
        name, sender = request.input.name, request.meta.identity
        said = self._record.message(name, request.input.args)
        by_a_person = isinstance(said, CancelWish) and said.by != SHOP
        who = OPERATOR if by_a_person or name in OF_OPERATORS else SHOP
        money = said.amount if isinstance(said, RefundRequest) else None
        yield from self._step(event, who, words_of_message(name, said, sender), money)

    def _signal(self, event: HistoryEvent) -> Iterator[StoryStep]:
        signal = event.workflow_execution_signaled_event_attributes
        said = self._record.message(signal.signal_name, signal.input)
        is_money = (
            isinstance(said, PaymentNotified) and said.result_status == "S"
        ) or (isinstance(said, RefundNotified) and said.status == "SUCCESS")
        yield from self._step(
            event,
            US if isinstance(said, CallbackInput) else ALIPAY,
            words_of_message(signal.signal_name, said, signal.identity),
            getattr(said, "amount", None) if is_money else None,
        )

    def _cancel(self, event: HistoryEvent) -> Iterator[StoryStep]:
        wished = event.workflow_execution_cancel_requested_event_attributes
        what = f"cancels the workflow ({wished.identity})"
        yield from self._step(event, OPERATOR, what)

    def _call(self, event: HistoryEvent) -> Iterator[StoryStep]:
        scheduled = event.activity_task_scheduled_event_attributes
        self._names[event.event_id] = scheduled.activity_type.name
        what, money = words_of_call(scheduled.activity_type.name, scheduled.input)
        yield from self._step(event, US, what, money)

    def _answer(self, event: HistoryEvent) -> Iterator[StoryStep]:
        answers = self._answers.get(event.event_id, [])
        for one in answers:
            what, money = words_of_answer(one)
            verdict = getattr(one.answer, "verdict", None)
            who = US if verdict is CancelVerdict.NOT_ALLOWED else ALIPAY
            yield from self._step(event, who, what, money, call=one.name)
        if not answers:
            yield from self._step(event, SHOP, "accepts the callback")

    def _no_answer(self, event: HistoryEvent) -> Iterator[StoryStep]:
        failed = event.activity_task_failed_event_attributes
        number = (
            failed.scheduled_event_id
            or event.activity_task_timed_out_event_attributes.scheduled_event_id
        )
        who = SHOP if self._names.get(number) == "tell_shop" else ALIPAY
        yield from self._step(event, who, "gives no conclusive answer")

    def _timer(self, event: HistoryEvent) -> Iterator[StoryStep]:
        yield from self._step(event, CLOCK, "the timer fires")

    def _child(self, event: HistoryEvent) -> Iterator[StoryStep]:
        child = event.child_workflow_execution_started_event_attributes
        known = {
            "LatePayment": "starts to return the second payment",
            "Callback": "repeats the callback until the shop accepts it",
        }
        name = child.workflow_type.name
        what = f"{known.get(name, name)} ({child.workflow_execution.workflow_id})"
        yield from self._step(event, US, what)

    def _signalled(self, event: HistoryEvent) -> Iterator[StoryStep]:
        told = event.external_workflow_execution_signaled_event_attributes
        name = told.workflow_execution.workflow_id
        what = f"queues the callback behind earlier ones ({name})"
        yield from self._step(event, US, what)

    def _end(self, event: HistoryEvent) -> Iterator[StoryStep]:
        terminated = event.workflow_execution_terminated_event_attributes
        who = OPERATOR if terminated.identity else US
        status = CLOSING[event.event_type]
        what, money = words_of_end(status, self._record.result, terminated.reason)
        yield from self._step(event, who, what, money)


def _time(event: HistoryEvent) -> datetime:
    return event.event_time.ToDatetime(UTC)
