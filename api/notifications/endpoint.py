"""Receives Alipay's notifications; acknowledges each only once Temporal has it."""

import logging
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from fastapi import APIRouter, Request
from starlette.datastructures import State

from alipay.notifications import ACKNOWLEDGEMENT
from api.metrics.answers import (
    OF_A_DELETED_PAYMENT,
    notifications_accepted,
    notifications_rejected,
)
from api.notifications.notices import Notices
from api.notifications.verification import (
    Verified,
    VerifiedAtDashboards,
    VerifiedNotification,
    VerifiedOfRefund,
)
from api.payments.late_payments import LatePayments
from api.payments.recovery import RecoveryRequest
from api.payments.workflows import PaymentWorkflows
from api.problems import Problem
from api.refunds.notices import RefundNotices
from api.streams.watching import PaymentWatch
from api.temporal_calls import NoAnswerYet, StoppedProblem, UnknownOrderProblem
from contracts import PaymentNotified
from translation.notifications import (
    order_notified_of,
    to_notice,
    to_payment_notified,
)
from translation.refunds import to_refund_notified
from visibility.views import MOST_LOOKS

# About a megabyte: the notifications of three minutes at 50 payments a second.
MOST_SEEN = 10_000

log = logging.getLogger(__name__)
router = APIRouter(tags=["Alipay"])


class SeenNotifications:
    """The notifications that Temporal has stored lately: stops repeated ones.

    Only an optimization: a notification that is not in here is signalled again, and
    changes nothing.
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
async def payment_notification(request: Request, verified: Verified) -> dict[str, Any]:
    """Receive a notification; acknowledge it only when Temporal has it.

    Alipay sends it again, eight times within 24 hours, until it is acknowledged, so a
    refusal is safe (docs/protocol.md 4.1), unless it is refused each time: a
    notification that belongs to no payment is therefore stored as a notice (decision
    0025).
    """
    return await _take(request.app.state, verified)


@router.post("/alipay/notifications/refund/{order_id}")
async def refund_notification(
    request: Request, verified: VerifiedOfRefund
) -> dict[str, Any]:
    """Receive a notice about a refund, at the path that contains the order.

    Acknowledged like a payment's: only when Temporal has it.
    """
    return await _take(request.app.state, verified)


@router.post("/alipay/notifications/refund")
async def refund_notification_of_any_order(
    request: Request, verified: VerifiedAtDashboards
) -> dict[str, Any]:
    """Receive a notice about a refund, at the path for Alipay's dashboard."""
    return await _take(request.app.state, verified)


async def _take(state: State, verified: VerifiedNotification) -> dict[str, Any]:
    """Signal a notification to its workflow, whichever path it came to.

    Raises:
        Problem: Temporal does not have it; Alipay sends it again.
    """
    seen: SeenNotifications = state.seen_notifications
    if not seen.has(verified.body):
        content = verified.signed.content
        if order_id := order_notified_of(content):
            await _notify(state, order_id, verified)
        elif content.is_of_a_refund:
            await _take_refund(state, verified)
        else:
            await _keep(state.notices, verified)
        seen.add(verified.body)
    notifications_accepted.inc()
    return ACKNOWLEDGEMENT


async def _take_refund(state: State, verified: VerifiedNotification) -> None:
    """Signal a notice to the owner of its refund; store it where there is none."""
    said, order_id = to_refund_notified(verified.signed), verified.order_id
    notices: RefundNotices = state.refund_notices
    with _noting_what_is_not_kept(refund_request_id=said.refund_request_id):
        is_ours = await notices.take(said, order_id)
    if not is_ours:
        await _keep(state.notices, verified)
    elif order_id:
        state.watch.hint(order_id)


async def _keep(notices: Notices, verified: VerifiedNotification) -> None:
    """Store a notice that belongs to no payment."""
    with _noting_what_is_not_kept():
        await notices.keep(to_notice(verified.signed))


async def _notify(state: State, order_id: str, verified: VerifiedNotification) -> None:
    """Signal a notification to its payment, and wake the streams that watch it."""
    notification = to_payment_notified(verified.signed)
    watch: PaymentWatch = state.watch
    with _noting_what_is_not_kept(
        order_id=order_id, payment_request_id=notification.payment_request_id
    ):
        try:
            await _hand_over(
                order_id, notification, state.payment_workflows, state.late_payments
            )
        except UnknownOrderProblem:
            if not notification.says_paid:
                raise
            # Its payment was deleted: only a person can find out what it pays.
            await state.notices.keep(
                to_notice(verified.signed), counted_as=OF_A_DELETED_PAYMENT
            )
    watch.hint(order_id)


@contextmanager
def _noting_what_is_not_kept(**ids: str) -> Iterator[None]:
    """Count and log a problem; Alipay then sends the notification again."""
    try:
        yield
    except Problem as problem:
        notifications_rejected.labels(str(problem.document["code"]).lower()).inc()
        log.warning("notification not kept: %s", problem, extra=ids)
        raise


async def _hand_over(
    order_id: str,
    notification: PaymentNotified,
    workflows: PaymentWorkflows,
    late_payments: LatePayments,
) -> None:
    """Signal the open payment, or start the workflow for late money."""
    for _ in range(MOST_LOOKS):
        if await workflows.notify(order_id, notification):
            return
        try:
            closed = await workflows.view(order_id)
        except StoppedProblem as stopped:
            await workflows.recover(
                stopped, RecoveryRequest("Alipay", "Alipay has notified")
            )
            continue  # signal the new run
        if closed.outcome is None:
            continue  # the next run has started meanwhile: signal that one
        if late_payments.is_news(notification, closed):
            await late_payments.begin(notification, closed)
        return
    raise NoAnswerYet
