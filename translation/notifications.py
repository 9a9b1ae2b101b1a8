"""Reads Alipay's notifications into our contracts."""

import re
from contextlib import suppress

from alipay.messages import Signed
from alipay.models import Notification
from alipay.notifications import SignedNotification
from contracts import NoticeInput, PaymentNotified, order_of
from translation.evidence import to_evidence, whole_evidence
from translation.money import read_money, read_settlement

# Alipay's ids and types have at most 64 characters (docs/protocol.md 2.0). They are
# shown in Markdown too, so no blanks and no backticks.
_NAME = re.compile(r"[!-_a-~]{1,64}")


def order_notified_of(content: Notification) -> str | None:
    """Return our order whose payment a notification is about.

    None for notifications of another kind, and for payments of another system of the
    merchant with the same notification URL: those are notices.
    """
    if not content.is_of_a_payment:
        return None
    with suppress(ValueError):
        return order_of(content.payment_request_id or "")
    return None


def to_payment_notified(signed: SignedNotification) -> PaymentNotified:
    """Turn a verified notification into the signal, its evidence included.

    Missing fields stay empty: then it is a hint, and proves nothing.
    """
    content, message = signed.content, signed.message
    result = content.result
    return PaymentNotified(
        notify_type=content.notify_type or "",
        result_status=result.result_status if result else "",
        result_code=result.result_code if result else "",
        result_message=(result.result_message if result else None) or "",
        payment_request_id=content.payment_request_id or "",
        payment_id=content.payment_id or "",
        amount=read_money(content.payment_amount),
        paid_at=content.payment_time,
        settlement=read_settlement(content),
        evidence=to_evidence(Signed(message, signed.signature)),
    )


def to_notice(signed: SignedNotification) -> NoticeInput:
    """Turn a verified notification of another kind into the input of its workflow."""
    content, order_id = signed.content, ""
    with suppress(ValueError):
        order_id = order_of(content.payment_request_id or "")
    return NoticeInput(
        evidence=whole_evidence(Signed(signed.message, signed.signature)),
        notify_type=_name(content.kind) or "",
        order_id=order_id,
        refund_request_id=_name(content.refund_request_id),
        payment_request_id=_name(content.payment_request_id),
        payment_id=_name(content.payment_id),
        dispute_id=_name(content.dispute_id),
    )


def _name(text: str | None) -> str | None:
    """Return an id or a type of Alipay's; None if it has unexpected characters."""
    return text if text and _NAME.fullmatch(text) else None
