"""The callbacks that the shop gets, and the answers that accept them."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment

from activities.callbacks import MOST_REDIRECTS, CallbackActivities
from activities.shop.connections import CheckedAddresses
from contracts import Money, ProvenEvent, ShopAnswer, ShopEvent
from settings.worker import WorkerSettings
from tests.fakes import AnythingPaid

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
PROVEN = ProvenEvent(**EVENT.model_dump())


class FakeShop:
    """A shop's endpoint with scripted answers that records its requests."""

    def __init__(self, *answers: httpx.Response | httpx.HTTPError) -> None:
        self.got: list[httpx.Request] = []
        self._answers = answers

    def __call__(self, request: httpx.Request) -> httpx.Response:
        answer = self._answers[min(len(self.got), len(self._answers) - 1)]
        self.got.append(request)
        if isinstance(answer, httpx.HTTPError):
            raise answer
        return answer


class FakeOrder:
    """The earlier events of an order."""

    def __init__(
        self, *, waits: bool = False, is_sent: bool = False, is_known: bool = True
    ) -> None:
        self._waits = waits
        self._is_sent = is_sent
        self._is_known = is_known

    async def is_waiting(self, event: ShopEvent) -> bool:
        if not self._is_known:
            raise RPCError("away", RPCStatusCode.UNAVAILABLE, b"")
        return self._waits

    async def is_being_sent(self, event: ShopEvent) -> bool:
        return self._is_sent


NOTHING_ELSE = FakeOrder()


async def send(
    shop: FakeShop,
    *,
    url: str | None = URL,
    secrets: Callable[[], Sequence[str]] = lambda: (NEW, OLD),
    order: FakeOrder = NOTHING_ELSE,
    by: str = "CashierPayment",
    redirects: bool = False,
) -> ShopAnswer:
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, workflow_type=by)
    async with httpx.AsyncClient(transport=httpx.MockTransport(shop)) as http:
        callbacks = CallbackActivities(
            http,
            url=url,
            secrets=secrets,
            earlier=order,
            paid=AnythingPaid(),
            redirects=redirects,
        )
        answer: ShopAnswer = await environment.run(callbacks.tell_shop, PROVEN)
        return answer


async def refusal_of(shop: FakeShop, **how: Any) -> ApplicationError:
    with pytest.raises(ApplicationError) as refused:
        await send(shop, **how)
    return refused.value


@pytest.mark.parametrize("secret", [NEW, OLD])
async def test_the_shop_verifies_with_either_secret_while_they_change(
    secret: str,
) -> None:
    shop = FakeShop(httpx.Response(204))
    answer = await send(shop)
    (request,) = shop.got
    body: Any = Webhook(secret).verify(request.content, dict(request.headers))
    assert answer.http_status == 204
    assert str(request.url) == URL
    assert request.headers["webhook-id"] == EVENT.id
    assert body["type"] == "payment.paid"
    assert body["data"]["order_id"] == "coffee-1"
    assert body["data"]["amount"] == {"currency": "PHP", "value": 131400}


@pytest.mark.parametrize(
    ("address", "kind"),
    [("93.184.216.34", "SHOP_NOT_ENCRYPTED"), ("10.0.0.3", "SHOP_ADDRESS_PRIVATE")],
)
async def test_a_shop_at_an_address_that_is_not_allowed_is_not_called(
    address: str, kind: str
) -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return [address]

    shop, is_private = FakeShop(httpx.Response(204)), address == "93.184.216.34"
    wire = CheckedAddresses(
        httpx.MockTransport(shop), private_addresses=is_private, resolve=resolve
    )
    environment = ActivityEnvironment()
    async with httpx.AsyncClient(transport=wire) as http:
        callbacks = CallbackActivities(
            http,
            url="http://shop.example/hooks",
            secrets=lambda: (NEW,),
            earlier=NOTHING_ELSE,
            paid=AnythingPaid(),
        )
        with pytest.raises(ApplicationError) as refused:
            await environment.run(callbacks.tell_shop, PROVEN)
    assert (refused.value.type, shop.got) == (kind, [])


async def test_a_changed_body_does_not_verify() -> None:
    shop = FakeShop(httpx.Response(200))
    await send(shop)
    (request,) = shop.got
    forged = request.content.replace(b"131400", b"131401")
    assert forged != request.content
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(forged, dict(request.headers))


async def test_a_repeat_is_the_same_event_with_the_same_body() -> None:
    shop = FakeShop(httpx.Response(200))
    await send(shop)
    await send(shop)
    first, second = shop.got
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.content == second.content
    assert json.loads(first.content)["timestamp"] == "2026-11-24T10:02:41Z"


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 410, 429, 500, 503])
async def test_anything_but_a_2xx_is_not_accepted(status: int) -> None:
    elsewhere = {"Location": "https://elsewhere.example/"}
    shop = FakeShop(httpx.Response(status, headers=elsewhere))
    with pytest.raises(ApplicationError, match=f"HTTP {status}") as refused:
        await send(shop)
    assert refused.value.non_retryable is False
    assert len(shop.got) == 1  # and no redirect is followed


async def test_a_shop_that_cannot_be_reached_is_called_again() -> None:
    shop = FakeShop(httpx.ConnectTimeout(f"connecting to {URL} took too long"))
    with pytest.raises(ApplicationError, match="could not be reached") as failed:
        await send(shop)
    assert failed.value.non_retryable is False
    # The address may hold a token of the shop's.
    assert "shop.example" not in str(failed.value)


