"""Reads HTTP answers, up to the greatest length of an answer of Alipay's."""

from dataclasses import dataclass

import httpx

# Answers measure one to five kB; a megabyte is not an answer.
LARGEST_ANSWER = 1_000_000


@dataclass(frozen=True)
class HttpAnswer:
    """An HTTP 200: its headers, and its whole body."""

    headers: httpx.Headers
    body: bytes


class NotReadError(Exception):
    """The response is not an answer of Alipay's, and was not read to its end."""


async def read_answer(response: httpx.Response) -> HttpAnswer:
    """Read a streamed response.

    Raises:
        NotReadError: Its status is not 200 (then its body is not read), or its body is
            larger than `LARGEST_ANSWER` bytes.
        httpx.HTTPError: It broke off, or its encoding cannot be decoded.
    """
    if response.status_code != httpx.codes.OK:
        # Business failures are 200 with F (protocol.md 1.6); other statuses say
        # nothing.
        raise NotReadError(f"HTTP {response.status_code}")
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > LARGEST_ANSWER:
            raise NotReadError(f"answer of more than {LARGEST_ANSWER} bytes")
    return HttpAnswer(response.headers, bytes(body))
