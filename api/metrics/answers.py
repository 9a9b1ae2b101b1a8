"""Metrics of the API's answers; callers cannot create new labels."""

from typing import Final

from fastapi import Request
from prometheus_client import Counter, Histogram, disable_created_metrics

from alipay.wallets import WALLETS
from telemetry import names
from telemetry.access import Call

# No `_created` series: nobody uses them.
disable_created_metrics()  # type: ignore[no-untyped-call]

# Alipay answers with a page within a second; callers wait for up to 16 s.
PAGE_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 20)

# The results of calls for a cashier page. Calls with a wrong key or field are not
# counted.
PAGE_RESULTS: Final = {
    201: "created",
    200: "repeated",
    202: "pending",
    402: "refused",
    409: "refused",
    500: "failed",
    503: "failed",
}

# The known types of notifications besides payments (docs/protocol.md 2.7, 2.8); the
# rest is `other`, because each text of Alipay's would be a new series.
NOTICE_TYPES: Final = frozenset(
    {
        "PAYMENT_RESULT",  # these two of another system's payments
        "PAYMENT_PENDING",
        "REFUND_RESULT",
        "CAPTURE_RESULT",
        "UPDATE_AMOUNT_RESULT",
        "DISPUTE_CREATED",
        "DISPUTE_JUDGED",
        "DISPUTE_CANCELLED",
        "DISPUTE_ACCEPTED",
        "DEFENSE_SUPPLIED",
        "DEFENSE_DUE_ALERT",
    }
)
OTHER: Final = "other"
# The success of an order whose payment was deleted.
OF_A_DELETED_PAYMENT: Final = "SUCCESS_OF_DELETED_PAYMENT"

notifications_rejected = Counter(
    names.NOTIFICATIONS_REJECTED,
    "Notifications that were not acknowledged, by reason",
    ["reason"],
)
notifications_accepted = Counter(
    names.NOTIFICATIONS_ACCEPTED,
    "Notifications that were acknowledged: stored by Temporal, or already known",
)
notices_kept = Counter(
    names.NOTICES_KEPT,
    "Notices that belong to no payment, stored for a person to read, by type",
    ["notify_type"],
)
calls_refused = Counter(
    names.CALLS_REFUSED,
    "Calls refused because of their caller, by reason",
    ["reason"],
)
page_seconds = Histogram(
    names.PAGE,
    "From the shop's call to the answer with the cashier page",
    ["wallet", "result"],
    buckets=PAGE_SECONDS,
)
http_seconds = Histogram(
    names.HTTP_CALLS,
    "Answered HTTP calls",
    ["method", "route", "status"],
    buckets=PAGE_SECONDS,
)
for _reason in (
    "signature",
    "malformed",
    "too_large",
    "cut_short",
    "unknown_order",
    "workflow_stopped",
):
    notifications_rejected.labels(_reason)
for _type in (*NOTICE_TYPES, OTHER, OF_A_DELETED_PAYMENT):
    notices_kept.labels(_type.lower())


def count_notice(notify_type: str) -> None:
    """Count a stored notice."""
    known = (*NOTICE_TYPES, OF_A_DELETED_PAYMENT)
    named = notify_type if notify_type in known else OTHER
    notices_kept.labels(named.lower()).inc()


async def note_order(request: Request) -> None:
    """Record order and wallet of a call for a page, for the log and for `measure`."""
    if request.method != "POST":
        return
    try:
        body = await request.json()
    except (ValueError, RecursionError):
        return  # the route will reject it
    if isinstance(body, dict):
        request.state.order_id = body.get("order_id")
        request.state.wallet = body.get("wallet")


def measure(call: Call) -> None:
    """Count an answered call, and the time until a page."""
    http_seconds.labels(call.method, call.route, str(call.status)).observe(call.seconds)
    if call.method == "POST" and call.route == "/payments":
        result = PAGE_RESULTS.get(call.status)
        if result:
            page_seconds.labels(_wallet(call), result).observe(call.seconds)


def _wallet(call: Call) -> str:
    wallet = call.noted.get("wallet")
    return wallet if isinstance(wallet, str) and wallet in WALLETS else "other"
