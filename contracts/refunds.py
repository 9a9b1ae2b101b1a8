"""Refunds of an order: requests, the state of each, and the amount still refundable.

All amounts are minor units of the payment's currency.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from contracts.base import Contract, Money
from contracts.calls import AlipayAnswer, CancelAnswer, InquiryAnswer, RefundAnswer
from contracts.order import StoppedRun
from contracts.payment import Proposed, Resolved, SignedEvidence
from contracts.trust import AlipayTrust


class RefundStatus(StrEnum):
    """The status of a refund. Its amount is reserved, unless REFUSED or RETURNED."""

    CONFIRMING = "CONFIRMING"  # a second person must confirm it; nothing was sent
    REVIEW = "REVIEW"  # a person must decide; nothing is sent meanwhile
    REQUESTED = "REQUESTED"  # is being sent for the first time
    SENT = "SENT"  # sent, but without a verdict of Alipay yet
    WAITING = "WAITING"  # the merchant's balance was too low; sent again by itself
    IN_PROCESS = "IN_PROCESS"  # Alipay has accepted it
    SUCCEEDED = "SUCCEEDED"  # the money has gone back
    REFUSED = "REFUSED"  # nothing has gone back
    RETURNED = "RETURNED"  # it had gone back, and bounced: refundable again


# A refund with one of these is over; RETURNED may follow SUCCEEDED.
ENDED = (RefundStatus.SUCCEEDED, RefundStatus.REFUSED, RefundStatus.RETURNED)


class RefundRequest(Contract):
    """The update `refund`: give money of this order back.

    Fields have lenient types, so that the validator can explain an error in words.

    Attributes:
        refund_id: The merchant's id of the refund, its idempotency key.
        amount: None for the whole remaining amount.
        reason_for_customer: The customer and the wallet may see it; at most 256
            characters.
        note: For the merchant's own people; never sent to Alipay.
        by: The requester: the name of an API key or of a person.
        remaining: The amount that the caller expects to be left; refused when it is
            another one. None for no such check.
        dispute_id: An open dispute about the payment that the caller knows of: then a
            person decides, for both would pay the customer.
        call_id: Unique per call, while the update id is the same for equal requests.
    """

    refund_id: str = ""
    amount: Money | None = None
    reason_for_customer: str = ""
    note: str = ""
    by: str = ""
    remaining: Money | None = None
    dispute_id: str = ""
    call_id: str = ""


class RefundConfirmation(Contract):
    """The update `confirm`: a second person confirms a refund.

    Attributes:
        dispute_id: As in `RefundRequest`: it may have been opened since then.
    """

    refund_id: str = ""
    by: str = ""
    reason: str = ""
    dispute_id: str = ""


class RefundDecision(StrEnum):
    """How a person settles a refund that waits for one, or has waited long."""

    SEND = "SEND"  # send it although there is a dispute; or again, at once
    WITHDRAW = "WITHDRAW"  # only before it was sent: no money is given back
    GIVEN_BACK = "GIVEN_BACK"  # Alipay's portal shows that the money has gone back
    NOT_GIVEN_BACK = "NOT_GIVEN_BACK"  # Alipay's portal shows that it has not


# Decisions that a person may take, by the refund's status; IN_PROCESS after a day.
# A refund that may have been sent is not withdrawn, and one that never was sent has not
# been given back.
REFUND_DECISIONS: Final = {
    RefundStatus.CONFIRMING: (RefundDecision.WITHDRAW,),
    RefundStatus.REVIEW: (RefundDecision.SEND, RefundDecision.WITHDRAW),
    RefundStatus.WAITING: (RefundDecision.SEND, RefundDecision.WITHDRAW),
    RefundStatus.SENT: (
        RefundDecision.SEND,
        RefundDecision.GIVEN_BACK,
        RefundDecision.NOT_GIVEN_BACK,
    ),
    RefundStatus.IN_PROCESS: (
        RefundDecision.SEND,
        RefundDecision.GIVEN_BACK,
        RefundDecision.NOT_GIVEN_BACK,
    ),
}

# The meaning of each decision, as operators read it.
REFUND_DECISION_WORDS: Final = {
    RefundDecision.SEND: "send it, or ask Alipay about one that was sent, at once",
    RefundDecision.WITHDRAW: "nothing goes back",
    RefundDecision.GIVEN_BACK: "Alipay's portal shows that it has gone back",
    RefundDecision.NOT_GIVEN_BACK: "Alipay's portal shows that it never will",
}

# Result codes of refunds that a person has ended, and Alipay has not refused.
ENDED_BY_A_PERSON = ("WITHDRAWN", "NOT_GIVEN_BACK")


class RefundResolution(Contract):
    """The update `resolve`: a person's decision about a refund, and why.

    Attributes:
        outcome: A `RefundDecision`.
        replaces: As in `Resolution`.
    """

    refund_id: str = ""
    outcome: str = ""
    by: str = ""
    reason: str = ""
    replaces: str = ""


class RefundReturn(Contract):
    """The update `returned`: a refund that had succeeded has bounced.

    Alipay reports it only in its settlement file (docs/protocol.md 2.5).
    """

    refund_id: str = ""
    by: str = ""
    reason: str = ""


class RefundNotified(Contract):
    """The signal `refund_notified`: a signed notice of Alipay about a refund.

    Only the evidence counts; the other fields are read from it.

    Attributes:
        status: Alipay's refundStatus: SUCCESS or FAIL.
    """

    refund_request_id: str = ""
    refund_id_at_alipay: str = ""
    status: str = ""
    result_code: str = ""
    result_message: str = ""
    amount: Money | None = None
    evidence: SignedEvidence | None = None
    received_at: datetime | None = None


class RefundSeen(Contract):
    """A movement after payment, as inquiryPayment lists it in `transactions[]`.

    Attributes:
        kind: Alipay's transactionType: REFUND, CANCEL, ...
        status: Alipay's transactionStatus: SUCCESS, PROCESSING, FAIL, ...
    """

    refund_request_id: str
    kind: str
    status: str
    amount: Money | None = None


class PaymentLook(InquiryAnswer):
    """Alipay's answer to `inquiryPayment`, with the refunds so far."""

    refunds: tuple[RefundSeen, ...] = ()


