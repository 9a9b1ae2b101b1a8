"""Where Alipay's notifications arrive: verify, hand over, and only then acknowledge."""

import logging
from typing import Any

from fastapi import APIRouter, Request
from prometheus_client import Counter

from activities.translation import to_payment_notified
from alipay.errors import MalformedNotificationError, SignatureVerificationError
from alipay.notifications import ACKNOWLEDGEMENT, NotificationReader
from api.payment_workflows import PaymentWorkflows
from api.problems import Problem, UnavailableProblem
from contracts import PaymentNotified, PaymentOutcome, PaymentView, order_of

# Notifications measure one to two kB; Alipay's own limits add up to far less than this.
LARGEST_BODY = 64 * 1024

log = logging.getLogger(__name__)
router = APIRouter(tags=["Alipay"])
rejected = Counter(
    "cashier_notifications_rejected",
    "Notifications that were not acknowledged, by reason",
    ["reason"],
)


@router.post("/alipay/notifications/payment")
async def payment_notification(request: Request) -> dict[str, Any]:
    """Take a notification; acknowledged only when Temporal keeps it.

    Alipay sends again, eight times within 24 hours, until it is acknowledged, so every
    refusal here is safe (docs/protocol.md 4.1).
    """
    reader: NotificationReader = request.app.state.notification_reader
    workflows: PaymentWorkflows = request.app.state.payment_workflows
    try:
        signed = reader.parse_notification(request.headers, await _body(request))
        order_id = order_of(signed.content.payment_request_id)
    except SignatureVerificationError as error:
        raise _rejection(401, "SIGNATURE", str(error)) from error
    except (MalformedNotificationError, ValueError) as error:
        raise _rejection(400, "MALFORMED", str(error)) from error
    notification = to_payment_notified(signed)
    if not await workflows.notify(order_id, notification):
        _check_old_news(notification, await workflows.view(order_id))
    return ACKNOWLEDGEMENT


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise _rejection(413, "TOO_LARGE", f"more than {LARGEST_BODY} bytes")
    return bytes(body)


def _check_old_news(notification: PaymentNotified, closed: PaymentView) -> None:
    """Return when a closed payment's result already says what the notification says.

    Raises:
        Problem: 503 for a success of a payment that closed unpaid, so that it is kept.
    """
    says_paid = (
        notification.notify_type == "PAYMENT_RESULT"
        and notification.result_status == "S"
    )
    if says_paid and closed.outcome is not PaymentOutcome.PAID:
        rejected.labels("late_money").inc()
        log.error(
            "a payment that ended unpaid was paid late",
            extra={"payment_request_id": notification.payment_request_id},
        )
        raise UnavailableProblem("paid after its end; send again")


def _rejection(status: int, reason: str, detail: str) -> Problem:
    rejected.labels(reason.lower()).inc()
    log.warning("notification rejected", extra={"reason": reason, "detail": detail})
    return Problem(status, reason, detail)
