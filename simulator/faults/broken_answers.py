"""Faulty HTTP responses: they hang, break off, or are slow.

No framework lets a response end before its content-length, so these classes send ASGI
messages themselves. The server reports them as programming errors before it closes the
connection; `quiet_server_log` suppresses that one line.
"""

import asyncio
import logging

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

# Logged by uvicorn when a response was begun and not finished.
COMPLAINT = "ASGI callable returned without completing response."


class BrokenResponse(Response):
    """Waits, promises more bytes than it sends, and lets the server hang up."""

    def __init__(self, part: bytes, *, promised: int, after: float = 0.0) -> None:
        super().__init__(headers={"content-length": str(promised)})
        self._part = part
        self._after = after

    async def __call__(
        self,
        scope: Scope,  # noqa: ARG002  the signature is ASGI's
        receive: Receive,
        send: Send,
    ) -> None:
        await hold(receive, self._after)
        start = {"type": "http.response.start", "status": 200}
        await send({**start, "headers": self.raw_headers})
        body = {"type": "http.response.body", "body": self._part}
        await send({**body, "more_body": True})


class SlowResponse(Response):
    """A response that is sent after a delay, if the client still waits."""

    def __init__(self, response: Response, seconds: float) -> None:
        super().__init__()
        self._response = response
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await hold(receive, self._seconds)
        await self._response(scope, receive, send)


def hanging(seconds: float) -> Response:
    """Return a response that keeps the client waiting, and then sends nothing."""
    return BrokenResponse(b"", promised=1, after=seconds)


def cut(body: bytes) -> Response:
    """Return a response that breaks off in the middle of its body."""
    return BrokenResponse(body[: len(body) // 2], promised=len(body))


async def hold(receive: Receive, seconds: float) -> None:
    """Wait, but only as long as the client stays connected."""
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
    """Drops the log line about responses that are cut on purpose."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.getMessage() != COMPLAINT
