"""Verifies the kept proof of a refund's success, of any kind of message."""

from contracts import (
    AlipayAnswer,
    CancelAnswer,
    CancelCall,
    CancelVerdict,
    Contract,
    Evidence,
    InquiryCall,
    InquiryVerdict,
    Money,
    PaymentLook,
    RefundAnswer,
    RefundCall,
    RefundInquiryCall,
    RefundNotified,
    RefundVerdict,
    SignedEvidence,
)
from translation.proof import Proof
from translation.refund_room import goes_back


def proves_refund(
    proof: Proof,
    evidence: SignedEvidence,
    *,
    payment_request_id: str,
    refund_request_id: str,
    amount: Money,
) -> bool:
    """Whether Alipay has signed that this refund has succeeded.

    The proof is the answer to `refund`, `inquiryRefund`, `cancel` or `inquiryPayment`,
    or a notice.
    """
    kept = Evidence(request=SignedEvidence(), answer=evidence)
    asked: list[tuple[Contract, AlipayAnswer]] = [
        (
            RefundCall(
                refund_request_id=refund_request_id,
                payment_id="",
                amount=amount,
                reason="",
            ),
            RefundAnswer(verdict=RefundVerdict.REFUNDED, evidence=kept),
        ),
        (
            RefundInquiryCall(refund_request_id=refund_request_id),
            RefundAnswer(verdict=RefundVerdict.REFUNDED, evidence=kept),
        ),
        (
            CancelCall(payment_request_id=payment_request_id, wallet=""),
            CancelAnswer(verdict=CancelVerdict.CANCELLED, evidence=kept),
        ),
        (
            InquiryCall(payment_request_id=payment_request_id),
            PaymentLook(verdict=InquiryVerdict.SUCCESS, evidence=kept),
        ),
    ]
    said = [proof.answer(call, answer) for call, answer in asked]
    if any(_says_so(one, refund_request_id, amount) for one in said):
        return True
    notice = proof.refund_notice(RefundNotified(evidence=evidence))
    return notice is not None and (
        (notice.status, notice.refund_request_id) == ("SUCCESS", refund_request_id)
        and notice.amount in (None, amount)
    )


def _says_so(said: AlipayAnswer | None, refund_request_id: str, amount: Money) -> bool:
    match said:
        case RefundAnswer(verdict=RefundVerdict.REFUNDED):
            return True
        case CancelAnswer(verdict=CancelVerdict.CANCELLED):
            return True
        case PaymentLook(verdict=InquiryVerdict.CANCELLED):
            return True
        case PaymentLook(refunds=seen):
            return any(
                goes_back(one)
                and one.status == "SUCCESS"
                and one.refund_request_id == refund_request_id
                and one.amount == amount
                for one in seen
            )
    return False
