"""Answers that do not end, from a real server: the client hangs up, and soon."""

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from alipay.client import AlipayClient, open_connections
from alipay.errors import NoVerdictError
from alipay.http_answer import LARGEST_ANSWER
from alipay.keys.rsa import AlipayKeys
from tests.alipay.gateway import CLIENT_ID
from tests.endless import BUFFERED, EndlessServer


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
