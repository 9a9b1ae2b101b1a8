"""Tells the shop of a review, as a worker does."""

import json
from datetime import UTC, datetime

import httpx
from standardwebhooks.webhooks import Webhook

from tests.browser.shopping import COFFEE_PHP, Books


async def tell_of_a_review(books: Books, order_id: str) -> None:
    """Tell the shop that an order's first attempt is under review.

    Under the id that a worker gives it: where a worker tells it too, it is a repeat.
    """
    now, attempt = datetime.now(UTC), f"{order_id}_1"
    name, kind = f"{attempt}-review", "payment.review"
    event = {
        "id": name,
        "type": kind,
        "occurred_at": now.isoformat(),
        "order_id": order_id,
        "payment_request_id": attempt,
        "amount": {"currency": "PHP", "value": COFFEE_PHP},
        "outcome": "REVIEW",
        "review": f"{attempt} was paid with another amount",
    }
    body = json.dumps({"type": kind, "timestamp": now.isoformat(), "data": event})
    secret = books.system.home.callback_secrets.read_text().strip()
    answer = await books.http.post(
        f"{books.system.ports.shop_url}/webhooks/cashier",
        content=body,
        headers={
            "webhook-id": name,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(name, now, body),
        },
    )
    assert answer.status_code == httpx.codes.NO_CONTENT
