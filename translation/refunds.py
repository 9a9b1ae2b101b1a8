"""Builds requests for refunds of an order, and reads the answers and notices."""

from alipay.errors import RejectedError
from alipay.messages import Signed
from alipay.models import InquiryResponse, RefundRequest, Transaction
from alipay.notifications import SignedNotification
from contracts import (
    OrderRefundCall,
    PaymentLook,
    RefundCall,
    RefundNotified,
    RefundSeen,
)
from translation.answers import from_inquiry_refusal, from_inquiry_response
from translation.evidence import to_evidence
from translation.money import read_money
from translation.requests import to_refund_request


def notify_url_of(order_id: str, notify_url: str) -> str:
    """Return the URL to which Alipay shall send the notice of a refund.

    The notice names no payment and no order. Alipay signs the path of the URL, so the
    path names the order (docs/protocol.md 2.7).

    Args:
        order_id: The order; empty for the URL that is set in Alipay's dashboard.
        notify_url: The URL for notifications of payments; ends in `/payment`.
    """
    base = notify_url.rstrip("/").removesuffix("/payment")
    return f"{base}/refund/{order_id}".rstrip("/")


def refund_call_of(call: OrderRefundCall, look: PaymentLook) -> RefundCall:
    """Return the call `refund` of Alipay for an order's refund."""
    return RefundCall(
        refund_request_id=call.refund_request_id,
        payment_id=look.payment_id or "",
        amount=call.amount,
        reason=call.reason,
    )


def to_order_refund_request(
    call: OrderRefundCall, look: PaymentLook, *, notify_url: str
) -> RefundRequest:
    """Build Alipay's `refund` request of an order's refund."""
    request = to_refund_request(refund_call_of(call, look))
    return request.model_copy(
        update={
            "refund_reason": call.reason or None,
            "refund_notify_url": notify_url_of(call.order_id, notify_url),
        }
    )


def to_payment_look(response: InquiryResponse) -> PaymentLook | None:
    """Read a successful inquiry, with the refunds; None for an unknown status."""
    said = from_inquiry_response(response)
    if said is None:
        return None
    seen = tuple(_seen(one) for one in response.transactions or ())
    return PaymentLook(**said.model_dump(), refunds=seen)


def to_look_refusal(refusal: RejectedError) -> PaymentLook | None:
    """Read an F of `inquiryPayment`; None where it says nothing about the payment."""
    said = from_inquiry_refusal(refusal)
    return PaymentLook(**said.model_dump()) if said else None


def to_refund_notified(signed: SignedNotification) -> RefundNotified:
    """Turn a verified notice of a refund into the signal, its evidence included."""
    content = signed.content
    result = content.result
    return RefundNotified(
        refund_request_id=content.refund_request_id or "",
        refund_id_at_alipay=content.refund_id or "",
        status=content.refund_status or "",
        result_code=result.result_code if result else "",
        result_message=(result.result_message if result else None) or "",
        amount=read_money(content.refund_amount),
        evidence=to_evidence(Signed(signed.message, signed.signature)),
    )


def _seen(one: Transaction) -> RefundSeen:
    return RefundSeen(
        refund_request_id=one.transaction_request_id or "",
        kind=one.transaction_type or "",
        status=one.transaction_status or "",
        amount=read_money(one.transaction_amount),
    )
