"""Where Alipay's notifications arrive: verify, hand over, and only then acknowledge."""

import logging
from collections import OrderedDict
from hashlib import sha256
from typing import Any

from fastapi import APIRouter, Request
from starlette.requests import ClientDisconnect

from activities.translation import order_notified_of, to_notice, to_payment_notified
from alipay.errors import MalformedNotificationError, SignatureVerificationError
from alipay.notifications import (
    ACKNOWLEDGEMENT,
    NotificationReader,
    SignedNotification,
)
from api.metrics.answers import notifications_accepted, notifications_rejected
from api.notifications.notices import Notices
from api.payments.late_payments import LatePayments
from api.payments.workflows import PaymentWorkflows
from api.problems import Problem
from api.streams.watching import PaymentWatch
from api.temporal_calls import NoAnswerYet
from contracts import PaymentNotified
from visibility.views import MOST_LOOKS

# Notifications measure one to two kB; Alipay's own limits add up to far less than this.
LARGEST_BODY = 64 * 1024

# About a megabyte; at 50 payments a second the notifications of three minutes.
MOST_SEEN = 10_000

log = logging.getLogger(__name__)
router = APIRouter(tags=["Alipay"])


class SeenNotifications:
    """The notifications that Temporal has kept lately: a flood of one stops here.

    Only a saving: what is forgotten, or was kept by another process, is handed over
    again and changes nothing.
    """

    def __init__(self) -> None:
        self._hashes: OrderedDict[bytes, None] = OrderedDict()

    def has(self, body: bytes) -> bool:
        return sha256(body).digest() in self._hashes

    def add(self, body: bytes) -> None:
        self._hashes[sha256(body).digest()] = None
        if len(self._hashes) > MOST_SEEN:
            self._hashes.popitem(last=False)


@router.post("/alipay/notifications/payment")
async def payment_notification(request: Request) -> dict[str, Any]:
    """Take a notification; acknowledged only when Temporal keeps it.

    Alipay sends again, eight times within 24 hours, until it is acknowledged, so every
    refusal here is safe (docs/protocol.md 4.1), unless it is refused each time: what
    no payment takes is therefore kept as a notice (decision 0025).
    """
    seen: SeenNotifications = request.app.state.seen_notifications
    signed = await _verified(request)
    order_id = order_notified_of(signed.content)
    if order_id:
        request.state.order_id = order_id
    if not seen.has(signed.message.body):
        if order_id is None:
            await _keep(request, signed)
        else:
            await _notify(request, order_id, signed)
        seen.add(signed.message.body)
    notifications_accepted.inc()
    return ACKNOWLEDGEMENT


async def _verified(request: Request) -> SignedNotification:
    reader: NotificationReader = request.app.state.notification_reader
    try:
        return reader.parse_notification(request.headers, await _body(request))
    except SignatureVerificationError as error:
        raise _rejection(401, "SIGNATURE", str(error)) from error
    except MalformedNotificationError as error:
        raise _rejection(400, "MALFORMED", str(error)) from error


async def _keep(request: Request, signed: SignedNotification) -> None:
    """Have a notice kept that no payment takes."""
    notices: Notices = request.app.state.notices
    try:
        await notices.keep(to_notice(signed))
    except Problem as problem:
        _note_unkept(problem)
        raise


async def _notify(request: Request, order_id: str, signed: SignedNotification) -> None:
    """Hand a notification over to its payment."""
    watch: PaymentWatch = request.app.state.watch
    notification = to_payment_notified(signed)
    try:
        await _hand_over(
            order_id,
            notification,
            request.app.state.payment_workflows,
            request.app.state.late_payments,
        )
    except Problem as problem:
        _note_unkept(
            problem,
            order_id=order_id,
            payment_request_id=notification.payment_request_id,
        )
        raise
    watch.hint(order_id)


def _note_unkept(problem: Problem, **ids: str) -> None:
    notifications_rejected.labels(str(problem.document["code"]).lower()).inc()
    log.warning("notification not kept: %s", problem, extra=ids)


async def _hand_over(
    order_id: str,
    notification: PaymentNotified,
    workflows: PaymentWorkflows,
    late_payments: LatePayments,
) -> None:
    """Give the notification to the open payment, or to what deals with late money."""
    for _ in range(MOST_LOOKS):
        if await workflows.notify(order_id, notification):
            return
        closed = await workflows.view(order_id)
        if closed.outcome is None:
            continue  # the next run has begun meanwhile, and is to be told
        if late_payments.is_news(notification, closed):
            await late_payments.begin(notification, closed)
        return
    raise NoAnswerYet


async def _body(request: Request) -> bytes:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_BODY:
                raise _rejection(413, "TOO_LARGE", f"more than {LARGEST_BODY} bytes")
    except ClientDisconnect:
        raise _rejection(400, "CUT_SHORT", "the body ended early") from None
    return bytes(body)


def _rejection(status: int, reason: str, detail: str) -> Problem:
    notifications_rejected.labels(reason.lower()).inc()
    log.warning("notification rejected: %s, %s", reason, detail)
    return Problem(status, reason, detail)
