"""Data for tests: each builder returns a valid object, with the given changes."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from contracts import (
    RELEASE,
    CancelAnswer,
    CancelVerdict,
    Cashier,
    InquiryAnswer,
    InquiryVerdict,
    LateMoneyPolicy,
    LatePaymentInput,
    Money,
    Order,
    PayAnswer,
    PaymentNotified,
    PayVerdict,
    Terminal,
)
from tests.signing import signed_notification, trust

PRICE = Money(currency="PHP", value=131400)
PAYMENT_ID = "202611240000000001"


def an_order(**changes: Any) -> Order:
    order = Order(
        order_id=f"order-{uuid4().hex[:12]}",
        amount=PRICE,
        wallet="GCASH",
        description="Two cups of coffee",
        redirect_url="https://shop.example/return",
        terminal=Terminal(type="WEB"),
        release=RELEASE,
        trust=trust(),
    )
    return order.model_copy(update=changes)


def as_a_shop_sends_it(order: Order) -> dict[str, Any]:
    """Return the body of POST /payments: the order without the API's fields."""
    of_ours = {"first_attempt", "tells_shop", "late_money", "release", "trust"}
    return order.model_dump(mode="json", exclude_none=True, exclude=of_ours)


def a_late_payment(order: Order, **changes: Any) -> LatePaymentInput:
    late = LatePaymentInput(
        order_id=order.order_id,
        payment_request_id=f"{order.order_id}_1",
        wallet=order.wallet,
        amount=order.amount,
        policy=LateMoneyPolicy.REFUND,
        release=RELEASE,
        trust=trust(),
    )
    return late.model_copy(update=changes)


def a_page(*, minutes: float = 14, **changes: Any) -> PayAnswer:
    page = PayAnswer(
        verdict=PayVerdict.OPENED,
        result_code="PAYMENT_IN_PROCESS",
        payment_id=PAYMENT_ID,
        cashier=Cashier(url="https://gcash.example/cashier/1", kind="normal"),
        expires_at=(datetime.now(UTC) + timedelta(minutes=minutes)).replace(
            microsecond=0
        ),
    )
    return page.model_copy(update=changes)


def a_refusal(code: str = "RISK_REJECT", **changes: Any) -> PayAnswer:
    refusal = PayAnswer(
        verdict=PayVerdict.REFUSED, result_code=code, result_message="no"
    )
    return refusal.model_copy(update=changes)


def an_inquiry(verdict: str, **changes: Any) -> InquiryAnswer:
    paid = verdict == "SUCCESS"
    answer = InquiryAnswer(
        verdict=InquiryVerdict(verdict),
        payment_id=PAYMENT_ID,
        amount=PRICE,
        paid_at="2026-11-24T03:02:40-07:00" if paid else None,
    )
    return answer.model_copy(update=changes)


def a_cancel(verdict: str = "CANCELLED", code: str = "SUCCESS") -> CancelAnswer:
    return CancelAnswer(verdict=CancelVerdict(verdict), result_code=code)


def a_notification(
    order: Order, *, at: datetime | None = None, **changes: Any
) -> PaymentNotified:
    """A success of the order's first attempt, unless changed; signed by Alipay now."""
    notification = PaymentNotified(
        notify_type="PAYMENT_RESULT",
        result_status="S",
        result_code="SUCCESS",
        payment_request_id=f"{order.order_id}_1",
        payment_id=PAYMENT_ID,
        amount=order.amount,
        paid_at="2026-11-24T03:02:40-07:00",
    )
    changed = notification.model_copy(update=changes)
    return changed if "evidence" in changes else signed_notification(changed, at=at)


def an_event(**changes: Any) -> dict[str, Any]:
    """Return a recorded event: the order's first attempt is paid."""
    return {
        "id": "coffee-1_1-paid",
        "type": "payment.paid",
        "occurred_at": "2026-11-24T10:02:41Z",
        "order_id": "coffee-1",
        "payment_request_id": "coffee-1_1",
        "payment_id": PAYMENT_ID,
        "amount": PRICE.model_dump(),
        "outcome": "PAID",
        "paid_at": "2026-11-24T03:02:40-07:00",
        **changes,
    }
