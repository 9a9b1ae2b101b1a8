"""One refund: the facts about it, and the status that follows from them.

Facts may come in any order, and more than once: a success is final, and the refusal of
an older try says nothing about a newer one.
"""

from dataclasses import dataclass, field
from datetime import datetime

from contracts import (
    Money,
    Proposed,
    RefundAnswer,
    RefundRecord,
    RefundRequest,
    RefundStatus,
    RefundVerdict,
    Resolved,
    SignedEvidence,
    refund_named_in,
    refund_request_id,
)

# F, but to be sent again under a new id (docs/protocol.md 3.7).
BALANCE_TOO_LOW = "MERCHANT_BALANCE_NOT_ENOUGH"
# F: the whole payment has gone back already, by a cancel.
CANCELLED_BEFORE = "ORDER_IS_CANCELED"
# F of our own making: an earlier call under the same id may have succeeded.
OUR_OWN_FAULT = frozenset(
    {
        "REPEAT_REQ_INCONSISTENT",
        "PARAM_ILLEGAL",
        "INVALID_SIGNATURE",
        "ACCESS_DENIED",
        "KEY_NOT_FOUND",
    }
)
# How often Alipay must answer that it does not know a refund before we believe it.
MOST_UNKNOWN = 3


@dataclass(frozen=True)
class Refusal:
    """Why a refund was refused: Alipay's code and message, or ours."""

    code: str
    message: str = ""


