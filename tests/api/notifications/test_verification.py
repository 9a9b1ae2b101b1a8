"""A handler of notifications is called with what Alipay has signed, and only then."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from fastapi import FastAPI

from alipay.messages import Message
from alipay.signing import sign
from api.notifications.verification import (
    LARGEST_BODY,
    Verified,
    VerifiedNotification,
)
from api.problems import add_problem_handlers
from tests.api.running import (
    CLIENT_ID,
    SIGNED_PATH,
    alipays_time,
    paid_notification,
    settings_in,
)
from tests.samples.reading import changed, sample


class Receiver:
    """A route that takes notifications, and what its handler was called with."""

    def __init__(self, folder: Path, alipay_key: RSAPrivateKey) -> None:
        self.taken: list[VerifiedNotification] = []
        self.alipay_key = alipay_key
        app = FastAPI()
        app.state.notification_reader = settings_in(
            folder, alipay_key
        ).notification_reader()
        add_problem_handlers(app)

        @app.post("/")
        async def take(verified: Verified) -> None:
            self.taken.append(verified)

        transport = httpx.ASGITransport(app)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://shop.test")

    async def sent(self, body: bytes, received: bytes | None = None) -> int:
        """Send as Alipay does; return the status of the answer."""
        now = alipays_time()
        message = Message("POST", SIGNED_PATH, CLIENT_ID, now, body)
        headers = {
            "Signature": sign(message, self.alipay_key),
            "Request-Time": now,
            "Client-Id": CLIENT_ID,
        }
        content = body if received is None else received
        return (await self.http.post("/", content=content, headers=headers)).status_code


@pytest.fixture
async def receiver(
    tmp_path: Path, alipay_key: RSAPrivateKey
) -> AsyncIterator[Receiver]:
    receiver = Receiver(tmp_path, alipay_key)
    async with receiver.http:
        yield receiver


async def test_a_signed_notification_comes_with_its_order(receiver: Receiver) -> None:
    body = paid_notification("A_1")
    assert await receiver.sent(body) == 200
    [taken] = receiver.taken
    assert (taken.order_id, taken.body) == ("A_1", body)
    assert taken.signed.content.payment_request_id == "A_1_1"


@pytest.mark.parametrize(
    "body", [sample("60"), changed(sample("20"), paymentRequestId="of another system")]
)
async def test_what_is_about_no_payment_of_ours_comes_without_an_order(
    receiver: Receiver, body: bytes
) -> None:
    assert await receiver.sent(body) == 200
    assert [one.order_id for one in receiver.taken] == [None]


async def test_what_alipay_has_not_signed_never_comes_to_the_handler(
    receiver: Receiver,
) -> None:
    forged = paid_notification("A-1", attempt=2)
    assert await receiver.sent(paid_notification("A-1"), received=forged) == 401
    assert await receiver.sent(b"[]") == 400
    assert await receiver.sent(b" " * (LARGEST_BODY + 1)) == 413
    assert receiver.taken == []
