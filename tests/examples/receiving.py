"""Runs the examples that hear callbacks, and sends them what a worker would send."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from standardwebhooks.webhooks import Webhook

from activities.callbacks import CallbackBody
from contracts import ShopEvent
from tests.examples.running import EXAMPLES, TYPESCRIPT, running

RECEIVERS = {
    "python": [sys.executable, str(EXAMPLES / "http" / "callbacks.py")],
    "typescript": ["node", str(TYPESCRIPT / "dist" / "callbacks.js")],
}


@dataclass
class Receiver:
    """A running example: what it is sent, and what it says it has heard."""

    url: str
    secret: str
    said: asyncio.StreamReader
    http: httpx.AsyncClient

    async def hears(
        self,
        event: ShopEvent,
        *,
        secret: str | None = None,
        age: timedelta = timedelta(),
        **headers: str,
    ) -> int:
        """Send an event as the worker does; return the answer's status."""
        at = datetime.now(UTC) - age
        body = CallbackBody(type=event.type, timestamp=event.occurred_at, data=event)
        content = body.model_dump_json(exclude_none=True)
        signature = Webhook(secret or self.secret).sign(event.id, at, content)
        signed = {
            "webhook-id": event.id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signature,
        }
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self.http.post(
            self.url, content=content, headers={**signed, **given}
        )
        return answer.status_code

    async def next_news(self) -> tuple[str, str]:
        """Wait for the next line: an order, and what is true of it now."""
        order_id, newest = (await self.said.readline()).decode().split()
        return order_id, newest

    async def news_of(self, order_id: str) -> str:
        """Pass over the news of other orders."""
        while (news := await self.next_news())[0] != order_id:
            pass
        return news[1]


@asynccontextmanager
async def a_receiver(
    way: str, folder: Path, *, port: int, secret: str
) -> AsyncIterator[Receiver]:
    settings = {"CALLBACK_SECRET": secret, "DATABASE": str(folder / "shop.sqlite")}
    command = (*RECEIVERS[way], str(port))
    async with (
        running(*command, environment=settings) as process,
        httpx.AsyncClient() as http,
    ):
        assert process.stdout
        url = f"http://127.0.0.1:{port}/hooks/cashier"
        while not await _listens(http, url):
            assert process.returncode is None, await process.communicate()
            await asyncio.sleep(0.05)
        yield Receiver(url, secret, process.stdout, http)


async def _listens(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.post(url)).status_code == httpx.codes.UNAUTHORIZED
    except httpx.TransportError:
        return False
