"""The payments and returns that the evidence of a history proves."""

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
    """A payment, as Alipay reports it.

    Attributes:
        event_id: The event that records it.
        request_id: The attempt's payment_request_id.
    """

    event_id: int
    request_id: str
    payment_id: str | None
    amount: Money | None


@dataclass(frozen=True)
class GivenBack:
    """Money returned to the customer, as Alipay reports it.

    Attributes:
        key: The same in all messages about one return.
        request_id: The attempt whose money was returned.
        amount: None where a cancel returned the whole payment. Negative for a bounced
            refund, as a person has recorded it.
    """

    event_id: int
    key: str
    request_id: str
    amount: Money | None


@dataclass(frozen=True)
class Settled:
    """An outcome that a person decided.

    Attributes:
        event_id: The end of the run; for refunds the last such decision.
        against: A text about Alipay's signed messages where they contradict the person;
            empty where both agree.
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
    """The result of checking the evidence of one history.

    Attributes:
        notes: Remarks for the auditor that are not findings.
        signed: The signer as text, by event and by the activity's call if it is an
            answer, else by an empty name.
        paid: Payments by verified messages of Alipay's.
        unproven: Payments by messages without evidence.
        given_back: Returns, proven or not: in any case they must not be too much.
        is_older: Whether, by the auditor's option, the history is older than evidence.
        answers: All answers of Alipay, proven or not, in the history's order; with each
            call of an activity that has made several.
        proven: Those that Alipay has signed as recorded.
        refund_notices: Alipay's notices about refunds, likewise.
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
        """Payments by messages without evidence, where none was recorded then."""
        return self.unproven if self.is_older else []

    @property
    def believed(self) -> list[Paid]:
        """The payments that count: proven ones, and older ones without evidence."""
        return [*self.paid, *self.older]


def paid_by_notification(event_id: int, told: PaymentNotified) -> Iterator[Paid]:
    """Yield the payment that a notification reports: PAYMENT_RESULT with S only.

    The auditor's own reading on purpose, beside `PaymentNotified.says_paid`, by which
    workflows decide: a mistake there must not hide itself here.
    """
    if told.notify_type == "PAYMENT_RESULT" and told.result_status == "S":
        yield Paid(event_id, told.payment_request_id, told.payment_id, told.amount)


def paid_by_answer(one: Answered) -> Iterator[Paid]:
    """Yield the payment that an answer reports: SUCCESS of an inquiry only."""
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
    """Yield the return that an answer reports, completed or under way.

    Not for an order's refunds, which several answers report: `refunds.py`.
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
