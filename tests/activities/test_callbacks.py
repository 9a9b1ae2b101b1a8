"""What the shop is sent, and what counts as accepted."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.callbacks import CallbackActivities
from contracts import Money, ShopAnswer, ShopEvent

NEW, OLD = "whsec_" + "QUJD" * 11, "whsec_" + "REVG" * 11
URL = "https://shop.example/hooks/cashier"
EVENT = ShopEvent(
    id="coffee-1_1-paid",
    type="payment.paid",
    occurred_at=datetime(2026, 11, 24, 10, 2, 41, tzinfo=UTC),
    order_id="coffee-1",
    payment_request_id="coffee-1_1",
    payment_id="202611240000000001",
    amount=Money(currency="PHP", value=131400),
    outcome="PAID",
    paid_at="2026-11-24T03:02:40-07:00",
)


class PlayedShop:
    """A shop's endpoint that answers as told and keeps what it got."""

    def __init__(self, answer: httpx.Response | httpx.HTTPError) -> None:
        self.got: list[httpx.Request] = []
        self._answer = answer

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.got.append(request)
        if isinstance(self._answer, httpx.HTTPError):
            raise self._answer
        return self._answer


async def tell(
    shop: PlayedShop,
    *,
    url: str | None = URL,
    secrets: tuple[str, ...] = (NEW, OLD),
) -> ShopAnswer:
    async with httpx.AsyncClient(transport=httpx.MockTransport(shop)) as http:
        callbacks = CallbackActivities(http, url=url, secrets=secrets)
        answer: ShopAnswer = await ActivityEnvironment().run(callbacks.tell_shop, EVENT)
        return answer


@pytest.mark.parametrize("secret", [NEW, OLD])
async def test_the_shop_verifies_with_either_secret_while_they_change(
    secret: str,
) -> None:
    shop = PlayedShop(httpx.Response(204))
    answer = await tell(shop)
    (request,) = shop.got
    told: Any = Webhook(secret).verify(request.content, dict(request.headers))
    assert answer.http_status == 204
    assert str(request.url) == URL
    assert request.headers["webhook-id"] == EVENT.id
    assert told["type"] == "payment.paid"
    assert told["data"]["order_id"] == "coffee-1"
    assert told["data"]["amount"] == {"currency": "PHP", "value": 131400}


async def test_a_changed_body_does_not_verify() -> None:
    shop = PlayedShop(httpx.Response(200))
    await tell(shop)
    (request,) = shop.got
    forged = request.content.replace(b"131400", b"131401")
    assert forged != request.content
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(forged, dict(request.headers))


async def test_a_repeat_is_the_same_event_with_the_same_body() -> None:
    shop = PlayedShop(httpx.Response(200))
    await tell(shop)
    await tell(shop)
    first, second = shop.got
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.content == second.content
    assert json.loads(first.content)["timestamp"] == "2026-11-24T10:02:41Z"


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 410, 429, 500, 503])
async def test_anything_but_a_2xx_is_not_accepted(status: int) -> None:
    elsewhere = {"Location": "https://elsewhere.example/"}
    shop = PlayedShop(httpx.Response(status, headers=elsewhere))
    with pytest.raises(ApplicationError, match=f"HTTP {status}") as refused:
        await tell(shop)
    assert refused.value.non_retryable is False
    assert len(shop.got) == 1  # and no redirect is followed


async def test_a_shop_that_cannot_be_reached_is_told_again() -> None:
    shop = PlayedShop(httpx.ConnectTimeout(f"connecting to {URL} took too long"))
    with pytest.raises(ApplicationError, match="could not be reached") as failed:
        await tell(shop)
    assert failed.value.non_retryable is False
    # The address may hold a token of the shop's.
    assert "shop.example" not in str(failed.value)


@pytest.mark.parametrize(("url", "secrets"), [(None, (NEW,)), (URL, ())])
async def test_a_worker_without_the_settings_says_which(
    url: str | None, secrets: tuple[str, ...]
) -> None:
    shop = PlayedShop(httpx.Response(200))
    with pytest.raises(ApplicationError, match="CASHIER_CALLBACK_URL") as failed:
        await tell(shop, url=url, secrets=secrets)
    assert failed.value.non_retryable is False
    assert shop.got == []


async def test_of_an_endless_answer_only_the_status_is_read() -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"x" * 1024

    answer = await tell(PlayedShop(httpx.Response(200, content=endless())))
    assert answer.http_status == 200
    assert read <= 1
