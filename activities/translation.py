"""Translates between our contracts and Alipay's wire; only here do the two meet."""

import hashlib
import re
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from alipay.errors import RejectedError
from alipay.messages import Exchange, Signed
from alipay.models import (
    Amount,
    Answer,
    BrowserInfo,
    Buyer,
    BuyerName,
    Env,
    InquiryResponse,
    Notification,
    PaymentMethod,
    PayRequest,
    PayResponse,
    RefundRequest,
    Settlement as WireSettlement,
    SettlementStrategy,
    WireGoods,
    WireOrder,
)
from alipay.notifications import SignedNotification
from alipay.wallets import default_expiry
from contracts import (
    AlipayAnswer,
    Cashier,
    Customer,
    Device,
    Evidence,
    Goods,
    InquiryAnswer,
    InquiryVerdict,
    Money,
    NoticeInput,
    PayAnswer,
    PayCall,
    PaymentNotified,
    PayVerdict,
    RefundCall,
    Settlement,
    SignedEvidence,
    Terminal,
    order_of,
)

# Bodies measure one to five kB; a history has room for thousands of these.
LONGEST_EVIDENCE = 16 * 1024
# Alipay's ids and types have at most 64 characters (docs/protocol.md 2.0). These stand
# in Markdown too, so no blanks and no backticks.
_NAME = re.compile(r"[!-_a-~]{1,64}")

AnswerT = TypeVar("AnswerT", bound=AlipayAnswer)

# Refusals of `pay` that speak of the id, not of the payment (docs/protocol.md 3.4).
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
# An app link falls back to a page, a scheme is a dead end without the app; Android
# opens schemes more reliably than links (docs/protocol.md 2.1.3).
_PREFERENCE = {
    "IOS": ("applink", "scheme", "normal"),
    "ANDROID": ("scheme", "applink", "normal"),
}


def to_pay_request(call: PayCall, *, notify_url: str) -> PayRequest:
    """Build Alipay's `pay` request."""
    order = call.order
    amount = _amount(order.amount)
    return PayRequest(
        payment_request_id=call.payment_request_id,
        order=WireOrder(
            reference_order_id=order.order_id,
            order_description=order.description,
            order_amount=amount,
            goods=[_goods(item) for item in order.goods] if order.goods else None,
            buyer=_buyer(order.customer) if order.customer else None,
        ),
        payment_amount=amount,
        payment_method=PaymentMethod(payment_method_type=call.wallet),
        # Left out for the wallet's default, as the documentation prefers (2.1.2).
        payment_expiry_time=(
            call.expires_at.isoformat(timespec="seconds") if call.expires_at else None
        ),
        payment_redirect_url=order.redirect_url,
        payment_notify_url=notify_url,
        settlement_strategy=(
            SettlementStrategy(settlement_currency=order.settlement_currency)
            if order.settlement_currency
            else None
        ),
        env=_env(order.terminal, order.client or Device()),
    )


def to_refund_request(call: RefundCall) -> RefundRequest:
    """Build Alipay's `refund` request."""
    return RefundRequest(
        refund_request_id=call.refund_request_id,
        payment_id=call.payment_id,
        refund_amount=_amount(call.amount),
        refund_reason=call.reason,
    )