@pytest.mark.parametrize(("url", "secrets"), [(None, (NEW,)), (URL, ())])
async def test_a_worker_without_the_settings_says_which(
    url: str | None, secrets: tuple[str, ...]
) -> None:
    shop = FakeShop(httpx.Response(200))
    failed = await refusal_of(shop, url=url, secrets=lambda: secrets)
    assert "CASHIER_CALLBACK_URL" in failed.message
    assert failed.non_retryable is False
    assert shop.got == []


async def test_of_an_endless_answer_only_the_status_is_read() -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"x" * 1024

    answer = await send(FakeShop(httpx.Response(200, content=endless())))
    assert answer.http_status == 200
    assert read <= 1


# ---- in order ----


@pytest.mark.parametrize(
    "order", [FakeOrder(waits=True), FakeOrder(is_sent=True)], ids=["waits", "sent"]
)
async def test_the_first_try_is_skipped_while_an_earlier_event_waits(
    order: FakeOrder,
) -> None:
    shop = FakeShop(httpx.Response(200))
    refused = await refusal_of(shop, order=order)
    assert (refused.type, refused.non_retryable) == ("EARLIER_UNTOLD", True)
    assert shop.got == []


async def test_the_queue_does_not_wait_for_itself() -> None:
    shop = FakeShop(httpx.Response(200))
    await send(shop, order=FakeOrder(waits=True), by="Callback")
    assert len(shop.got) == 1


async def test_the_queue_waits_for_a_first_try_of_another_workflow() -> None:
    shop = FakeShop(httpx.Response(200))
    refused = await refusal_of(shop, order=FakeOrder(is_sent=True), by="Callback")
    assert (refused.type, refused.non_retryable) == ("EARLIER_UNTOLD", False)
    assert refused.next_retry_delay is not None
    assert shop.got == []


async def test_no_event_is_sent_while_its_turn_is_unknown() -> None:
    shop = FakeShop(httpx.Response(200))
    refused = await refusal_of(shop, order=FakeOrder(is_known=False))
    assert (refused.type, refused.non_retryable) == ("EARLIER_UNKNOWN", False)
    assert shop.got == []


# ---- redirects ----


def elsewhere(status: int = 307, url: str = "https://other.example/x") -> Any:
    return httpx.Response(status, headers={"Location": url})


@pytest.mark.parametrize("status", [307, 308])
async def test_a_redirect_is_followed_only_where_the_setting_allows_it(
    status: int,
) -> None:
    refused = await refusal_of(FakeShop(elsewhere(status), httpx.Response(204)))
    shop = FakeShop(elsewhere(status), httpx.Response(204))
    answer = await send(shop, redirects=True)
    first, second = shop.got
    assert refused.type == "SHOP_REDIRECTS"
    assert "CASHIER_CALLBACK_REDIRECTS" in refused.message
    assert answer.http_status == 204
    assert (second.method, str(second.url)) == ("POST", "https://other.example/x")
    assert second.content == first.content
    Webhook(NEW).verify(second.content, dict(second.headers))


@pytest.mark.parametrize(
    ("answer", "calls"),
    [
        (elsewhere(url="http://other.example/x"), 1),  # from https to http
        (elsewhere(302), 1),  # would become a GET
        (elsewhere(303), 1),
        (elsewhere(), MOST_REDIRECTS + 1),  # without end
    ],
)
async def test_a_redirect_that_is_less_than_the_call_itself_is_not_followed(
    answer: httpx.Response, calls: int
) -> None:
    shop = FakeShop(answer)
    refused = await refusal_of(shop, redirects=True)
    assert (refused.type, refused.non_retryable) == ("SHOP_REDIRECTS", False)
    assert len(shop.got) == calls
    assert "other.example" not in refused.message


# ---- secrets ----


async def test_secrets_are_changed_without_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "secrets"
    file.write_text(f"{OLD}\n")
    settings = WorkerSettings.model_construct(callback_secrets_file=file)
    shop = FakeShop(httpx.Response(200))
    await send(shop, secrets=settings.callback_secrets)
    file.write_text(f"{NEW}\n{OLD}\n")
    await send(shop, secrets=settings.callback_secrets)
    file.write_text(f"{NEW}\n")
    await send(shop, secrets=settings.callback_secrets)
    verified = [
        [secret for secret in (OLD, NEW) if is_signed_with(secret, request)]
        for request in shop.got
    ]
    assert verified == [[OLD], [OLD, NEW], [NEW]]


def is_signed_with(secret: str, request: httpx.Request) -> bool:
    try:
        Webhook(secret).verify(request.content, dict(request.headers))
    except WebhookVerificationError:
        return False
    return True


@pytest.mark.parametrize("content", ["", "\n", f"{NEW}\nwhsec_short\n", "secret\n"])
async def test_a_malformed_file_of_secrets_is_named_and_nothing_is_sent(
    tmp_path: Path, content: str
) -> None:
    file = tmp_path / "secrets"
    file.write_text(content)
    settings = WorkerSettings.model_construct(callback_secrets_file=file)
    shop = FakeShop(httpx.Response(200))
    refused = await refusal_of(shop, secrets=settings.callback_secrets)
    assert refused.type == "CALLBACK_SECRETS_UNREADABLE"
    assert "CASHIER_CALLBACK_SECRETS_FILE: " in refused.message
    assert "whsec_short" not in refused.message
    assert refused.non_retryable is False
    assert shop.got == []
