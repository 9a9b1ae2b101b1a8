"""The API on a real socket: what is too large, too slow, or no HTTP at all."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest

from alipay.messages import Message
from alipay.signing import sign
from api.notifications.verification import LARGEST_BODY
from http_server.bounds import LARGEST_HEAD
from tests.api.running import (
    API_KEY,
    CLIENT_ID,
    NOTIFICATIONS,
    SIGNED_PATH,
    Shop,
    alipays_time,
    paid_notification,
    settings_in,
)
from tests.builders import a_page
from tests.fakes import FakeAlipay
from tests.fuzz.serving import complaints, served_api
from tests.http_server.calling import Caller

MANY = 200
# Far beyond any order: a hundred articles with all their texts are not half of it.
HUGE = 8 * 1024 * 1024


@pytest.fixture(scope="module")
async def port(
    shop: Shop,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[int]:
    folder = tmp_path_factory.mktemp("served")
    settings = settings_in(folder, shop.alipay_key)
    async with served_api(settings, shop.client) as port:
        yield port


async def is_well(port: int) -> bool:
    """Whether other calls are answered, and soon."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        async with asyncio.timeout(5):
            return (await http.get("/health/live")).status_code == 200


def notification(shop: Shop, body: bytes) -> tuple[bytes, bytes]:
    """Return the head, without an end, and the body of a signed notification."""
    now = alipays_time()
    message = Message("POST", SIGNED_PATH, CLIENT_ID, now, body)
    signature = sign(message, shop.alipay_key)
    head = (
        f"POST {NOTIFICATIONS} HTTP/1.1\r\nHost: api.test\r\n"
        f"Signature: {signature}\r\nRequest-Time: {now}\r\n"
        f"Client-Id: {CLIENT_ID}\r\n"
    )
    return head.encode(), body


def chunk(part: bytes) -> bytes:
    return f"{len(part):x}\r\n".encode() + part + b"\r\n"


# ---- too large ----


async def test_a_notification_as_large_as_the_limit_is_read(
    port: int, shop: Shop
) -> None:
    order_id = await shop.opens(FakeAlipay(pay=[a_page()]))
    head, body = notification(shop, paid_notification(order_id).ljust(LARGEST_BODY))
    async with AsyncExitStack() as stack:
        caller = await Caller.to(port, stack)
        await caller.send(head + b"Content-Length: %d\r\n\r\n" % len(body), body)
        assert await caller.status() == 200
    assert (await shop.look(order_id))["outcome"] == "PAID"


@pytest.mark.parametrize("told", [True, False], ids=["told", "in chunks"])
async def test_a_notification_beyond_the_limit_is_refused_before_its_end(
    told: bool, port: int, shop: Shop
) -> None:
    head, _ = notification(shop, b"")
    async with AsyncExitStack() as stack:
        caller = await Caller.to(port, stack)
        if told:
            await caller.send(head + b"Content-Length: 10000000000\r\n\r\n")
            await caller.send(b" " * (LARGEST_BODY + 1))
        else:
            await caller.send(head + b"Transfer-Encoding: chunked\r\n\r\n")
            await caller.send(chunk(b" " * LARGEST_BODY), chunk(b" "))
        async with asyncio.timeout(5):
            assert await caller.status() == 413
    assert await is_well(port)


@pytest.mark.parametrize("key", [API_KEY, "wrong"], ids=["with key", "without"])
async def test_an_order_of_many_megabytes_is_refused(key: str, port: int) -> None:
    body = json.dumps({"description": "x" * HUGE}).encode()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        response = await http.post(
            "/payments",
            content=body,
            headers={
                "Authorization": f"Bearer {key}",
                "Content-Type": "application/json",
            },
        )
    assert response.status_code == 413


