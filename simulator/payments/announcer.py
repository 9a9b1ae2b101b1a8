"""The notifications that the result of a payment causes, with their faults."""

import json
import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from simulator.config import Clock, SimulatorConfig
from simulator.faults.kinds import REFUND_NOTICE_FAULTS, Fault
from simulator.faults.planned import Faults
from simulator.payments.answers import Body, Writer
from simulator.payments.notifier import Notification, Notifier
from simulator.payments.payment import Payment
from simulator.payments.refund import Refund

# Long enough that the merchant has inquired without it, shorter than the expiry.
LATE_BY = timedelta(minutes=5)

ANY_RESULT = frozenset(
    {
        Fault.NOTIFICATION_LOST,
        Fault.NOTIFICATION_DOUBLED,
        Fault.NOTIFICATION_LATE,
        Fault.NOTIFICATION_FORGED,
    }
)
ONLY_SUCCESS = frozenset({Fault.F_THEN_S, Fault.OUT_OF_ORDER})


class Announcer:
    """Notifies the merchant of the results of payments and refunds."""

    def __init__(
        self, config: SimulatorConfig, clock: Clock, faults: Faults, notifier: Notifier
    ) -> None:
        self._config = config
        self._clock = clock
        self._faults = faults
        self._notifier = notifier

    def success(self, payment: Payment) -> None:
        self._announce(payment, "S", "SUCCESS", self._clock())

    def failure(self, payment: Payment, code: str, at: datetime) -> None:
        self._announce(payment, "F", code, at)

    def pending(self, payment: Payment) -> None:
        skew = self._faults.skew(keys_of(payment))
        body = self._writer(skew).pending_notification(payment)
        self._notifier.send(self._notifications(payment, body, skew))

    def refund(self, payment: Payment, refund: Refund) -> None:
        """Notify the result of a refund, at its request's or the dashboard's URL."""
        real = self._refund_notifications(payment, refund)
        if not real:
            return
        match self._faults.take(keys_of(payment), REFUND_NOTICE_FAULTS):
            case Fault.REFUND_NOTICE_LOST:
                real = []
            case Fault.REFUND_NOTICE_DOUBLED:
                real = [*real, *map(_once_more, real)]
            case Fault.REFUND_NOTICE_LATE:
                late = self._clock() + self._config.shortened(LATE_BY)
                real = [replace(one, next_at=late) for one in real]
        self._notifier.send(real)

    def forged_refund(self, payment: Payment, refund: Refund) -> None:
        """Send a forged notification of success while a refund is in process."""
        claimed = replace(refund, done=True, fails_with=None)
        forged = self._refund_notifications(payment, claimed)
        self._notifier.send(replace(one, forged=True) for one in forged)

    def _refund_notifications(
        self, payment: Payment, refund: Refund
    ) -> list[Notification]:
        skew = self._faults.skew(keys_of(payment))
        body = self._writer(skew).refund_notification(payment, refund)
        url = refund.notify_url or self._config.refund_notify_url
        return self._to(url, payment, body, skew)

    def dispute(self, payment: Payment, kind: str) -> None:
        skew = self._faults.skew(keys_of(payment))
        body = self._writer(skew).dispute_notification(payment, kind, self._clock())
        self._notifier.send(self._notifications(payment, body, skew))

    def _writer(self, skew: timedelta) -> Writer:
        return Writer(self._config.base_url, skew)

    def _announce(self, payment: Payment, status: str, code: str, at: datetime) -> None:
        keys = keys_of(payment)
        skew = self._faults.skew(keys)
        writer = self._writer(skew)
        real = self._notifications(
            payment, writer.notification(payment, status, code), skew
        )
        if not real:
            return
        real = [replace(one, next_at=at) for one in real]
        among = ANY_RESULT | ONLY_SUCCESS if status == "S" else ANY_RESULT
        match self._faults.take(keys, among):
            case Fault.NOTIFICATION_LOST:
                real = []
            case Fault.NOTIFICATION_DOUBLED:
                real = [*real, *map(_once_more, real)]
            case Fault.NOTIFICATION_LATE:
                late = self._clock() + self._config.shortened(LATE_BY)
                real = [replace(one, next_at=late) for one in real]
            case Fault.NOTIFICATION_FORGED:
                body = writer.notification(payment, "S", "SUCCESS")
                forged = self._notifications(payment, body, skew)
                real = [*(replace(one, forged=True) for one in forged), *real]
            case Fault.F_THEN_S:
                body = writer.notification(payment, "F", "PROCESS_FAIL")
                real = [*self._notifications(payment, body, skew), *real]
            case Fault.OUT_OF_ORDER:
                body = writer.pending_notification(payment)
                real = [*real, *self._notifications(payment, body, skew)]
        self._notifier.send(real)

    def _notifications(
        self, payment: Payment, body: Body, skew: timedelta
    ) -> list[Notification]:
        url = payment.notify_url or self._config.notify_url
        return self._to(url, payment, body, skew)

    def _to(
        self, url: str | None, payment: Payment, body: Body, skew: timedelta
    ) -> list[Notification]:
        """Return one notification, or none when no URL is known."""
        if url is None:
            return []
        once = self._faults.take(keys_of(payment), {Fault.SENT_ONCE}) is not None
        one = _notification(payment, url, body, self._clock(), skew)
        return [replace(one, once=once)]


def _once_more(notification: Notification) -> Notification:
    return replace(notification, id=_id(), deliveries=[])


def keys_of(payment: Payment) -> tuple[str, str]:
    """Return the keys under which faults of a payment may have been planned."""
    return payment.payment_request_id, payment.order_id


def _notification(
    payment: Payment, url: str, body: Body, now: datetime, skew: timedelta
) -> Notification:
    return Notification(
        id=_id(),
        payment_request_id=payment.payment_request_id,
        client_id=payment.client_id,
        url=url,
        summary=_summary(body),
        body=json.dumps(body),
        next_at=now,
        skew=skew,
    )


def _summary(body: Body) -> str:
    if "disputeNotificationType" in body:
        return str(body["disputeNotificationType"])
    return f"{body['notifyType']} {body['result']['resultStatus']}"


def _id() -> str:
    return secrets.token_hex(8)
