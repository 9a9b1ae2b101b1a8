"""Callbacks: the shop must accept the test event, and no forged one."""

import json
from pathlib import Path

import httpx
import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from activities.shop.connections import open_shop_connections
from cashier.doctor.checks.callbacks import TEST_EVENT, check_callbacks
from cashier.doctor.checks.findings import Finding, State
from cashier.system.home import Home, new_callback_secret
from settings.worker import WorkerSettings
from storefront.payment_api import outcomes
from storefront.settings import StorefrontSettings
from tests.cashier.doctor.checking import (
    answering,
    assert_wrong,
    lines_of,
    worker_settings,
)
from tests.storefront.customer import a_customer
from tests.storefront.played_api import API_KEY, PlayedApi

SECRET_PATH = "/hooks/of-nobody-elses-business"


def a_shop(settings: WorkerSettings) -> httpx.AsyncClient:
    """Return connections to a shop that verifies and accepts whatever is signed."""
    [secret] = settings.callback_secrets()

    def hear(request: httpx.Request) -> httpx.Response:
        try:
            Webhook(secret).verify(request.content, dict(request.headers))
        except WebhookVerificationError:
            return httpx.Response(401)
        return httpx.Response(204)

    return answering(hear)


async def found_by(
    settings: WorkerSettings, http: httpx.AsyncClient
) -> dict[str, Finding]:
    async with http:
        return await lines_of(check_callbacks(settings, http))


async def test_a_shop_that_accepts_and_verifies_is_well(home: Home) -> None:
    settings = worker_settings(home)
    found = await found_by(settings, a_shop(settings))
    assert {name: one.state for name, one in found.items()} == {
        "test event": State.OK,
        "forged event": State.OK,
    }


async def test_the_test_event_is_of_no_order_and_of_no_money(home: Home) -> None:
    sent: list[httpx.Request] = []

    def note(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(401)

    await found_by(worker_settings(home), answering(note))
    [request] = sent
    event = json.loads(request.content)
    assert event["type"] == event["data"]["type"] == TEST_EVENT == outcomes.TEST_EVENT
    assert event["data"].keys() == {"id", "order_id", "type", "occurred_at"}
    assert event["data"]["order_id"].startswith("cashier-doctor-")
    assert event["data"]["id"] == request.headers["webhook-id"]


async def test_the_demo_shop_accepts_the_test_event_and_changes_nothing(
    home: Home, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "key").write_text(API_KEY)
    of_shop = StorefrontSettings.model_validate(
        {
            "api_url": "http://api.example",
            "api_key_file": tmp_path / "key",
            "callback_secrets_file": home.callback_secrets,
            "database": tmp_path / "shop.sqlite",
        }
    )
    settings = worker_settings(
        home, callback_url="http://127.0.0.1:8000/webhooks/cashier"
    )
    async with a_customer(of_shop, PlayedApi()) as customer:
        await customer.buy()
        before = await customer.order()
        lines = await lines_of(check_callbacks(settings, customer.http))
        assert await customer.order() == before
        assert await customer.shop.orders.callbacks_of(before) == []
    assert {one.state for one in lines.values()} == {State.OK}
    assert "does not know" not in caplog.text


async def test_without_a_callback_url_nothing_is_sent(home: Home) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise AssertionError

    settings = worker_settings(home, callback_url=None)
    [found] = (await found_by(settings, answering(fail))).values()
    assert found.state is State.OK
    assert "not set" in found.why


async def test_a_shop_with_another_secret_is_named(home: Home) -> None:
    other = a_shop(worker_settings(home))
    home.callback_secrets.write_text(new_callback_secret())
    found = await found_by(worker_settings(home), other)
    assert [*found] == ["test event"]
    assert_wrong(found["test event"], "CASHIER_CALLBACK_SECRETS_FILE", "HTTP 401")


async def test_a_shop_that_believes_a_forged_event_is_named(home: Home) -> None:
    found = await found_by(
        worker_settings(home), answering(lambda _: httpx.Response(200))
    )
    assert found["test event"].state is State.OK
    assert_wrong(found["forged event"], "forged signature", "verify")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(404), ("HTTP 404", "CASHIER_CALLBACK_URL")),
        (httpx.Response(403), ("HTTP 403", "CASHIER_CALLBACK_SECRETS_FILE")),
        (httpx.Response(400), ("HTTP 400", "unknown type", "2xx")),
        (httpx.Response(500), ("HTTP 500", "callback-not-accepted")),
        (
            httpx.Response(308, headers={"location": "https://shop.example/new"}),
            ("HTTP 308", "CASHIER_CALLBACK_REDIRECTS"),
        ),
    ],
)
async def test_a_shop_that_does_not_accept_is_told_with_its_answer(
    home: Home, answer: httpx.Response, words: tuple[str, ...]
) -> None:
    found = await found_by(worker_settings(home), answering(lambda _: answer))
    assert_wrong(found["test event"], *words)


async def test_redirects_are_followed_where_the_worker_would(home: Home) -> None:
    settings = worker_settings(home, callback_redirects=True)
    inner = a_shop(settings)

    async def moved(request: httpx.Request) -> httpx.Response:
        if request.url.path != "/new":
            return httpx.Response(307, headers={"location": "/new"})
        answer = await inner.send(request)
        return httpx.Response(answer.status_code)

    http = httpx.AsyncClient(transport=httpx.MockTransport(moved))
    found = await found_by(settings, http)
    assert {one.state for one in found.values()} == {State.OK}


async def test_a_shop_that_is_away_is_named_by_its_host_and_no_more(
    home: Home,
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"no way to {request.url}")

    url = f"https://shop.example:8443{SECRET_PATH}?token=s3cret"
    settings = worker_settings(home, callback_url=url)
    found = (await found_by(settings, answering(fail)))["test event"]
    assert_wrong(found, "shop.example:8443 cannot be reached (ConnectError)")
    assert SECRET_PATH not in found.why + found.todo
    assert "s3cret" not in found.why + found.todo


@pytest.mark.parametrize(
    ("url", "allowed", "address", "words"),
    [
        (
            *("https://shop.example/hook", False, "10.0.0.7"),
            ("not public", "CASHIER_CALLBACK_PRIVATE_ADDRESSES"),
        ),
        (
            *("http://shop.example/hook", True, "93.184.216.34"),
            ("public address", "must begin with https://"),
        ),
    ],
)
async def test_an_address_to_which_no_callback_may_go_is_named(
    home: Home, url: str, allowed: bool, address: str, words: tuple[str, ...]
) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return [address]

    settings = worker_settings(
        home, callback_url=url, callback_private_addresses=allowed
    )
    http = open_shop_connections(private_addresses=allowed, resolve=resolve)
    found = await found_by(settings, http)
    assert_wrong(found["test event"], *words)