def from_pay_response(call: PayCall, response: PayResponse, now: datetime) -> PayAnswer:
    """Read Alipay's answer to `pay`; without a page it opens nothing."""
    cashier = choose_cashier(response, call.order.terminal)
    return PayAnswer(
        verdict=PayVerdict.OPENED if cashier else PayVerdict.NO_PAGE,
        result_code=response.result.result_code,
        result_message=response.result.result_message or "",
        payment_id=response.payment_id,
        cashier=cashier,
        expires_at=call.expires_at or _expiry(call.wallet, response, now),
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
    """Read a successful inquiry; None for a payment status that we do not know."""
    verdict = _OF_STATUS.get(response.payment_status or "")
    if verdict is None:
        return None
    return InquiryAnswer(
        verdict=verdict,
        result_code=response.payment_result_code or "",
        result_message=response.payment_result_message or "",
        payment_id=response.payment_id,
        amount=_money(response.payment_amount),
        paid_at=response.payment_time,
        settlement=_settlement(response),
        is_refunded=response.is_refunded,
    )


def order_notified_of(content: Notification) -> str | None:
    """Return the order of ours whose payment a notification is about.

    None for notifications of another kind, and for payments of another system of the
    merchant's on the same address: those are notices.
    """
    if not content.is_of_a_payment:
        return None
    with suppress(ValueError):
        return order_of(content.payment_request_id or "")
    return None


def to_payment_notified(signed: SignedNotification) -> PaymentNotified:
    """Turn a verified notification into the signal, its evidence included.

    What it lacks stays empty: it is a hint then, and proves nothing.
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
        amount=_money(content.payment_amount),
        paid_at=content.payment_time,
        settlement=_settlement(content),
        evidence=to_evidence(Signed(message, signed.signature)),
    )


def to_notice(signed: SignedNotification) -> NoticeInput:
    """Turn a verified notification of another kind into what is kept of it."""
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


def proven(answer: AnswerT, exchange: Exchange | None) -> AnswerT:
    """Return an answer together with what proves it, for the history."""
    if exchange is None:
        return answer
    evidence = Evidence(
        request=to_evidence(exchange.request), answer=to_evidence(exchange.answer)
    )
    return answer.model_copy(update={"evidence": evidence})


def to_evidence(signed: Signed) -> SignedEvidence:
    """Keep a message as it was signed; of a very long one only what identifies it."""
    body = signed.message.body
    if len(body) > LONGEST_EVIDENCE:
        digest = hashlib.sha256(body).hexdigest()
        return _evidence(signed).model_copy(
            update={"left_out": len(body), "sha256": digest}
        )
    return whole_evidence(signed)


def whole_evidence(signed: Signed) -> SignedEvidence:
    """Keep a message as it was signed, however long it is."""
    return _evidence(signed).model_copy(update={"body": signed.message.body.decode()})


def _evidence(signed: Signed) -> SignedEvidence:
    message = signed.message
    return SignedEvidence(
        method=message.method,
        path=message.path,
        client_id=message.client_id,
        time=message.time,
        signature=signed.signature,
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


def _expiry(wallet: str, response: Answer, now: datetime) -> datetime:
    """Return when a payment with the wallet's default expiry ends, by our clock.

    The age of the payment is the difference of two readings of Alipay's clock, so ours
    may differ from it by any amount. A whole second, as all expiries are.
    """
    age = timedelta(0)
    created, answered = response.payment_create_time, response.response_time
    if created and answered:
        try:
            age = datetime.fromisoformat(answered) - datetime.fromisoformat(created)
        except (ValueError, TypeError):
            age = timedelta(0)
    default = default_expiry(wallet)
    expires_at = now - min(max(age, timedelta(0)), default) + default
    return expires_at.replace(microsecond=0)


def _amount(money: Money) -> Amount:
    return Amount(currency=money.currency, value=money.value)


def _goods(item: Goods) -> WireGoods:
    return WireGoods(
        reference_goods_id=item.id,
        goods_name=item.name,
        goods_category=item.category,
        goods_unit_amount=_amount(item.unit_amount) if item.unit_amount else None,
        goods_quantity=str(item.quantity) if item.quantity else None,
        goods_url=item.url,
        delivery_method_type=item.delivery,
    )


def _buyer(customer: Customer) -> Buyer:
    name = BuyerName(first_name=customer.first_name, last_name=customer.last_name)
    return Buyer(
        reference_buyer_id=customer.id,
        buyer_name=name if customer.first_name or customer.last_name else None,
        buyer_phone_no=customer.phone,
        buyer_email=customer.email,
    )


def _env(terminal: Terminal, device: Device) -> Env:
    agent = device.user_agent
    return Env(
        terminal_type=terminal.type,
        os_type=terminal.os,
        client_ip=device.ip,
        device_id=device.device_id,
        device_token_id=device.device_token_id,
        device_language=device.language,
        browser_info=BrowserInfo(user_agent=agent) if agent else None,
    )


def _name(text: str | None) -> str | None:
    """Return an id or a type of Alipay's; None where it cannot be shown as it is."""
    return text if text and _NAME.fullmatch(text) else None


def _money(amount: Amount | None) -> Money | None:
    return Money(currency=amount.currency, value=amount.value) if amount else None


def _settlement(wire: WireSettlement | Notification) -> Settlement | None:
    quote = wire.settlement_quote
    if not (wire.gross_settlement_amount or quote):
        return None
    return Settlement(
        amount=_money(wire.gross_settlement_amount),
        currency_pair=quote.quote_currency_pair if quote else None,
        price=quote.quote_price if quote else None,
        quote_id=quote.quote_id if quote else None,
    )
