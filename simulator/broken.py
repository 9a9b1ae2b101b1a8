"""Answers that are none: a connection that hangs, or breaks off in the middle.

Plain ASGI, because no framework lets a response end before its content-length. The
server reports such a response as a programming error before it closes the connection;
`quiet_server_log` takes back just that line.
"""

import asyncio
import logging

from starlette.types import Receive, Scope, Send

# What uvicorn says when a response was begun and not finished.
COMPLAINT = "ASGI callable returned without completing response."


class BrokenResponse:
    """Waits, promises more bytes than it sends, and lets the server hang up."""

    def __init__(self, body: bytes, *, promised: int, after: float = 0.0) -> None:
        self._body = body
        self._promised = promised
        self._after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await hold(receive, self._after)
        length = str(self._promised).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        part = {"type": "http.response.body", "body": self._body, "more_body": True}
        await send(part)


def hanging(seconds: float) -> BrokenResponse:
    """Return a response that keeps the client waiting and then tells it nothing."""
    return BrokenResponse(b"", promised=1, after=seconds)


def cut(body: bytes) -> BrokenResponse:
    """Return a response that breaks off in the middle of its body."""
    return BrokenResponse(body[: len(body) // 2], promised=len(body))


async def hold(receive: Receive, seconds: float) -> None:
    """Wait, but no longer than the client does."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                continue
    except TimeoutError:
        return


def quiet_server_log() -> None:
    """Keep the server from reporting intended faults as errors; once is enough."""
    log = logging.getLogger("uvicorn.error")
    if not any(isinstance(known, _Intended) for known in log.filters):
        log.addFilter(_Intended())


class _Intended(logging.Filter):
    """Drops the complaint about responses that we broke on purpose."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.getMessage() != COMPLAINT
