"""Reads and verifies notifications before a handler gets them, or rejects them."""

import logging
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.requests import ClientDisconnect

from alipay.errors import MalformedNotificationError, SignatureVerificationError
from alipay.notifications import NotificationReader, SignedNotification
from api.bodies import OrderIdInPath
from api.metrics.answers import notifications_rejected
from api.problems import Problem
from translation.notifications import order_notified_of
from translation.refunds import notify_url_of

# Notifications have one to two kB; with Alipay's limits of all fields, far less than
# this.
LARGEST_BODY = 64 * 1024

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class VerifiedNotification:
    """A notification that Alipay has signed.

    Attributes:
        order_id: Our order, by its payment's id or by the signed path of a refund; None
            where neither names one.
    """

    order_id: str | None
    signed: SignedNotification

    @property
    def body(self) -> bytes:
        """The raw bytes that were signed: the same in each repeat."""
        return self.signed.message.body


async def _verified(request: Request) -> VerifiedNotification:
    """Read the body and verify it, with the path for payments.

    Raises:
        Problem: As `_read` does.
    """
    signed = await _read(request, None)
    order_id = order_notified_of(signed.content)
    if order_id:
        request.state.order_id = order_id  # for the access log
    return VerifiedNotification(order_id, signed)


async def _verified_of_refund(
    request: Request, order_id: OrderIdInPath
) -> VerifiedNotification:
    """Read the body and verify it, with the path for one order's refunds.

    Raises:
        Problem: As `_read` does.
    """
    signed = await _read(request, _refund_path(request, order_id))
    request.state.order_id = order_id  # for the access log
    return VerifiedNotification(order_id, signed)


async def _verified_at_dashboards(request: Request) -> VerifiedNotification:
    """Read the body and verify it, with the path for all refunds.

    Raises:
        Problem: As `_read` does.
    """
    return VerifiedNotification(None, await _read(request, _refund_path(request, "")))


def _refund_path(request: Request, order_id: str) -> str:
    """Return a path for refunds as Alipay calls it; a proxy may rewrite it."""
    return urlsplit(notify_url_of(order_id, request.app.state.notify_url)).path


async def _read(request: Request, path: str | None) -> SignedNotification:
    """Read the whole body and verify it.

    Raises:
        Problem: 413 too large; 400 incomplete, or signed but not readable; 401 without
            a valid signature of Alipay.
    """
    reader: NotificationReader = request.app.state.notification_reader
    try:
        return reader.parse_notification(
            request.headers, await _body(request), path=path
        )
    except SignatureVerificationError as error:
        raise _rejection(401, "SIGNATURE", str(error)) from error
    except MalformedNotificationError as error:
        raise _rejection(400, "MALFORMED", str(error)) from error


# Types of the handlers' parameters: FastAPI passes verified notifications only.
Verified = Annotated[VerifiedNotification, Depends(_verified)]
VerifiedOfRefund = Annotated[VerifiedNotification, Depends(_verified_of_refund)]
VerifiedAtDashboards = Annotated[VerifiedNotification, Depends(_verified_at_dashboards)]


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
