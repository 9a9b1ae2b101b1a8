"""Reads Alipay's answers into our contracts."""

from datetime import datetime, timedelta

from alipay.errors import RejectedError
from alipay.models import (
    Answer,
    CancelResponse,
    InquiryResponse,
    PayResponse,
    RefundInquiryResponse,
    RefundResponse,
)
from alipay.wallets import default_expiry
from contracts import (
    CancelAnswer,
    CancelVerdict,
    Cashier,
    InquiryAnswer,
    InquiryVerdict,
    PayAnswer,
    PayCall,
    PayVerdict,
    RefundAnswer,
    RefundVerdict,
    Terminal,
)
from translation.money import read_money, read_settlement

# Refusals of `pay` that are about the id, not the payment (docs/protocol.md 3.4).
_OF_THE_ID = {
    "ORDER_IS_CLOSED": PayVerdict.ID_IS_DEAD,
    "ORDER_IS_CANCELED": PayVerdict.ID_IS_DEAD,
    "REPEAT_REQ_INCONSISTENT": PayVerdict.ID_DIFFERS,
}
# The payment statuses of an inquiry (docs/protocol.md 3.3).
_OF_STATUS = {
    verdict.value: verdict
    for verdict in InquiryVerdict
    if verdict is not InquiryVerdict.NOT_EXIST
}
# The statuses of an inquired refund (docs/protocol.md 2.6).
_OF_REFUND_STATUS = {
    "SUCCESS": RefundVerdict.REFUNDED,
    "PROCESSING": RefundVerdict.IN_PROCESS,
    "FAIL": RefundVerdict.REFUSED,
}
# The only refusal of an inquiry that says something about the payment or refund.
NOT_EXIST = "ORDER_NOT_EXIST"
# An app link falls back to a page, a scheme does not work without the app; Android
# opens schemes more reliably than links (docs/protocol.md 2.1.3).
_PREFERENCE = {
    "IOS": ("applink", "scheme", "normal"),
    "ANDROID": ("scheme", "applink", "normal"),
}


def from_pay_response(
    call: PayCall, response: PayResponse, expires_at: datetime | None
) -> PayAnswer:
    """Read Alipay's answer to `pay`; without a page it is NO_PAGE.

    Args:
        call: Our call.
        response: Alipay's answer.
        expires_at: The expiry by our clock (`expiry_of`).
    """
    cashier = choose_cashier(response, call.order.terminal)
    return PayAnswer(
        verdict=PayVerdict.OPENED if cashier else PayVerdict.NO_PAGE,
        result_code=response.result.result_code,
        result_message=response.result.result_message or "",
        payment_id=response.payment_id,
        cashier=cashier,
        expires_at=expires_at,
    )


def from_pay_refusal(refusal: RejectedError, *, certain: bool) -> PayAnswer:
    """Read an F of `pay`."""
    return PayAnswer(
        verdict=_OF_THE_ID.get(refusal.result_code, PayVerdict.REFUSED),
        result_code=refusal.result_code,
        result_message=refusal.result_message,
        certain=certain,
    )


def from_inquiry_response(response: InquiryResponse) -> InquiryAnswer | None:
    """Read a successful inquiry; None for an unknown payment status."""
    verdict = _OF_STATUS.get(response.payment_status or "")
    if verdict is None:
        return None
    return InquiryAnswer(
        verdict=verdict,
        result_code=response.payment_result_code or "",
        result_message=response.payment_result_message or "",
        payment_id=response.payment_id,
        amount=read_money(response.payment_amount),
        paid_at=response.payment_time,
        settlement=read_settlement(response),
        is_refunded=response.is_refunded,
        refunded_by=tuple(one.transaction_request_id or "" for one in response.refunds),
    )


def choose_cashier(response: PayResponse, terminal: Terminal) -> Cashier | None:
    """Choose the URL that fits the terminal; on WEB only a page fits."""
    urls = {
        "normal": response.normal_url,
        "scheme": response.scheme_url,
        "applink": response.applink_url,
    }
    if terminal.type == "WEB":
        order: tuple[str, ...] = ("normal", "applink", "scheme")
    else:
        order = _PREFERENCE.get(terminal.os or "", ("normal", "applink", "scheme"))
    for kind in order:
        if url := urls[kind]:
            return Cashier(url=url, kind=kind)
    form = response.redirect_action_form
    if form and form.redirect_url:
        return Cashier(url=form.redirect_url, kind="normal")
    return None


def from_inquiry_refusal(refusal: RejectedError) -> InquiryAnswer | None:
    """Read an F of `inquiryPayment`; None where it says nothing about the payment."""
    if refusal.result_code != NOT_EXIST:
        return None
    return InquiryAnswer(
        verdict=InquiryVerdict.NOT_EXIST, result_code=refusal.result_code
    )


def from_cancel_response(response: CancelResponse) -> CancelAnswer:
    """Read a successful `cancel`."""
    return CancelAnswer(
        verdict=CancelVerdict.CANCELLED, result_code=response.result.result_code
    )


def from_cancel_refusal(refusal: RejectedError) -> CancelAnswer:
    """Read an F of `cancel`."""
    return CancelAnswer(
        verdict=CancelVerdict.REFUSED,
        result_code=refusal.result_code,
        result_message=refusal.result_message,
    )


def from_refund_response(response: RefundResponse) -> RefundAnswer:
    """Read Alipay's answer to `refund`: done, or in process."""
    done = response.result.result_status == "S"
    return RefundAnswer(
        verdict=RefundVerdict.REFUNDED if done else RefundVerdict.IN_PROCESS,
        result_code=response.result.result_code,
    )


def from_refund_refusal(refusal: RejectedError) -> RefundAnswer:
    """Read an F of `refund`."""
    return RefundAnswer(
        verdict=RefundVerdict.REFUSED,
        result_code=refusal.result_code,
        result_message=refusal.result_message,
    )


def from_refund_inquiry_response(
    response: RefundInquiryResponse,
) -> RefundAnswer | None:
    """Read a successful `inquiryRefund`; None for an unknown status."""
    verdict = _OF_REFUND_STATUS.get(response.refund_status or "")
    return RefundAnswer(verdict=verdict) if verdict else None


def from_refund_inquiry_refusal(refusal: RejectedError) -> RefundAnswer | None:
    """Read an F of `inquiryRefund`; None where it says nothing about the refund."""
    if refusal.result_code != NOT_EXIST:
        return None
    return RefundAnswer(
        verdict=RefundVerdict.NOT_EXIST, result_code=refusal.result_code
    )


def expiry_of(call: PayCall, response: Answer, now: datetime) -> datetime:
    """Return when a payment expires whose `pay` is answered now, by our clock.

    By the wallet's default expiry, unless the call names one. The age of the payment is
    the difference of two readings of Alipay's clock, so ours may differ from it by any
    amount. A whole second, as all expiries are.
    """
    if call.expires_at:
        return call.expires_at
    age = timedelta(0)
    created, answered = response.payment_create_time, response.response_time
    if created and answered:
        try:
            age = datetime.fromisoformat(answered) - datetime.fromisoformat(created)
        except (ValueError, TypeError):
            age = timedelta(0)
    default = default_expiry(call.wallet)
    expires_at = now - min(max(age, timedelta(0)), default) + default
    return expires_at.replace(microsecond=0)
