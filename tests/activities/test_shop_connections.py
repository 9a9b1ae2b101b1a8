"""A callback goes to the very address that was checked, and to no private one."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from activities.shop.connections import (
    CheckedAddresses,
    PrivateAddressError,
    UnencryptedError,
    open_shop_connections,
    resolve,
)
from tests.activities.serving import HERE, a_server, certified

HOST = "shop.example"
URL = f"https://{HOST}/webhooks"


class Wire(httpx.AsyncBaseTransport):
    """Records requests with their addresses; some addresses do not answer."""

    def __init__(self, *silent: str) -> None:
        self.sent: list[httpx.Request] = []
        self._silent = silent

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        if request.url.host in self._silent:
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(204)


class Names:
    """Resolves a name to other addresses each time."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.asked: list[tuple[str, int]] = []
        self._answers = answers

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        answer = self._answers[min(len(self.asked), len(self._answers) - 1)]
        self.asked.append((host, port))
        if not answer:
            raise OSError("Name or service not known")
        return answer


async def post(
    wire: httpx.AsyncBaseTransport,
    names: Names,
    *,
    url: str = URL,
    private_addresses: bool = False,
) -> httpx.Response:
    checked = CheckedAddresses(wire, private_addresses=private_addresses, resolve=names)
    async with httpx.AsyncClient(transport=checked) as http:
        return await http.post(url, content=b"{}")


async def test_the_call_goes_to_the_address_that_was_checked_under_its_name() -> None:
    wire, names = Wire(), Names(["93.184.216.34"], [HERE])
    await post(wire, names)
    [request] = wire.sent
    assert names.asked == [(HOST, 443)]  # a second look-up may differ
    assert request.url.host == "93.184.216.34"
    assert request.headers["Host"] == HOST
    assert request.extensions["sni_hostname"] == HOST
    assert (request.url.path, await request.aread()) == ("/webhooks", b"{}")


@pytest.mark.parametrize(
    "addresses", [[HERE], ["93.184.216.34", "10.0.0.3"], ["169.254.169.254"], ["::1"]]
)
async def test_a_name_with_a_private_address_is_refused(addresses: list[str]) -> None:
    wire = Wire()
    with pytest.raises(PrivateAddressError, match=HOST) as refused:
        await post(wire, Names(addresses))
    assert "webhooks" not in str(refused.value)
    assert wire.sent == []
    assert (await post(wire, Names(addresses), private_addresses=True)).is_success


@pytest.mark.parametrize("addresses", [["93.184.216.34"], ["10.0.0.3", "2600::1"]])
async def test_without_tls_a_call_goes_to_private_addresses_only(
    addresses: list[str],
) -> None:
    wire, url = Wire(), f"http://{HOST}/webhooks"
    with pytest.raises(UnencryptedError, match=HOST):
        await post(wire, Names(addresses), url=url, private_addresses=True)
    assert wire.sent == []
    answer = await post(wire, Names(["10.0.0.3"]), url=url, private_addresses=True)
    assert answer.is_success


async def test_a_name_that_turns_private_is_refused_from_then_on() -> None:
    wire, names = Wire(), Names(["93.184.216.34"], [HERE])
    await post(wire, names)
    with pytest.raises(PrivateAddressError):
        await post(wire, names)
    assert len(wire.sent) == 1


@pytest.mark.parametrize("host", ["127.1", "0x7f000001", "2130706433", "[::1]"])
async def test_odd_ways_to_write_this_machine_are_refused_too(host: str) -> None:
    async with open_shop_connections(private_addresses=False) as http:
        with pytest.raises(PrivateAddressError):
            await http.post(f"http://{host}:9/")


async def test_where_one_address_does_not_listen_the_next_one_is_tried() -> None:
    wire = Wire("93.184.216.34")
    answer = await post(wire, Names(["93.184.216.34", "93.184.216.35"]))
    assert answer.is_success
    assert [one.url.host for one in wire.sent] == ["93.184.216.34", "93.184.216.35"]


async def test_a_name_that_is_not_known_is_a_shop_that_is_not_reached() -> None:
    with pytest.raises(httpx.ConnectError):
        await post(Wire(), Names([]))


async def test_no_proxy_of_the_environment_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    async with (
        a_server(None) as port,
        open_shop_connections(private_addresses=True) as http,
    ):
        answer = await http.post(f"http://127.0.0.1:{port}/")
    assert answer.is_success


@pytest.mark.parametrize("name", [HOST, "another.example"])
async def test_the_certificate_is_verified_for_the_name_and_not_for_the_address(
    name: str, tmp_path: Path, merchant_key: RSAPrivateKey
) -> None:
    serving, trusting = certified(name, tmp_path, merchant_key)
    async with a_server(serving) as port:
        wire = httpx.AsyncHTTPTransport(verify=trusting)
        posting = post(
            wire,
            Names([HERE]),
            url=f"https://{HOST}:{port}/",
            private_addresses=True,
        )
        if name == HOST:
            assert (await posting).is_success
        else:
            with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                await posting


def test_lookups_of_the_shop_take_no_thread_from_those_of_alipay() -> None:
    everybody_s = ThreadPoolExecutor(1)
    everybody_s.shutdown()
    # Of its own: other tests need the threads of theirs.
    with closing(asyncio.new_event_loop()) as loop:
        loop.set_default_executor(everybody_s)
        assert loop.run_until_complete(resolve(HERE, 443)) == [HERE]
