"""Behind a proxy: tunnels for https to public hosts, and nothing else uses it."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from activities.shop.connections import PrivateAddressError
from alipay.errors import NoVerdictError
from cashier.system.home import Home
from cashier.system.ports import Ports
from settings.worker import WorkerSettings
from tests.activities.proxying import Proxy, a_proxy
from tests.activities.serving import HERE, a_server, certified
from tests.alipay.gateway import a_pay_request
from worker import open_alipay_connections, open_callback_connections

# Nothing but the proxy knows where it is.
HOST = "alipay.invalid"
LOGIN = "cashier:p%40ss"


@pytest.fixture
def worker_settings(tmp_path: Path) -> dict[str, str]:
    home = Home(tmp_path / "home")
    home.prepare()
    environment = home.environment(Ports())
    given = {
        name.removeprefix("CASHIER_").lower(): value
        for name, value in environment.items()
        if name.startswith("CASHIER_")
    }
    private = {"callback_private_addresses": "false"}
    return {**given, **private, "alipay_host": f"https://{HOST}"}


@asynccontextmanager
async def the_internet(
    folder: Path,
    key: RSAPrivateKey,
    monkeypatch: pytest.MonkeyPatch,
    *,
    name: str = HOST,
    answer: int = 200,
) -> AsyncIterator[Proxy]:
    """A server with TLS, whose certificate is trusted, behind a proxy."""
    serving, _ = certified(name, folder, key)
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "server.pem"))
    async with (
        a_server(serving) as port,
        a_proxy({f"{HOST}:443": port}, answer=answer) as proxy,
    ):
        yield proxy


def settings_of(given: dict[str, str], proxy: str) -> WorkerSettings:
    return WorkerSettings.model_validate({**given, "outgoing_proxy": proxy})


async def test_alipay_is_called_through_a_tunnel_that_shows_nothing_of_the_call(
    worker_settings: dict[str, str],
    tmp_path: Path,
    merchant_key: RSAPrivateKey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with the_internet(tmp_path, merchant_key, monkeypatch) as proxy:
        url = proxy.url.replace("://", f"://{LOGIN}@")
        settings = settings_of(worker_settings, url)
        async with open_alipay_connections(settings) as http:
            # The server behind the proxy gives no answer, so it was reached.
            with pytest.raises(NoVerdictError, match="HTTP 204"):
                await settings.alipay_client(http).pay(a_pay_request())
    assert proxy.asked == [f"CONNECT {HOST}:443 HTTP/1.1"]
    credentials = base64.b64encode(b"cashier:p@ss").decode()
    assert f"Proxy-Authorization: Basic {credentials}" in proxy.heads[0]
    assert proxy.bytes_seen
    assert b"ams/" not in proxy.bytes_seen
    assert credentials.encode() not in proxy.bytes_seen


async def test_the_certificate_is_verified_for_alipay_and_not_for_the_proxy(
    worker_settings: dict[str, str],
    tmp_path: Path,
    merchant_key: RSAPrivateKey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with the_internet(
        tmp_path, merchant_key, monkeypatch, name="another.example"
    ) as proxy:
        settings = settings_of(worker_settings, proxy.url)
        async with open_alipay_connections(settings) as http:
            with pytest.raises(NoVerdictError, match="ConnectError"):
                await settings.alipay_client(http).pay(a_pay_request())
    assert proxy.asked != []


async def test_a_proxy_that_refuses_is_named_with_its_status_and_shows_no_password(
    worker_settings: dict[str, str],
    tmp_path: Path,
    merchant_key: RSAPrivateKey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with the_internet(tmp_path, merchant_key, monkeypatch, answer=407) as proxy:
        url = proxy.url.replace("://", f"://{LOGIN}@")
        settings = settings_of(worker_settings, url)
        async with open_alipay_connections(settings) as http:
            with pytest.raises(NoVerdictError) as refused:
                await settings.alipay_client(http).pay(a_pay_request())
    assert str(refused.value) == "pay: ProxyError 407"
    shown = f"{settings!r} {settings} {refused.value!r} {settings.model_dump()}"
    assert "p%40ss" not in shown
    assert "p@ss" not in shown


async def test_a_public_shop_is_called_through_the_proxy(
    worker_settings: dict[str, str],
    tmp_path: Path,
    merchant_key: RSAPrivateKey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with the_internet(tmp_path, merchant_key, monkeypatch) as proxy:
        settings = settings_of(worker_settings, proxy.url)
        async with open_callback_connections(settings) as http:
            answer = await http.post(f"https://{HOST}/hooks?wc-api=cashier")
    assert answer.is_success
    assert proxy.asked == [f"CONNECT {HOST}:443 HTTP/1.1"]


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/hooks",
        "https://127.1/hooks",
        "https://[::ffff:10.0.0.3]/hooks",
        "https://169.254.169.254/latest",
        "https://localhost./hooks",
        "https://intranet/hooks",
        f"http://{HOST}/hooks",
    ],
)
async def test_a_private_url_never_reaches_the_proxy(
    url: str, worker_settings: dict[str, str]
) -> None:
    async with a_proxy({}) as proxy:
        settings = settings_of(worker_settings, proxy.url)
        async with open_callback_connections(settings) as http:
            with pytest.raises(PrivateAddressError):
                await http.post(url)
    assert proxy.heads == []


async def test_a_shop_in_the_own_network_is_called_without_the_proxy(
    worker_settings: dict[str, str],
) -> None:
    given = {**worker_settings, "callback_private_addresses": "true"}
    async with a_server(None) as port, a_proxy({}) as proxy:
        settings = settings_of(given, proxy.url)
        async with open_callback_connections(settings) as http:
            answer = await http.post(f"http://{HERE}:{port}/hooks")
    assert answer.is_success
    assert proxy.heads == []


async def test_a_simulator_on_this_machine_is_called_without_the_proxy(
    worker_settings: dict[str, str],
) -> None:
    async with a_server(None) as port, a_proxy({}) as proxy:
        given = {**worker_settings, "alipay_host": f"http://{HERE}:{port}"}
        settings = settings_of(given, proxy.url)
        async with open_alipay_connections(settings) as http:
            with pytest.raises(NoVerdictError, match="HTTP 204"):
                await settings.alipay_client(http).pay(a_pay_request())
    assert proxy.heads == []


async def test_a_proxy_that_is_away_is_a_network_that_fails(
    worker_settings: dict[str, str],
) -> None:
    settings = settings_of(worker_settings, f"http://{HERE}:9")
    async with open_alipay_connections(settings) as http:
        with pytest.raises(NoVerdictError, match="ConnectError"):
            await settings.alipay_client(http).pay(a_pay_request())
    async with open_callback_connections(settings) as http:
        with pytest.raises(httpx.ConnectError):
            await http.post(f"https://{HOST}/hooks")
