"""Limits the size of request bodies."""

from fastapi import HTTPException, status
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# An order with a hundred articles, with the longest fields, has about 300 kB.
LARGEST_BODY = 1024 * 1024


class BodyLimit:
    """Rejects a body over the limit: by its Content-Length, or while it is received."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_announced_too_large = _announced(scope) > LARGEST_BODY
        received = 0

        async def limited() -> Message:
            nonlocal received
            if is_announced_too_large:
                raise _too_large()
            message = await receive()
            received += len(message.get("body", b""))
            if received > LARGEST_BODY:
                raise _too_large()
            return message

        await self._app(scope, limited, send)


def _announced(scope: Scope) -> int:
    length: bytes = dict(scope["headers"]).get(b"content-length", b"0")
    # int() is slow for a header of kilobytes; the server has checked the digits.
    return int(length) if length.isdigit() and len(length) < 16 else LARGEST_BODY + 1


def _too_large() -> HTTPException:
    return HTTPException(
        status.HTTP_413_CONTENT_TOO_LARGE, f"body too large: over {LARGEST_BODY} bytes"
    )
