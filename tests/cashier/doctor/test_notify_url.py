"""The notify URL from outside in: only our API's own refusal will do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from temporalio.testing import WorkflowEnvironment

from api.app import create_app
from cashier.doctor.checks.findings import Finding, State
from cashier.doctor.checks.notify_url import check_notify_url
from cashier.system.home import CLIENT_ID, write_public_key
from settings.shared import Settings
from tests.api.running import settings_in
from tests.cashier.doctor.checking import answering, assert_wrong, lines_of


@pytest.fixture
def alipay_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def settings(tmp_path: Path, alipay_key: rsa.RSAPrivateKey) -> Settings:
    return settings_in(tmp_path, alipay_key)


@asynccontextmanager
async def our_api(
    settings: Settings, env: WorkflowEnvironment, *, without: str = ""
) -> AsyncIterator[httpx.AsyncClient]:
    """Return connections to our API, behind a proxy that cuts `/pay` off the path.

    Args:
        settings: Of the API.
        env: Where its Temporal is.
        without: A header that the proxy takes away.
    """
    inner = httpx.ASGITransport(create_app(settings, env.client))  # type: ignore[arg-type]

    async def proxied(request: httpx.Request) -> httpx.Response:
        url = request.url.copy_with(path=request.url.path.removeprefix("/pay"))
        headers = [
            (name, value)
            for name, value in request.headers.items()
            if name.lower() != without
        ]
        passed = httpx.Request("POST", url, headers=headers, content=request.content)
        answer = await inner.handle_async_request(passed)
        return httpx.Response(
            answer.status_code, headers=answer.headers, content=await answer.aread()
        )

    async with httpx.AsyncClient(transport=httpx.MockTransport(proxied)) as http:
        yield http


async def answer_of(settings: Settings, http: httpx.AsyncClient) -> Finding:
    return (await lines_of(check_notify_url(settings, http)))["answer"]


async def test_our_api_behind_its_proxy_refuses_the_forged_notification(
    settings: Settings, dev_server: WorkflowEnvironment
) -> None:
    async with our_api(settings, dev_server) as http:
        found = await answer_of(settings, http)
    assert found.state is State.OK
    assert "shop.example" in found.why


async def test_an_api_of_another_client_id_is_named(
    settings: Settings, dev_server: WorkflowEnvironment
) -> None:
    other = settings.model_copy(update={"client_id": CLIENT_ID})
    async with our_api(other, dev_server) as http:
        assert_wrong(await answer_of(settings, http), "another CASHIER_CLIENT_ID")


async def test_an_api_with_other_keys_of_alipay_is_named(
    settings: Settings, dev_server: WorkflowEnvironment
) -> None:
    async with our_api(settings, dev_server) as http:
        _ = settings.alipay_keys
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        # Here only, and after the API has read its own.
        await answer_of(settings, http)
        write_public_key(key, settings.alipay_keys_dir / "2.pem")
        found = await answer_of(settings, http)
    assert_wrong(found, "CASHIER_ALIPAY_KEYS_DIR", "keyVersion 2")


@pytest.mark.parametrize("header", ["signature", "request-time"])
async def test_a_proxy_that_takes_headers_away_is_named(
    settings: Settings, dev_server: WorkflowEnvironment, header: str
) -> None:
    async with our_api(settings, dev_server, without=header) as http:
        assert_wrong(await answer_of(settings, http), "proxy", header, "docs/proxy.md")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(404), ("HTTP 404", "does not lead to our API")),
        (httpx.Response(405), ("HTTP 405", "does not lead to our API")),
        (
            httpx.Response(307, headers={"location": "https://www.shop.example/"}),
            ("HTTP 307", "Alipay does not follow"),
        ),
        (httpx.Response(301), ("HTTP 301",)),
        (httpx.Response(401), ("not from our API", "login")),
        (httpx.Response(401, json={"detail": "no"}), ("not from our API", "login")),
        (httpx.Response(403), ("HTTP 403", "login")),
        (httpx.Response(200, json={}), ("forged notification is acknowledged",)),
        (httpx.Response(502), ("HTTP 502", "does not reach the API")),
        (httpx.Response(418), ("HTTP 418", "not from our API")),
    ],
)
async def test_whatever_else_answers_is_told_apart(
    settings: Settings, answer: httpx.Response, words: tuple[str, ...]
) -> None:
    async with answering(lambda _: answer) as http:
        assert_wrong(await answer_of(settings, http), *words)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (httpx.ConnectError("Name or service not known"), ("cannot be reached",)),
        (httpx.ReadTimeout(""), ("ReadTimeout",)),
        (
            httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed"),
            ("certificate of shop.example is not valid",),
        ),
    ],
)
async def test_a_url_that_cannot_be_reached_is_named_by_its_host(
    settings: Settings, error: httpx.TransportError, words: tuple[str, ...]
) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    async with answering(fail) as http:
        assert_wrong(await answer_of(settings, http), "shop.example", *words)


async def test_no_more_of_an_answer_is_read_than_ours_are_long(
    settings: Settings,
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1000

    async with answering(lambda _: httpx.Response(401, content=endless())) as http:
        assert_wrong(await answer_of(settings, http), "not from our API")
