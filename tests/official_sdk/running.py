"""Runs the official SDK, as a process of its own, beside a simulator behind TLS."""

import asyncio
import json
import os
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

ROOT = Path(__file__).parent.parent.parent
PYTHON = ROOT / ".venv/official-sdk/bin/python"
CALLS = Path(__file__).with_name("calls.py")
# CI sets it, so that these tests cannot be left out there unnoticed.
REQUIRED = "CASHIER_SDK_TESTS"
HOST = "gateway.example"


@dataclass
class OfficialSdk:
    """The SDK as a merchant uses it, who calls the gateway through TLS."""

    client_id: str
    merchant_key: RSAPrivateKey
    alipay_key: RSAPrivateKey
    port: int
    certificate: Path

    async def call(self, what: str, **values: Any) -> dict[str, Any]:
        """Return the answer, which the SDK has verified."""
        answer: dict[str, Any] = await self._do(
            what,
            values,
            port=self.port,
            gateway_url=f"https://{HOST}",
            client_id=self.client_id,
            private_key=private_pem(self.merchant_key),
            public_key=public_pem(self.alipay_key),
        )
        return answer

    async def verifies(self, *signed: str, key: RSAPrivateKey) -> bool:
        """Whether the SDK takes a signature for good.

        Args:
            signed: Method, path, client id, time, body, and the signature's header.
            key: Whose public half the SDK is told.
        """
        return bool(await self._do("verify", [*signed, public_pem(key)]))

    async def sign(self, *message: str) -> str:
        """Return the signature of method, path, client id, time and body."""
        return str(await self._do("sign", [*message, private_pem(self.merchant_key)]))

    async def reads(self, what: str, body: str) -> Any:
        """Return what the SDK reads from a body: `refund_notice`, `transactions`."""
        return await self._do(f"read_{what}", body)

    async def _do(self, what: str, values: object, **more: object) -> Any:
        process = await asyncio.create_subprocess_exec(
            str(PYTHON),
            str(CALLS),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": os.defpath, "SSL_CERT_FILE": str(self.certificate)},
        )
        order = json.dumps({"do": what, "values": values, **more})
        said, complained = await process.communicate(order.encode())
        if process.returncode:
            raise SdkError(complained.decode().strip().splitlines()[-1])
        return json.loads(said)


class SdkError(Exception):
    """The SDK has raised; the message is its own."""


def find_sdk() -> None:
    """Skip the test where the SDK is not installed, or fail in CI."""
    if PYTHON.exists():
        return
    if os.environ.get(REQUIRED) == "required":
        raise FileNotFoundError("the official SDK is not there")
    pytest.skip("the official SDK is not there: make official-sdk")


@asynccontextmanager
async def tls_before(port: int, key: RSAPrivateKey, file: Path) -> AsyncIterator[int]:
    """Speak TLS before a port, as the gateway's host; write its certificate to a file.

    Yields:
        The port to call.
    """
    context = _context_of(key, file)
    server = await asyncio.start_server(_to(port), "127.0.0.1", ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


def _context_of(key: RSAPrivateKey, file: Path) -> ssl.SSLContext:
    file.write_bytes(_certificate(key) + private_pem(key).encode())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    return context


def _to(port: int) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]:
    async def answer(
        caller: asyncio.StreamReader, to_caller: asyncio.StreamWriter
    ) -> None:
        inner, to_inner = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pass_on(caller, to_inner), _pass_on(inner, to_caller))

    return answer


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while part := await reader.read(65_536):
        writer.write(part)
        await writer.drain()
    writer.close()


def _certificate(key: RSAPrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False
        )
    )
    signed = builder.sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM)


def private_pem(key: RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        # The label that the SDK looks for.
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


def public_pem(key: RSAPrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(
            serialization.Encoding.PEM,
            serialization.PublicFormat.SubjectPublicKeyInfo,
        )
        .decode()
    )
