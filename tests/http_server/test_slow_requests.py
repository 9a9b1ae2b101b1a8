"""Requests that do not arrive: each is ended, and none keeps another one out."""

import asyncio
import logging
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from starlette.types import Receive, Scope, Send

from http_server.bounds import LINE_EVERY_SECONDS, Bounds, IncompleteRequests
from tests.fuzz.serving import complaints
from tests.http_server.calling import Caller, served
from tests.http_server.faces import a_face

SHORT = 0.1
# Far longer than any time of a test's.
LONG = 3600.0
HEAD = b"POST /told HTTP/1.1\r\nHost: a.test\r\n"
BODY_TO_COME = HEAD + b"Content-Length: 100\r\n\r\n"
WHOLE = HEAD + b"Content-Length: 2\r\n\r\nhi"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the body, unless the path says otherwise, and answer it."""
    if scope["type"] != "http":
        return
    body = b""
    if scope["path"] == "/begins":
        await _answer(send, b"begun", more=True)
        await receive()
    if scope["path"] == "/long":
        await asyncio.sleep(3 * SHORT)
    more = scope["path"] == "/told"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message["body"]
        more = message["more_body"]
    if scope["path"] != "/begins":
        await _answer(send, body or b"nothing")


async def _answer(send: Send, body: bytes, *, more: bool = False) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body, "more_body": more})


@pytest.mark.parametrize(
    ("bounds", "begun"),
    [
        (Bounds(header_seconds=SHORT, body_seconds=LONG), b"P"),
        (Bounds(header_seconds=SHORT, body_seconds=LONG), HEAD),
        (Bounds(header_seconds=LONG, body_seconds=SHORT), BODY_TO_COME),
        (Bounds(header_seconds=LONG, body_seconds=SHORT), BODY_TO_COME + b"half"),
    ],
    ids=["one byte", "headers", "no body", "half a body"],
)
@pytest.mark.parametrize("trickles", [False, True], ids=["stops", "trickles"])
async def test_a_request_that_does_not_arrive_is_ended(
    bounds: Bounds, begun: bytes, trickles: bool
) -> None:
    async with served(echo, bounds) as port, AsyncExitStack() as stack:
        caller = await Caller.to(port, stack)
        await caller.send(begun)
        said = await (caller.trickle(SHORT / 5) if trickles else caller.rest())
        if trickles and not said:
            return  # ended under the caller's hands: TCP then drops what was answered
        assert said.startswith(b"HTTP/1.1 408 ")
        assert b"connection: close" in said.lower()


async def test_a_connection_that_says_nothing_is_ended_without_a_word() -> None:
    bounds = Bounds(header_seconds=SHORT, body_seconds=LONG)
    async with served(echo, bounds) as port, AsyncExitStack() as stack:
        assert await (await Caller.to(port, stack)).rest() == b""


async def test_a_later_request_of_a_connection_has_its_own_time() -> None:
    bounds = Bounds(header_seconds=SHORT, body_seconds=LONG)
    async with served(echo, bounds) as port, AsyncExitStack() as stack:
        caller = await Caller.to(port, stack)
        await caller.send(WHOLE + HEAD)
        said = await caller.rest()
        assert said.startswith(b"HTTP/1.1 200 ")
        assert b"HTTP/1.1 408 " in said


async def test_a_body_that_nobody_reads_is_ended_though_the_answer_has_begun() -> None:
    bounds = Bounds(header_seconds=LONG, body_seconds=SHORT)
    for path in (b"/begins", b"/unread"):
        async with served(echo, bounds) as port, AsyncExitStack() as stack:
            caller = await Caller.to(port, stack)
            await caller.send(BODY_TO_COME.replace(b"/told", path))
            said = await caller.trickle(SHORT / 5)
            assert b" 408 " not in said


async def test_an_answer_may_take_longer_than_a_request() -> None:
    bounds = Bounds(header_seconds=SHORT, body_seconds=SHORT)
    async with served(echo, bounds) as port, AsyncExitStack() as stack:
        caller = await Caller.to(port, stack)
        await caller.send(WHOLE.replace(b"/told", b"/long"))
        assert await caller.status() == 200


async def test_one_more_incomplete_request_ends_the_oldest_one() -> None:
    bounds = Bounds(header_seconds=LONG, body_seconds=LONG, most_incomplete=3)
    async with served(echo, bounds) as port, AsyncExitStack() as stack:
        slow = []
        for begun in (HEAD, BODY_TO_COME, HEAD):
            slow.append(await Caller.to(port, stack))
            await slow[-1].send(begun)
            # Whoever is served now has come later than the slow one.
            await _is_answered(port)
        assert (await slow[0].rest()).startswith(b"HTTP/1.1 408 ")
        # The whole ones were through at once, and never the oldest.
        await slow[1].send(b"x" * 100)
        assert await slow[1].status() == 200


async def _is_answered(port: int) -> None:
    async with AsyncExitStack() as stack:
        caller = await Caller.to(port, stack)
        await caller.send(WHOLE)
        assert await caller.status() == 200


async def test_connections_between_two_requests_are_not_incomplete() -> None:
    bounds = Bounds(header_seconds=LONG, body_seconds=LONG, most_incomplete=2)
    async with served(echo, bounds) as port, AsyncExitStack() as stack:
        callers = [await Caller.to(port, stack)]
        await callers[0].send(WHOLE)
        assert await callers[0].status() == 200
        for _ in range(4):
            callers.append(await Caller.to(port, stack))
            await callers[-1].send(WHOLE)
            assert await callers[-1].status() == 200
        await callers[0].answer()
        await callers[0].send(WHOLE)
        assert await callers[0].status() == 200


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("api", "/payments"),
        ("api", "/alipay/notifications/payment"),
        ("codec", "/login"),
        ("simulator", "/ams/api/v1/payments/pay"),
        ("simulator", "/control/faults"),
        ("storefront", "/cart"),
        ("storefront", "/webhooks/cashier"),
    ],
)
async def test_no_application_of_ours_takes_a_slow_body_for_a_defect(
    name: str, path: str, tmp_path: Path, merchant_key: RSAPrivateKey
) -> None:
    app = await a_face(name, tmp_path, merchant_key)
    bounds = Bounds(body_seconds=SHORT)
    kind = "application/x-www-form-urlencoded"
    if "login" not in path and "cart" not in path:
        kind = "application/json"
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: {kind}\r\n"
    head += "Sec-Fetch-Site: same-origin\r\nContent-Length: 9\r\n\r\n{"
    with complaints() as heard:
        async with served(app, bounds) as port, AsyncExitStack() as stack:
            caller = await Caller.to(port, stack)
            await caller.send(head.encode())
            # 401 where a caller is refused before its body is read.
            assert await caller.status() in (401, 408)
    assert heard == []


def test_a_flood_of_slow_requests_is_one_line_a_minute(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = 0.0
    incomplete = IncompleteRequests(most=1, monotonic=lambda: now)
    with caplog.at_level(logging.WARNING, "http_server"):
        for _ in range(100):
            incomplete.log_ended("late_body")
        now = LINE_EVERY_SECONDS
        incomplete.log_ended("late_headers")
    lines = [
        (getattr(line, "late_body", 0), getattr(line, "late_headers", 0))
        for line in caplog.records
    ]
    assert lines == [(1, 0), (99, 1)]
