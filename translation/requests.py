"""Builds Alipay's requests from our contracts."""

from alipay.models import (
    Amount,
    BrowserInfo,
    Buyer,
    BuyerName,
    Env,
    PaymentMethod,
    PayRequest,
    RefundRequest,
    SettlementStrategy,
    WireGoods,
    WireOrder,
)
from contracts import Customer, Device, Goods, Money, PayCall, RefundCall, Terminal


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
