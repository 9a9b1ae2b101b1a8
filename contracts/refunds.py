"""Refunds of an order: the requests, what became of each, and what can still go back.

All amounts are minor units of the payment's currency.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from contracts.base import Contract, Money
from contracts.calls import AlipayAnswer, CancelAnswer, InquiryAnswer, RefundAnswer
from contracts.order import StoppedRun
from contracts.payment import Proposed, Resolved, SignedEvidence
from contracts.trust import AlipayTrust


class RefundStatus(StrEnum):
    """Where a refund is. Its amount is reserved but for REFUSED and RETURNED."""

    CONFIRMING = "CONFIRMING"  # a second person must confirm it; nothing was sent
    REVIEW = "REVIEW"  # a person must decide; nothing is sent meanwhile
    REQUESTED = "REQUESTED"  # is being sent for the first time
    SENT = "SENT"  # Alipay has not said what became of it
    WAITING = "WAITING"  # the merchant's balance was too low; sent again by itself
    IN_PROCESS = "IN_PROCESS"  # Alipay has taken it on
    SUCCEEDED = "SUCCEEDED"  # the money has gone back
    REFUSED = "REFUSED"  # nothing has gone back
    RETURNED = "RETURNED"  # it had gone back, and bounced: refundable again


# With these a refund is over; RETURNED may follow SUCCEEDED.
ENDED = (RefundStatus.SUCCEEDED, RefundStatus.REFUSED, RefundStatus.RETURNED)


class RefundRequest(Contract):
    """The update `refund`: give money of this order back.

    Of any shape, so that the workflow can say in words what is wrong with it.

    Attributes:
        refund_id: The merchant's name of the refund: the same again is the same refund.
        amount: None for all that is left.
        reason_for_customer: The customer and the wallet may see it; at most 256
            characters.
        note: For the merchant's own people; never sent to Alipay.
        by: Who asks for it: an API key's name, or a person's.
        remaining: What the caller believes can still be refunded; refused when it is
            another amount. None for no such check.
        dispute_id: An open dispute about the payment that the caller knows of: a person
            decides then, for both would pay.
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
    """The update `confirm`: a second person lets a refund be sent."""

    refund_id: str = ""
    by: str = ""
    reason: str = ""


class RefundDecision(StrEnum):
    """How a person settles a refund that waits for one, or waits for long."""

    SEND = "SEND"  # send it although there is a dispute; or again, at once
    WITHDRAW = "WITHDRAW"  # of one that was never sent: nothing goes back
    GIVEN_BACK = "GIVEN_BACK"  # Alipay's portal shows that the money has gone back
    NOT_GIVEN_BACK = "NOT_GIVEN_BACK"  # Alipay's portal shows that it has not


# Result codes of refunds that a person has ended: Alipay has refused nothing there.
ENDED_BY_A_PERSON = ("WITHDRAWN", "NOT_GIVEN_BACK")


class RefundResolution(Contract):
    """The update `resolve`: what a person decides about a refund, and why.

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

    Alipay says so in its settlement file alone (docs/protocol.md 2.5).
    """

    refund_id: str = ""
    by: str = ""
    reason: str = ""


class RefundNotified(Contract):
    """The signal `refund_notified`: what Alipay has signed about a refund.

    Only the evidence counts; the rest is read from it.

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
    """Alipay's answer to `inquiryPayment`, with what went back so far."""

    refunds: tuple[RefundSeen, ...] = ()


class ReservedRefund(Contract):
    """Another refund of ours, which has given money back or may do so.

    Attributes:
        name: Its refundRequestId without the number of the retry.
    """

    name: str
    amount: Money


class OrderRefundCall(Contract):
    """The activity `refund_order`: look what is left at Alipay, then give money back.

    A repeat with equal values gives nothing more back.

    Attributes:
        amount: What goes back.
        reason: The customer may see it; empty for none.
        others: What else of ours has gone back, or may go back.
        may_cancel: Whether a cancel may take its place: it is all of the payment's
            money, and costs no commission then.
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
    """What Alipay said in one try: of the payment, of a cancel, of the refund.

    Nothing was sent where both cancel and refund are None.

    Attributes:
        certain: No earlier try of this call could have taken effect unseen.
    """

    look: PaymentLook
    cancel: CancelAnswer | None = None
    refund: RefundAnswer | None = None
    certain: bool = True


class RefundRecord(Contract):
    """All that is known of one refund; it stays the same refund for ever.

    Attributes:
        by: Who asked for it.
        refund_request_id: Alipay's idempotency key of its newest try.
        retry: The number of that try.
        sent_at: When that try was first sent; None where it was not.
        ended_at: When it was known to be over.
        by_cancel: Whether a cancel took its place.
        result_code, result_message: Alipay's, where it refused.
        review: Why a person must decide.
        resolved: Who decided then, and why.
        returned: Who has recorded that it bounced, and why.
        proof: What Alipay has signed of its success.
        call_id: The call that has asked for it first.
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
    """What is known of an order's refunds; the workflow's result too.

    Attributes:
        paid: What the customer paid; None while nobody has said so.
        left: What can still be refunded; None while `paid` is not known.
        elsewhere: What went back otherwise, or is going: by Alipay's portal, or in a
            run that is not kept any more.
        status: In words: what it waits for.
    """

    order_id: str
    payment_request_id: str
    paid: Money | None
    left: Money | None
    refunds: tuple[RefundRecord, ...] = ()
    elsewhere: tuple[RefundSeen, ...] = ()
    status: str = ""


class RefundsCarried(Contract):
    """What a run that grew too long knew, and goes on with in this one.

    Attributes:
        refunds: The facts of each (`workflows.refunds.refund.Refund`).
        look: What Alipay has said of the payment last.
    """

    refunds: tuple[dict[str, Any], ...]
    look: PaymentLook | None = None


class RefundsInput(Contract):
    """The refunds of the payment that pays an order.

    Attributes:
        payment_request_id: Of the payment.
        wallet: Alipay's code; empty where it is not known.
        paid: What was paid, as the payment's result says; None where the payment is not
            kept any more. Alipay's word replaces it.
        paid_at: When, as Alipay wrote it.
        known: How the run before this one has ended, as the caller has read it.
        second_person_above, tells_shop, runbook_url, release, trust: As in `Order`.
        carried: What a run that grew too long knew.
        stopped: The run that was stopped from outside, and whose refunds `known` tells,
            the open ones too; Alipay is asked about each that may have been sent.
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
