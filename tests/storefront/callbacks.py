"""Callbacks as a worker sends them to the shop: signed, and with ids of their own."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from standardwebhooks.webhooks import Webhook

from tests.storefront.conftest import SECRETS
from tests.storefront.customer import Customer

T0 = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def an_event(order_id: str, outcome: str, **more: Any) -> dict[str, Any]:
    number, minute = more.pop("number", 1), more.pop("minute", 0)
    kind = more.pop("kind", "payment")
    late = "-late" if kind == "late_payment" else ""
    return {
        "id": f"{order_id}_{number}{late}-{outcome.lower()}",
        "type": f"{kind}.{outcome.lower()}",
        "occurred_at": (T0 + timedelta(minutes=minute)).isoformat(),
        "order_id": order_id,
        "payment_request_id": f"{order_id}_{number}",
        "amount": {"currency": "PHP", "value": 18000},
        "outcome": outcome,
        **more,
    }


def signed(
    event: dict[str, Any], *, secret: str = SECRETS[0], at: datetime | None = None
) -> dict[str, Any]:
    """Return what `post` takes: the body and its headers."""
    body = json.dumps(
        {"type": event["type"], "timestamp": event["occurred_at"], "data": event}
    )
    at = at or datetime.now(UTC)
    return {
        "content": body,
        "headers": {
            "Content-Type": "application/json",
            "webhook-id": event["id"],
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret).sign(event["id"], at, body),
        },
    }


def a_review(order_id: str, *, which: int = 1, **more: Any) -> dict[str, Any]:
    """A review; `which` counts the doubts of one attempt."""
    event = an_event(order_id, "REVIEW", **more)
    again = f"-{which}" if which > 1 else ""
    doubt = f"{event['payment_request_id']} was paid with PHP {which}.00"
    return {**event, "id": f"{event['id']}{again}", "review": doubt}


def a_refund(
    order_id: str,
    happened: str,
    *,
    refund_id: str = "r1",
    value: int = 5000,
    **more: Any,
) -> dict[str, Any]:
    """Something that happened to a refund: `succeeded`, `failed`, `waiting`..."""
    event = an_event(order_id, happened.upper(), kind="refund", **more)
    return {
        **event,
        "id": f"{order_id}_1-refund-{refund_id}-{happened}-1",
        "amount": {"currency": "PHP", "value": value},
        "refund": {"refund_id": refund_id, "left": None, "by_cancel": False},
        **more,
    }


async def tell(customer: Customer, event: dict[str, Any], **how: Any) -> httpx.Response:
    return await customer.http.post("/webhooks/cashier", **signed(event, **how))
