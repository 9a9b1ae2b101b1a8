"""The payments and refunds that the evidence of a history proves."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from audit.findings import Finding
from audit.history.answers import Answered, RefundNotice
from audit.history.record import Record
from contracts import (
    CancelAnswer,
    CancelCall,
    CancelVerdict,
    InquiryAnswer,
    InquiryCall,
    InquiryVerdict,
    LatePaymentInput,
    Money,
    PaymentNotified,
    RefundAnswer,
    RefundCall,
    RefundsInput,
    RefundVerdict,
)


@dataclass(frozen=True)
class Paid:
    """What was paid, as Alipay says it.

    Attributes:
        event_id: Of the event that records it.
        request_id: The attempt, by payment_request_id.
    """

    event_id: int
    request_id: str
    payment_id: str | None
    amount: Money | None


@dataclass(frozen=True)
class GivenBack:
    """What went back to the customer, as Alipay says it.

    Attributes:
        key: The same in every repeat of one return.
        request_id: The attempt whose money it was.
        amount: None where all that was paid went back, by a cancel. Negative of a
            refund that has bounced, as a person has recorded it.
    """

    event_id: int
    key: str
    request_id: str
    amount: Money | None


@dataclass(frozen=True)
class Settled:
    """An outcome that rests on a person's resolution.

    Attributes:
        event_id: Of the end of the run; of refunds that of the last such word.
        against: What Alipay has signed, or has not signed, in words, where that is not
            what the person says; empty where both agree.
    """

    workflow_id: str
    order_id: str
    event_id: int
    outcome: str
    by: str
    confirmed_by: str | None
    reason: str
    against: str


@dataclass
class Evidenced:
    """What the evidence of one history comes to.

    Attributes:
        notes: What an auditor should know, though nothing is wrong with it.
        signed: By event, and by the activity's call of which it is the answer, else
            empty: who has signed what it records, in words.
        paid: What verified words of Alipay's say was paid.
        unproven: The same, of words that came without evidence.
        given_back: What went back, proven or not: either way it must not be too much.
        is_older: The history is from before evidence was kept, as the auditor says.
        answers: All that Alipay has answered, proven or not, in the history's order;
            where an activity has made several calls, each of them.
        proven: Those of them that Alipay has signed, as they are recorded.
        refund_notices: What Alipay has notified of refunds, likewise.
    """

    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    signed: dict[tuple[int, str], str] = field(default_factory=dict)
    paid: list[Paid] = field(default_factory=list)
    unproven: list[Paid] = field(default_factory=list)
    given_back: list[GivenBack] = field(default_factory=list)
    is_older: bool = False
    answers: list[Answered] = field(default_factory=list)
    proven: list[Answered] = field(default_factory=list)
    refund_notices: list[RefundNotice] = field(default_factory=list)

    @property
    def older(self) -> list[Paid]:
        """What was paid by words without evidence, where none was kept then."""
        return self.unproven if self.is_older else []

    @property
    def believed(self) -> list[Paid]:
        """What counts as paid: what is proven, and what could not be at that time."""
        return [*self.paid, *self.older]


def paid_by_notification(event_id: int, told: PaymentNotified) -> Iterator[Paid]:
    """Yield what a notification says was paid: PAYMENT_RESULT with S, nothing else.

    The auditor's own reading on purpose, beside `PaymentNotified.says_paid`, by which
    workflows decide: a mistake there must not hide itself here.
    """
    if told.notify_type == "PAYMENT_RESULT" and told.result_status == "S":
        yield Paid(event_id, told.payment_request_id, told.payment_id, told.amount)


def paid_by_answer(one: Answered) -> Iterator[Paid]:
    """Yield what an answer says was paid: an inquiry's SUCCESS, nothing else."""
    call, answer = one.call, one.answer
    if not (isinstance(call, InquiryCall) and isinstance(answer, InquiryAnswer)):
        return
    if answer.verdict is InquiryVerdict.SUCCESS:
        yield Paid(
            one.completed.event_id,
            call.payment_request_id,
            answer.payment_id,
            answer.amount,
        )


def given_back_by(one: Answered, record: Record) -> Iterator[GivenBack]:
    """Yield what an answer says went, or goes, back to the customer.

    Not of an order's refunds, which several answers report: `refunds.py`.
    """
    if isinstance(record.input, RefundsInput):
        return
    call, answer, event_id = one.call, one.answer, one.completed.event_id
    if isinstance(call, RefundCall) and isinstance(answer, RefundAnswer):
        given = record.input
        request_id = call.payment_id
        if isinstance(given, LatePaymentInput):
            request_id = given.payment_request_id
        if answer.verdict in (RefundVerdict.REFUNDED, RefundVerdict.IN_PROCESS):
            yield GivenBack(event_id, call.refund_request_id, request_id, call.amount)
    elif isinstance(call, CancelCall) and isinstance(answer, CancelAnswer):
        was_paid = call.paid_at is not None
        if was_paid and answer.verdict is CancelVerdict.CANCELLED:
            request_id = call.payment_request_id
            yield GivenBack(event_id, f"cancel {request_id}", request_id, None)
