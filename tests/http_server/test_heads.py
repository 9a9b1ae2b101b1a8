"""The heads of requests: bounded in size, and read in each form that HTTP has."""

import ast
import json
from contextlib import AsyncExitStack

import h11
import pytest
from starlette.types import Receive, Scope, Send

from http_server.bounds import LARGEST_HEAD
from http_server.requests import in_origin_form
from tests.http_server.calling import Caller, served
from tests.test_architecture import MAY_IMPORT, modules_of


async def tell_target(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer what the application is told of the request's target."""
    if scope["type"] != "http":
        return
    told = {
        "path": scope["path"],
        "query": scope["query_string"].decode(),
        "hosts": [
            value.decode() for name, value in scope["headers"] if name == b"host"
        ],
    }
    start = {"type": "http.response.start", "status": 200, "headers": []}
    await send(start)
    await send({"type": "http.response.body", "body": json.dumps(told).encode()})


async def _ask(request: bytes) -> bytes:
    async with served(tell_target) as port, AsyncExitStack() as stack:
        caller = await Caller.to(port, stack)
        await caller.send(request)
        return await caller.answer()


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
@pytest.mark.parametrize("pieces", [1, 2])
async def test_too_large_a_head_is_refused_in_one_piece_and_in_two(
    method: bytes, pieces: int
) -> None:
    lines = b"".join(b"X-%d: %s\r\n" % (number, b"x" * 990) for number in range(60))
    request = method + b" / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + lines
    half = 0 if pieces == 1 else len(request) // 8
    async with served(tell_target) as port, AsyncExitStack() as stack:
        caller = await Caller.to(port, stack)
        await caller.send(request[:half], request[half:] + b"\r\n")
        assert await caller.status() == 431


async def test_a_head_as_large_as_the_limit_is_read() -> None:
    begun = b"GET / HTTP/1.1\r\nHost: a\r\nX: "
    # Of the request line only the target counts.
    length = LARGEST_HEAD - len(begun) + len(b"GET  HTTP/1.1\r\n") - 2
    assert await _ask(begun + b"x" * length + b"\r\n\r\n")


async def test_a_body_of_two_lengths_is_refused_and_nothing_behind_it_is_read() -> None:
    two = b"Content-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    behind = b"GET /behind HTTP/1.1\r\nHost: a\r\n\r\n"
    async with served(tell_target) as port, AsyncExitStack() as stack:
        caller = await Caller.to(port, stack)
        await caller.send(b"POST / HTTP/1.1\r\nHost: a\r\n" + two, behind)
        assert await caller.status() == 400
        assert b"/behind" not in await caller.answer()


@pytest.mark.parametrize(
    ("target", "path", "query", "host"),
    [
        (b"http://pay.example/a/b?c=d", "/a/b", "c=d", "pay.example"),
        (b"HTTPS://pay.example:8443/a%20b", "/a b", "", "pay.example:8443"),
        (b"http://pay.example", "/", "", "pay.example"),
        (b"http://pay.example?c=http://d/", "/", "c=http://d/", "pay.example"),
        (b"http://user:word@pay.example/a@b", "/a@b", "", "pay.example"),
        # The usual form, though it looks a little like the other one.
        (b"/http://pay.example/a", "/http://pay.example/a", "", "proxy.example"),
    ],
)
async def test_the_absolute_form_of_a_target_is_read_as_its_path(
    target: bytes, path: str, query: str, host: str
) -> None:
    request = b"GET " + target + b" HTTP/1.1\r\nHost: proxy.example\r\n\r\n"
    answer = await _ask(request)
    assert json.loads(answer) == {"path": path, "query": query, "hosts": [host]}


def test_another_scheme_is_no_absolute_form_of_ours() -> None:
    headers = [("Host", "a")]
    request = h11.Request(method="GET", target="ftp://a/b", headers=headers)
    assert in_origin_form(request) is request


def test_every_server_of_ours_has_these_bounds() -> None:
    """Whoever configured uvicorn by itself would do without them."""
    for part in MAY_IMPORT.keys() - {"http_server"}:
        for file in modules_of(part):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call):
                    called = ast.unparse(node.func)
                    assert called not in ("uvicorn.run", "uvicorn.Config"), file
