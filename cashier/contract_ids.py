"""The ids of workflows and of updates, as `cashier contracts` explains them."""

from typing import Any, Final

from api.bodies import PaymentBody
from contracts import (
    LONGEST_READABLE_ORDER,
    REFUND_ID_PATTERN,
    Money,
    Order,
    Terminal,
    page_update_id,
    payment_request_id,
    refund_update_id,
    refunds_id,
)

# The document contains its update id, so that other languages can test their hash.
EXAMPLE: Final = Order(
    order_id="coffee-1",
    amount=Money(currency="PHP", value=131400),
    wallet="GCASH",
    description="Two cups of coffee",
    redirect_url="https://shop.example/return/coffee-1",
    terminal=Terminal(type="WEB"),
)
# The longest order id; the id of its refunds' workflow contains a digest of it.
LONG_ORDER: Final = f"coffee-{'1' * 53}"


def ids_by_name() -> dict[str, Any]:
    """Return how each id is made, with examples for tests in other languages."""
    order_id = PaymentBody.model_json_schema()["properties"]["order_id"]
    wish = "{order_id}/{currency}/{value}/{wallet}/{first_attempt}"
    example = wish.format(**EXAMPLE.model_dump(), **EXAMPLE.amount.model_dump())
    return {
        "order_id": order_id["pattern"],
        "payment_request_id": payment_request_id("{order_id}", 1)[:-1] + "{attempt}",
        "page_update": {
            "id": "page-{the first 32 hexadecimal digits of the SHA-256 of `of`}",
            "of": wish,
            "example": {"of": example, "id": page_update_id(EXAMPLE)},
        },
        "cancel_update": "cancel-{random}",
        "check_update": "check-{Unix time in seconds, divided by 5, without fraction}",
        "refund_id": f"^{REFUND_ID_PATTERN}$",
        "refunds": {
            "id": refunds_id("{key}"),
            "key": (
                f"{{order_id}} of up to {LONGEST_READABLE_ORDER} characters; of longer "
                "ones the first 16, -, and the first 24 letters and digits of the "
                "SHA-256 of the order id in Base32, in small letters"
            ),
            "example": {"order_id": LONG_ORDER, "id": refunds_id(LONG_ORDER)},
        },
        "refund_update": {
            "id": "refund-{the first 32 hexadecimal digits of the SHA-256 of `of`}",
            "of": (
                "{order_id}/{refund_id}/{currency}/{value}/{currency}/{value}: of "
                "`amount`, then of `remaining`; both empty where there is none"
            ),
            "example": {
                "of": "coffee-1/return-77/PHP/5000//",
                "id": refund_update_id("coffee-1", "return-77", ("PHP", 5000), None),
            },
        },
    }