@dataclass
class Refund:
    """The facts of one refund.

    Attributes:
        request: The first request with this refund_id.
        amount: The amount to refund, in the payment's currency.
        needs_second_person: Nothing is sent before another person has confirmed it.
        doubt: Why a person must decide before the refund is sent.
        retry: The number of the present try; each has a refundRequestId of its own.
        sent_at: When the present try was first sent, if it is known.
        may_be_cancelled: A cancel may have been sent in its place.
        is_withheld: Alipay's answer to the inquiry kept the present try from being
            sent, and did not refuse it for certain.
        asked_last: When the last call about it was made.
        unanswered: How often in a row there was no verdict.
        unknown: How often in a row Alipay did not know the present try.
        taken_on_at: From when on Alipay has had the present try in process.
        times_short: How often the merchant's balance was too low.
        suspect: A refusal that says nothing about earlier calls under the same id.
        refusal: The definite refusal.
        given_back: The signed proof of each try that has succeeded. More than one give
            back more than was requested: all count.
        by_cancel: A cancel has given it back.
        at_once: A person has asked to skip the next pause.
    """

    order_id: str
    request: RefundRequest
    amount: Money
    asked_at: datetime
    needs_second_person: bool = False
    confirmed: Resolved | None = None
    doubt: str | None = None
    retry: int = 1
    sent_at: datetime | None = None
    may_be_cancelled: bool = False
    is_withheld: bool = False
    asked_last: datetime | None = None
    unanswered: int = 0
    unknown: int = 0
    taken_on_at: datetime | None = None
    times_short: int = 0
    suspect: Refusal | None = None
    refusal: Refusal | None = None
    given_back: dict[str, SignedEvidence | None] = field(default_factory=dict)
    by_cancel: bool = False
    ended_at: datetime | None = None
    proposed: Proposed | None = None
    resolved: Resolved | None = None
    returned: Resolved | None = None
    at_once: bool = False

    @property
    def refund_id(self) -> str:
        return self.request.refund_id

    @property
    def request_id(self) -> str:
        """The refundRequestId of the present try."""
        return refund_request_id(self.order_id, self.refund_id, self.retry)

    @property
    def name(self) -> str:
        """The refundRequestId without the number of the try."""
        return refund_named_in(self.request_id)

    @property
    def status(self) -> RefundStatus:
        """Return its status: the first that applies."""
        if self.given_back:
            return RefundStatus.RETURNED if self.returned else RefundStatus.SUCCEEDED
        if self.refusal:
            return RefundStatus.REFUSED
        if self.taken_on_at:
            return RefundStatus.IN_PROCESS
        if self.needs_second_person and not self.confirmed:
            return RefundStatus.CONFIRMING
        if self.doubt:
            return RefundStatus.REVIEW
        if self.sent_at is None and self.times_short:
            return RefundStatus.WAITING
        is_first = not self.unanswered and not self.unknown
        return RefundStatus.REQUESTED if is_first else RefundStatus.SENT

    @property
    def is_over(self) -> bool:
        return bool(self.given_back or self.refusal)

    @property
    def reserved(self) -> int:
        """The reserved amount, in minor units.

        It is released only by a definite refusal, or when the refund has bounced.
        """
        if self.given_back:
            times = len(self.given_back) - (1 if self.returned else 0)
            return times * self.amount.value
        return 0 if self.refusal else self.amount.value

    # ---- new facts ----

    def is_sent(self, now: datetime, *, may_be_cancelled: bool) -> None:
        """Record that the present try is under way from now on."""
        self.sent_at = self.sent_at or now
        self.may_be_cancelled = self.may_be_cancelled or may_be_cancelled
        self.at_once = self.is_withheld = False
        # After so many answers "not known" it may be sent again: the count starts
        # again.
        self.unknown = 0

    def got_no_verdict(self, now: datetime) -> None:
        self.unanswered += 1
        self.asked_last = now

    @property
    def is_known_by_payment_only(self) -> bool:
        """Whether only `inquiryPayment` says more.

        `inquiryRefund` reports no cancel, and no refund that was withheld.
        """
        return (self.may_be_cancelled or self.is_withheld) and not self.taken_on_at

    def add_answer(
        self,
        request_id: str,
        said: RefundAnswer,
        now: datetime,
        *,
        proof: SignedEvidence | None,
        is_inquired: bool = False,
        is_all_of_it: bool = False,
    ) -> None:
        """Record a signed answer or notice about one try.

        Args:
            request_id: The refundRequestId of that try.
            said: The verdict.
            now: The workflow's time.
            proof: The signed message.
            is_inquired: Whether it answers an inquiry or is a notice, and no `refund`.
            is_all_of_it: Whether this refund is of the whole payment.
        """
        if said.verdict is RefundVerdict.REFUNDED:
            self.has_gone_back(request_id, now, proof)
            return
        if request_id != self.request_id or self.is_over:
            return
        self.asked_last, self.unanswered = now, 0
        match said.verdict:
            case RefundVerdict.IN_PROCESS:
                self.taken_on_at = self.taken_on_at or now
                self.unknown = 0
            case RefundVerdict.NOT_EXIST:
                self._is_unknown()
            case RefundVerdict.REFUSED:
                self._is_refused(
                    Refusal(said.result_code, said.result_message),
                    now,
                    is_inquired=is_inquired,
                    is_all_of_it=is_all_of_it,
                    proof=proof,
                )

    def has_gone_back(
        self, request_id: str, now: datetime, proof: SignedEvidence | None
    ) -> None:
        """Record that a try has succeeded, whatever its status was."""
        self.given_back.setdefault(request_id, proof)
        self.ended_at = self.ended_at or now
        self.refusal = None

    def was_cancelled(self, now: datetime, proof: SignedEvidence | None) -> None:
        """Record that a cancel has given back the whole payment."""
        self.by_cancel = True
        self.has_gone_back("cancel", now, proof)

    def is_refused(self, refusal: Refusal, now: datetime) -> None:
        """Record a definite refusal; the reserved amount is released."""
        if not self.is_over:
            self.refusal, self.ended_at = refusal, now

    def _is_refused(
        self,
        refusal: Refusal,
        now: datetime,
        *,
        is_inquired: bool,
        is_all_of_it: bool,
        proof: SignedEvidence | None,
    ) -> None:
        if refusal.code == BALANCE_TOO_LOW:
            self.retry += 1
            self.times_short += 1
            self.sent_at = self.taken_on_at = self.suspect = None
            self.unknown = 0
        elif refusal.code == CANCELLED_BEFORE and is_all_of_it:
            self.was_cancelled(now, proof)
        elif refusal.code in OUR_OWN_FAULT and not is_inquired:
            self.suspect = refusal
            self.unanswered += 1
        else:
            self.is_refused(refusal, now)

    def _is_unknown(self) -> None:
        """Record that Alipay does not know the try.

        One that it has had in process is never sent again, whatever an inquiry says
        later.
        """
        if self.taken_on_at:
            self.unanswered += 1
            return
        self.unknown += 1
        if self.suspect and self.unknown >= MOST_UNKNOWN:
            self.is_refused(self.suspect, self.asked_last or self.asked_at)

    # ---- records for views and later runs ----

    def record(self) -> RefundRecord:
        refusal = self.refusal or self.suspect
        proofs = [proof for proof in self.given_back.values() if proof]
        return RefundRecord(
            refund_id=self.refund_id,
            amount=self.amount,
            status=self.status,
            by=self.request.by,
            asked_at=self.asked_at,
            refund_request_id=self.request_id,
            retry=self.retry,
            reason_for_customer=self.request.reason_for_customer,
            note=self.request.note,
            confirmed=self.confirmed,
            sent_at=self.sent_at,
            ended_at=self.ended_at,
            by_cancel=self.by_cancel,
            result_code=refusal.code if refusal else "",
            result_message=refusal.message if refusal else "",
            review=self.doubt,
            proposed=self.proposed,
            resolved=self.resolved,
            returned=self.returned,
            proof=proofs[0] if proofs else None,
            call_id=self.request.call_id,
        )
