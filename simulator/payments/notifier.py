"""Sends signed notifications, and repeats them until the merchant acknowledges."""

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from alipay.messages import Message
from alipay.signing import sign
from simulator.config import Clock, SimulatorConfig
from simulator.timers import Timers

# The pauses before each send: 8 within 24 h 22 min (docs/protocol.md 4.1).
GAPS = (
    timedelta(0),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=15),
)
# Only this answer ends the repeats; blanks and the order of fields do not matter
# (docs/protocol.md 2.3).
ACKNOWLEDGEMENT = {
    "result": {
        "resultCode": "SUCCESS",
        "resultStatus": "S",
        "resultMessage": "success",
    }
}
# Bytes: an acknowledgement has about a hundred; a longer answer is none.
LONGEST_ACKNOWLEDGEMENT = 64 * 1024
# A merchant acknowledges in milliseconds; a dead one must not hold up `settle` long.
SEND_TIMEOUT = 5.0


@dataclass
class Delivery:
    """One delivery attempt: the HTTP status, or the error."""

    time: datetime
    status: int | None
    acknowledged: bool
    problem: str | None = None


@dataclass
class Notification:
    """One notification and its delivery attempts.

    Attributes:
        summary: notifyType and resultStatus, or the type of dispute, for people.
        next_at: When it is sent (again); None: acknowledged or given up.
        forged: Signed with a key that is not Alipay's, and sent only once.
        skew: The error of its request-time.
        once: Sent only once, acknowledged or not, as Alipay's sandbox does.
    """

    id: str
    payment_request_id: str
    client_id: str
    url: str
    summary: str
    body: str
    next_at: datetime | None
    forged: bool = False
    skew: timedelta = timedelta()
    once: bool = False
    deliveries: list[Delivery] = field(default_factory=list)


class Notifier:
    """Owns the notifications, their HTTP client and the sends in flight."""

    def __init__(
        self,
        config: SimulatorConfig,
        clock: Clock,
        timers: Timers,
        save: Callable[[Notification], None],
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._config = config
        self._clock = clock
        self._timers = timers
        self._save = save
        # Without the environment's proxy: a merchant under test runs locally.
        self._client = httpx.AsyncClient(
            transport=transport, timeout=SEND_TIMEOUT, trust_env=False
        )
        self._sends: dict[asyncio.Task[None], str] = {}
        self._all: dict[str, list[Notification]] = {}
        self._forger: RSAPrivateKey | None = None

    def of(self, payment_request_id: str) -> list[Notification]:
        return self._all.get(payment_request_id, [])

    def send(self, notifications: Iterable[Notification]) -> None:
        """Send due notifications now, one after the other; the others when due."""
        due: list[Notification] = []
        for notification in notifications:
            self._keep(notification)
            self._save(notification)
            at = notification.next_at
            if at is not None and at > self._clock():
                self._schedule(notification, at)
            else:
                due.append(notification)
        if due:
            self._spawn(due)

    def restore(self, notification: Notification) -> None:
        """Resume a notification that was not settled when the simulator stopped."""
        self._keep(notification)
        if notification.next_at is not None:
            self._schedule(notification, notification.next_at)

    async def settle(self, payment_request_id: str | None = None) -> None:
        """Wait until the requests in flight, of one payment or all, have ended."""
        sends = [
            send
            for send, owner in self._sends.items()
            if payment_request_id in {None, owner}
        ]
        if sends:
            await asyncio.wait(sends)

    async def close(self) -> None:
        sends = list(self._sends)
        for send in sends:
            send.cancel()
        await asyncio.gather(*sends, return_exceptions=True)
        await self._client.aclose()

    def _keep(self, notification: Notification) -> None:
        self._all.setdefault(notification.payment_request_id, []).append(notification)

    def _schedule(self, notification: Notification, at: datetime) -> None:
        self._timers.at(at, lambda: self._spawn([notification]))

    def _spawn(self, notifications: list[Notification]) -> None:
        task = asyncio.create_task(self._send_in_order(notifications))
        self._sends[task] = notifications[0].payment_request_id
        task.add_done_callback(self._sends.pop)

    async def _send_in_order(self, notifications: list[Notification]) -> None:
        for notification in notifications:
            await self._send_once(notification)

    async def _send_once(self, notification: Notification) -> None:
        sent_at = self._clock()
        delivery = await self._deliver(notification, sent_at)
        notification.deliveries.append(delivery)
        sends = len(notification.deliveries)
        is_last = notification.forged or notification.once or sends >= len(GAPS)
        if delivery.acknowledged or is_last:
            notification.next_at = None
        else:
            notification.next_at = sent_at + self._config.shortened(GAPS[sends])
            self._schedule(notification, notification.next_at)
        self._save(notification)

    async def _deliver(self, notification: Notification, at: datetime) -> Delivery:
        body = notification.body.encode()
        # ISO 8601, one of the two forms in use (docs/protocol.md 1.3). Our conclusion,
        # on which no page says anything: each attempt has a time of its own (4.1).
        moment = (at + notification.skew).astimezone(UTC)
        time = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        path = urlsplit(notification.url).path or "/"
        message = Message("POST", path, notification.client_id, time, body)
        key = self._forger_key() if notification.forged else self._config.private_key
        headers = {
            "client-id": notification.client_id,
            "request-time": time,
            "signature": sign(message, key, key_version=self._config.key_version),
            "content-type": "application/json; charset=UTF-8",
        }
        try:
            async with self._client.stream(
                "POST", notification.url, content=body, headers=headers
            ) as response:
                answer = await _beginning_of(response)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            # The last one comes of a host whose international name cannot be decoded.
            return Delivery(at, None, acknowledged=False, problem=type(error).__name__)
        acknowledged = response.status_code == 200 and _is_ack(answer)
        return Delivery(at, response.status_code, acknowledged)

    def _forger_key(self) -> RSAPrivateKey:
        if self._forger is None:
            self._forger = rsa.generate_private_key(65537, 2048)
        return self._forger


async def _beginning_of(response: httpx.Response) -> bytes:
    """Return the answer, cut where it is too long for an acknowledgement."""
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > LONGEST_ACKNOWLEDGEMENT:
            break
    return bytes(body)


def _is_ack(body: bytes) -> bool:
    try:
        return bool(json.loads(body) == ACKNOWLEDGEMENT)
    except (ValueError, RecursionError):
        return False
