"""The shop's endpoint for callbacks, which accepts some only after several tries."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

# A callback has about a kilobyte; a longer body is not a callback.
LONGEST_REQUEST = 64 * 1024


class Callbacks:
    """Receives the shop's callbacks, and accepts or refuses them."""

    def __init__(self) -> None:
        self.accepted: list[str] = []
        self._refusals: dict[str, int | None] = {}

    def refuse(self, order_id: str, *, times: int | None = None) -> None:
        """Refuse an order's callbacks so many times; None: always."""
        self._refusals[order_id] = times

    def accepts(self, order_id: str) -> bool:
        """Return whether this callback is accepted."""
        left = self._refusals.get(order_id, 0)
        if left is None:
            return False
        if left:
            self._refusals[order_id] = left - 1
            return False
        self.accepted.append(order_id)
        return True

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Listen until the block ends; yield the URL."""
        server = await asyncio.start_server(
            self._answer, "127.0.0.1", limit=LONGEST_REQUEST
        )
        port: int = server.sockets[0].getsockname()[1]
        async with server:
            yield f"http://127.0.0.1:{port}/callbacks"

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            [length] = [
                int(line.partition(":")[2])
                for line in head.splitlines()
                if line.lower().startswith("content-length:")
            ]
            body = json.loads(await reader.readexactly(min(length, LONGEST_REQUEST)))
            accepted = self.accepts(body["data"]["order_id"])
            status = "204 No Content" if accepted else "503 Service Unavailable"
        except (ValueError, KeyError, asyncio.IncompleteReadError):
            status = "400 Bad Request"
        answer = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        writer.write(answer.encode())
        await writer.drain()
        writer.close()
