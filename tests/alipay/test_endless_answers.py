"""Answers that do not end, from a real server: the client hangs up, and soon."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from alipay.client import AlipayClient, open_connections
from alipay.errors import NoVerdictError
from alipay.http_answer import LARGEST_ANSWER
from alipay.keys import AlipayKeys
from tests.alipay.gateway import CLIENT_ID

PART = b" " * 65_536
# The server would go on for ever; so much is more than any buffers in between hold.
ENOUGH = 100_000_000
# What a test allows to lie in the buffers of both ends, besides what was read.
BUFFERED = 20_000_000


@dataclass
class EndlessServer:
    """Answers each call with this head, and a body that never ends."""

    head: bytes
    part: bytes = PART
    port: int = 0
    sent: int = 0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["EndlessServer"]:
        self.hung_up = asyncio.Event()
        server = await asyncio.start_server(self._answer, "127.0.0.1")
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self.head + b"Content-Type: application/json\r\n\r\n")
        try:
            while self.sent < ENOUGH:
                writer.write(self.part)
                await writer.drain()
                self.sent += len(self.part)
        except ConnectionError:
            self.hung_up.set()
        finally:
            writer.close()


@asynccontextmanager
async def a_client_of(
    server: EndlessServer, merchant_key: RSAPrivateKey, alipay_key: RSAPrivateKey
) -> AsyncIterator[AlipayClient]:
    async with open_connections() as http:
        yield AlipayClient(
            http,
            host=f"http://127.0.0.1:{server.port}",
            client_id=CLIENT_ID,
            private_key=merchant_key,
            alipay_keys=AlipayKeys({"1": alipay_key.public_key()}),
        )


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("200 OK", f"answer of more than {LARGEST_ANSWER} bytes"),
        ("502 Bad Gateway", "HTTP 502"),
        ("302 Found", "HTTP 302"),
    ],
)
async def test_an_answer_that_does_not_end_is_left_soon(
    status: str, said: str, merchant_key: RSAPrivateKey, alipay_key: RSAPrivateKey
) -> None:
    async with (
        EndlessServer(f"HTTP/1.1 {status}\r\n".encode()).listening() as server,
        a_client_of(server, merchant_key, alipay_key) as client,
    ):
        with pytest.raises(NoVerdictError, match=said):
            await client.inquire_payment("order-1_1")
        await server.hung_up.wait()
    assert server.sent < BUFFERED


async def test_a_compressed_answer_counts_as_long_as_it_becomes(
    merchant_key: RSAPrivateKey, alipay_key: RSAPrivateKey
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
    part = gzip.compress(b" " * (LARGEST_ANSWER + 1))
    async with (
        EndlessServer(head, part).listening() as server,
        a_client_of(server, merchant_key, alipay_key) as client,
    ):
        with pytest.raises(NoVerdictError, match="answer of more than"):
            await client.inquire_payment("order-1_1")
