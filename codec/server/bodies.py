"""Reads the body of a request, up to a limit."""

from fastapi import Request

from codec.server.access import RefusedError


async def read_body(request: Request, limit: int) -> bytes:
    """Return the body.

    Args:
        request: The request, whose body was not read yet.
        limit: The most bytes that it may have.

    Raises:
        RefusedError: 413 as soon as it exceeds the limit.
    """
    announced = request.headers.get("content-length", "0")
    # int() is slow for a header of kilobytes; the server has checked the digits.
    length = (
        int(announced) if announced.isdigit() and len(announced) < 16 else limit + 1
    )
    body = bytearray()
    if length <= limit:
        async for part in request.stream():
            body += part
            if len(body) > limit:
                break
    if max(length, len(body)) > limit:
        raise RefusedError(413, f"the body is too large: over {limit} bytes")
    return bytes(body)