@pytest.mark.parametrize("told", [True, False], ids=["told", "in chunks"])
async def test_a_stranger_cannot_make_the_api_read_an_endless_order(
    told: bool, port: int
) -> None:
    head = b"POST /payments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    length = b"Content-Length: 10000000000" if told else b"Transfer-Encoding: chunked"
    part = b" " * 65_536
    async with AsyncExitStack() as stack:
        caller = await Caller.to(port, stack)
        await caller.send(head + length + b"\r\n\r\n")
        answer = asyncio.create_task(caller.status())
        for _ in range(HUGE // len(part)):
            await caller.send(part if told else chunk(part))
        # Refused by now, though the end of it never comes.
        done, _pending = await asyncio.wait({answer}, timeout=2)
        answer.cancel()
        assert done, "still reading"
        assert answer.result() in (401, 413)


async def test_headers_beyond_the_limit_are_refused_while_they_come(port: int) -> None:
    async with AsyncExitStack() as stack:
        caller = await Caller.to(port, stack)
        await caller.send(b"GET /health/live HTTP/1.1\r\nHost: x\r\nX: ")
        await caller.send(b"x" * (LARGEST_HEAD + 1))
        async with asyncio.timeout(5):
            assert await caller.status() in (400, 431)
    assert await is_well(port)


async def test_a_thousand_kilobytes_of_headers_in_one_piece_are_refused(
    port: int,
) -> None:
    many = b"".join(b"X-%d: %s\r\n" % (number, b"x" * 100) for number in range(10_000))
    async with AsyncExitStack() as stack:
        caller = await Caller.to(port, stack)
        sending = asyncio.create_task(
            caller.send(b"GET /health/live HTTP/1.1\r\nHost: x\r\n" + many + b"\r\n")
        )
        async with asyncio.timeout(5):
            assert await caller.status() in (400, 431)
        await asyncio.gather(sending, return_exceptions=True)
    assert await is_well(port)


async def test_real_headers_are_far_below_the_limit(shop: Shop) -> None:
    head, _ = notification(shop, b"")
    assert len(head) * 8 < LARGEST_HEAD


# ---- too slow ----


async def test_many_slow_calls_hold_up_nobody(port: int, shop: Shop) -> None:
    head, body = notification(shop, paid_notification("nobody-knows"))
    length = b"Content-Length: %d\r\n\r\n" % len(body)
    async with AsyncExitStack() as stack:
        for number in range(MANY):
            caller = await Caller.to(port, stack)
            # One stops in its headers, one in its body, one before it says anything.
            begun = (head[:40], head + length + body[:40], b"")[number % 3]
            await caller.send(begun)
        assert await is_well(port)
        order_id = await shop.opens(FakeAlipay(pay=[a_page()]))
        head, body = notification(shop, paid_notification(order_id))
        caller = await Caller.to(port, stack)
        await caller.send(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        async with asyncio.timeout(5):
            assert await caller.status() == 200


async def test_a_notification_in_single_bytes_is_read(port: int, shop: Shop) -> None:
    order_id = await shop.opens(FakeAlipay(pay=[a_page()]))
    head, body = notification(shop, paid_notification(order_id))
    call = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    async with AsyncExitStack() as stack:
        caller = await Caller.to(port, stack)
        await caller.send(*(call[i : i + 1] for i in range(len(call))))
        assert await caller.status() == 200
    assert (await shop.look(order_id))["outcome"] == "PAID"


# ---- cut short, or no HTTP ----


@pytest.mark.parametrize("path", [NOTIFICATIONS, "/payments"])
async def test_a_call_cut_short_is_no_error_of_ours(path: str, port: int) -> None:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {API_KEY}\r\n"
    ).encode()
    with complaints() as heard:
        for begun in (
            head[:30],
            head,
            head + b"Content-Length: 1000\r\n\r\n",
            head + b"Content-Length: 1000\r\n\r\n{",
            head + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
        ):
            async with AsyncExitStack() as stack:
                caller = await Caller.to(port, stack)
                await caller.send(begun)
                assert b" 200 " not in await caller.end()
            assert await is_well(port)
    assert heard == []


POST = f"POST {NOTIFICATIONS} HTTP/1.1\r\nHost: x\r\n".encode()
NO_HTTP = {
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no version": b"GET /health/live\r\n\r\n",
    "NULs": bytes(1000),
    "a header with a NUL": b"GET /health/live HTTP/1.1\r\nHost: x\r\nX: \x00\r\n\r\n",
    "a folded Host": b"GET /health/live HTTP/1.1\r\nHost\r\n : x\r\n\r\n",
    "no Host": b"GET /health/live HTTP/1.1\r\n\r\n",
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
    "a negative length": POST + b"Content-Length: -1\r\n\r\n",
    "a length that is no number": POST + b"Content-Length: x\r\n\r\n",
    "a length of 5,000 digits": POST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
    "an unknown encoding": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
    "a bad chunk": POST + b"Transfer-Encoding: chunked\r\n\r\nx\r\n",
    "a chunk without end": POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 99,
}


@pytest.mark.parametrize("name", NO_HTTP)
async def test_what_is_no_http_is_refused_and_harms_nobody(
    name: str, port: int
) -> None:
    with complaints() as heard:
        async with AsyncExitStack() as stack:
            caller = await Caller.to(port, stack)
            await caller.send(NO_HTTP[name])
            async with asyncio.timeout(5):
                answer = await caller.end()
        status = int(answer.split()[1]) if answer else 400
        assert 400 <= status < 500 or status == 501, answer
        assert await is_well(port)
    assert heard == []
