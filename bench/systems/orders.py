"""The order of the benchmark, and the notification that pays it."""

from uuid import uuid4

from contracts import (
    Money,
    Order,
    PaymentNotified,
    Terminal,
    payment_request_id,
)
from tests.signing import Signer, signed_notification

PRICE = Money(currency="PHP", value=131400)
PAID_AT = "2026-11-24T03:02:40-07:00"


def new_order_id() -> str:
    return f"bench-{uuid4().hex[:16]}"


def an_order(order_id: str, *, expires_in_minutes: int | None = None) -> Order:
    return Order(
        order_id=order_id,
        amount=PRICE,
        wallet="GCASH",
        description="Two cups of coffee",
        redirect_url=f"https://shop.example/return/{order_id}",
        terminal=Terminal(type="WEB"),
        settlement_currency="USD",
        expires_in_minutes=expires_in_minutes,
    )


def a_notification(order_id: str, payment_id: str, signer: Signer) -> PaymentNotified:
    """Return a success with its evidence, as the API signals it."""
    said = PaymentNotified(
        notify_type="PAYMENT_RESULT",
        result_status="S",
        result_code="SUCCESS",
        result_message="success",
        payment_request_id=payment_request_id(order_id, 1),
        payment_id=payment_id,
        amount=PRICE,
        paid_at=PAID_AT,
    )
    return signed_notification(said, signer)
