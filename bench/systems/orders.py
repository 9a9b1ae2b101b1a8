"""The order of the benchmark, and the notification that pays it."""

import json
from uuid import uuid4

from cashier.system.home import CLIENT_ID
from contracts import (
    Money,
    Order,
    PaymentNotified,
    SignedEvidence,
    Terminal,
    payment_request_id,
)

PRICE = Money(currency="PHP", value=131400)
PAID_AT = "2026-11-24T03:02:40-07:00"
# 2048 bits in Base64, as in real notifications; nobody verifies it after the API.
SIGNATURE = "algorithm=RSA256,keyVersion=1,signature=" + "x" * 344


def new_order_id() -> str:
    return f"bench-{uuid4().hex[:16]}"


def an_order(order_id: str) -> Order:
    return Order(
        order_id=order_id,
        amount=PRICE,
        wallet="GCASH",
        description="Two cups of coffee",
        redirect_url=f"https://shop.example/return/{order_id}",
        terminal=Terminal(type="WEB"),
        settlement_currency="USD",
    )


def a_notification(order_id: str, payment_id: str) -> PaymentNotified:
    """Return a success of the size that the API signals, its evidence included."""
    request_id = payment_request_id(order_id, 1)
    money = {"currency": PRICE.currency, "value": str(PRICE.value)}
    result = {"resultCode": "SUCCESS", "resultStatus": "S", "resultMessage": "success"}
    body = {
        "notifyType": "PAYMENT_RESULT",
        "result": result,
        "paymentRequestId": request_id,
        "paymentId": payment_id,
        "paymentAmount": money,
        "paymentCreateTime": PAID_AT,
        "paymentTime": PAID_AT,
    }
    return PaymentNotified(
        notify_type="PAYMENT_RESULT",
        result_status="S",
        result_code="SUCCESS",
        result_message="success",
        payment_request_id=request_id,
        payment_id=payment_id,
        amount=PRICE,
        paid_at=PAID_AT,
        evidence=SignedEvidence(
            path="/alipay/notifications/payment",
            client_id=CLIENT_ID,
            time="1795514560000",
            signature=SIGNATURE,
            body=json.dumps(body, separators=(",", ":")),
        ),
    )