class ReservedRefund(Contract):
    """Another refund of ours, which has given money back or may do so.

    Attributes:
        name: Its refundRequestId without the number of the retry.
    """

    name: str
    amount: Money


class OrderRefundCall(Contract):
    """The input of `refund_order`: inquire the remaining amount, then refund.

    A repeat with equal values gives no more money back.

    Attributes:
        amount: The amount to refund.
        reason: The customer may see it; empty for none.
        others: Our other refunds that have succeeded or may do so.
        may_cancel: Whether a cancel, which costs no commission, may replace it: it is
            of the whole payment.
        paid_at: When the customer paid, as Alipay wrote it, where it is known.
    """

    order_id: str
    payment_request_id: str
    wallet: str
    refund_request_id: str
    amount: Money
    reason: str = ""
    others: tuple[ReservedRefund, ...] = ()
    may_cancel: bool = False
    paid_at: str | None = None


class OrderRefundAnswer(AlipayAnswer):
    """Alipay's answers in one try: to the inquiry, the cancel and the refund.

    Nothing was sent where both cancel and refund are None.

    Attributes:
        certain: No earlier try of this call can have taken effect unanswered.
    """

    look: PaymentLook
    cancel: CancelAnswer | None = None
    refund: RefundAnswer | None = None
    certain: bool = True


class RefundRecord(Contract):
    """The record of one refund, as views and later runs have it.

    Attributes:
        by: Who requested it.
        refund_request_id: Alipay's idempotency key of its newest try.
        retry: The number of that try.
        sent_at: When that try was first sent; None where it was not.
        ended_at: When its end became known.
        by_cancel: Whether a cancel replaced it.
        result_code, result_message: Alipay's, where it refused.
        review: Why a person must decide.
        resolved: Who settled it, and why.
        returned: Who has recorded that it bounced, and why.
        proof: Alipay's signed message about its success.
        call_id: The call that first requested it.
    """

    refund_id: str
    amount: Money
    status: RefundStatus
    by: str
    asked_at: datetime
    refund_request_id: str
    retry: int = 1
    reason_for_customer: str = ""
    note: str = ""
    confirmed: Resolved | None = None
    sent_at: datetime | None = None
    ended_at: datetime | None = None
    by_cancel: bool = False
    result_code: str = ""
    result_message: str = ""
    review: str | None = None
    proposed: Proposed | None = None
    resolved: Resolved | None = None
    returned: Resolved | None = None
    proof: SignedEvidence | None = None
    call_id: str = ""


class RefundsView(Contract):
    """The state of an order's refunds; the workflow's result too.

    Attributes:
        paid: The amount the customer paid; None while it is unknown.
        left: The amount that can still be refunded; None while `paid` is unknown.
        elsewhere: Refunds, also in process, that were made in Alipay's portal, or in a
            run that is not kept any more.
        status: The current state in words.
    """

    order_id: str
    payment_request_id: str
    paid: Money | None
    left: Money | None
    refunds: tuple[RefundRecord, ...] = ()
    elsewhere: tuple[RefundSeen, ...] = ()
    status: str = ""


class RefundsCarried(Contract):
    """The state of refunds that a continued run takes over.

    Attributes:
        refunds: The facts of each (`workflows.refunds.refund.Refund`).
        look: Alipay's last answer about the payment.
    """

    refunds: tuple[dict[str, Any], ...]
    look: PaymentLook | None = None


class RefundsInput(Contract):
    """The refunds of the payment that pays an order.

    Attributes:
        payment_request_id: Of the payment.
        wallet: Alipay's code; empty where it is not known.
        paid: The paid amount, by the payment's result; None where the payment is not
            kept any more. Alipay's answer replaces it.
        paid_at: When, as Alipay wrote it.
        known: The result of the run before this one, as the caller has read it.
        second_person_above, tells_shop, runbook_url, release, trust: As in `Order`.
        carried: The state of the run that was continued as new in this one.
        stopped: The run that was stopped from outside, and whose refunds are in
            `known`, open ones too; Alipay is asked about each that may have been sent.
    """

    order_id: str
    payment_request_id: str
    wallet: str = ""
    paid: Money | None = None
    paid_at: str | None = None
    known: RefundsView | None = None
    second_person_above: int | None = None
    tells_shop: bool = False
    runbook_url: str | None = None
    release: int = 0
    trust: AlipayTrust | None = None
    carried: RefundsCarried | None = None
    stopped: StoppedRun | None = None
