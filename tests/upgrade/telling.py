"""A shop that accepts every callback unless it is away, and keeps what it was told."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

ACCEPTED = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
AWAY = ACCEPTED.replace(b"200 OK", b"503 Service Unavailable")


class Callbacks:
    """What the shop was told: its events by their ids, for repeats are told by it."""

    def __init__(self) -> None:
        self.url = ""
        self.events: dict[str, dict[str, Any]] = {}
        self._is_away = False

    @contextmanager
    def away(self) -> Iterator[None]:
        """Accept nothing for a while."""
        self._is_away = True
        yield
        self._is_away = False

    def types_of(self, order_id: str) -> list[str]:
        return [
            str(event["type"])
            for event in self.events.values()
            if event["data"]["order_id"] == order_id
        ]

    async def accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower().splitlines()
        fields = dict(line.split(": ", 1) for line in head[1:] if line)
        body = json.loads(await reader.readexactly(int(fields["content-length"])))
        if not self._is_away:
            self.events[fields["webhook-id"]] = body
        writer.write(AWAY if self._is_away else ACCEPTED)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def listening_shop() -> AsyncIterator[Callbacks]:
    callbacks = Callbacks()
    async with await asyncio.start_server(callbacks.accept, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        callbacks.url = f"http://127.0.0.1:{port}/webhooks"
        yield callbacks
