"""Serves the codec server in the test's process, with one operator."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads

from codec.payload_codec import EncryptingCodec
from codec.server.app import create_app
from codec.server.operators import hash_password
from codec.server.sessions import Sessions
from codec.server.settings import CodecSettings
from codec.server.throttle import Throttle
from tests.codec.keys import Clocks, a_folder, a_payload

UI = "http://127.0.0.1:8233"
URL = "http://127.0.0.1:8082"
NAME, PASSWORD = "olga", "correct horse battery"
CANARY = "canary@customer.example"


@dataclass
class Codec:
    """A running codec server, and who asks it."""

    http: httpx.AsyncClient
    settings: CodecSettings
    clocks: Clocks
    throttle: Throttle

    async def log_in(
        self, name: str = NAME, password: str = PASSWORD, **headers: str
    ) -> httpx.Response:
        form = {"name": name, "password": password}
        return await self.http.post("/login", data=form, headers=headers)

    async def decode(self, *payloads: Payload, **headers: str) -> httpx.Response:
        return await self.ask("decode", *payloads, **headers)

    async def ask(
        self, what: str, *payloads: Payload, **headers: str
    ) -> httpx.Response:
        """Ask as the UI does."""
        return await self.http.post(
            f"/codec/{what}?preserveStorageRefs=true",
            content=as_json(*payloads),
            headers={
                "Content-Type": "application/json",
                "X-Namespace": "default",
                "Origin": UI,
                **headers,
            },
        )

    async def secret(self) -> Payload:
        """Return an encrypted payload with the canary."""
        text = f'{{"email":"{CANARY}"}}'.encode()
        codec = EncryptingCodec(self.settings.keyring)
        [encrypted] = await codec.encode([a_payload(text)])
        return encrypted


def as_json(*payloads: Payload) -> str:
    return json_format.MessageToJson(Payloads(payloads=payloads))


def data_of(answer: httpx.Response) -> list[bytes]:
    assert answer.status_code == 200, answer.text
    return [base64.b64decode(one["data"]) for one in answer.json()["payloads"]]


def settings_in(folder: Path, **changes: Any) -> CodecSettings:
    """Return settings whose keys and operators lie in this folder."""
    if not (folder / "operators").exists():
        # Quickly hashed: tests log in often.
        (folder / "operators").write_text(f"{NAME}:{hash_password(PASSWORD, n=2)}\n")
        a_folder(folder / "payloads")
    values = {
        "CASHIER_PAYLOAD_KEYS_DIR": str(folder / "payloads"),
        "operators_file": str(folder / "operators"),
        "ui_origins": UI,
        **changes,
    }
    return CodecSettings.model_validate(
        {name: value for name, value in values.items() if value is not None}
    )


@asynccontextmanager
async def a_server(settings: CodecSettings, **parts: Any) -> AsyncIterator[Codec]:
    clocks = Clocks()
    sessions, throttle = Sessions(clocks.monotonic), Throttle(clocks.monotonic)
    app = create_app(settings, sessions=sessions, throttle=throttle, **parts)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=settings.url
    ) as http:
        yield Codec(http, settings, clocks, throttle)
