"""The API and the keys that it knows; no Temporal is near, and none is needed."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from fastapi import FastAPI
from temporalio.client import Client

from api.app import create_app
from api.callers.keys import ApiKey, Scope, new_key, read_keys, write_keys
from api.settings import ApiSettings
from tests.api.running import settings_in


class KeyedApi:
    """An API whose keys a test writes."""

    def __init__(self, app: FastAPI, file: Path) -> None:
        self.app = app
        self.file = file
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False),
            base_url="http://api.test",
        )

    def gives(
        self,
        name: str,
        scopes: Iterable[Scope] = tuple(Scope),
        *,
        per_minute: int | None = None,
        ends_at: datetime | None = None,
    ) -> str:
        """Make a key, which the API knows from now on; return it."""
        key = new_key()
        kept = ApiKey.of(key, name=name, scopes=scopes, per_minute=per_minute)
        kept = kept.model_copy(update={"ends_at": ends_at})
        write_keys(self.file, [*read_keys(self.file), kept])
        return key

    async def call(
        self, key: str | None, call: str = "GET /wallets", **more: Any
    ) -> httpx.Response:
        method, path = call.split(" ", 1)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return await self.http.request(method, path, headers=headers, **more)


@asynccontextmanager
async def keyed_api(
    folder: Path, alipay_key: RSAPrivateKey, **settings: Any
) -> AsyncIterator[KeyedApi]:
    """Run the API with these settings besides the usual ones."""
    sound = settings_in(folder, alipay_key)
    values = {**sound.model_dump(exclude_unset=True), **settings}
    client = await Client.connect("127.0.0.1:1", lazy=True)
    app = create_app(ApiSettings(**values), client)
    api = KeyedApi(app, sound.api_keys_file)
    async with api.http:
        yield api
