"""A server whose answers do not end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

PART = b" " * 65_536
# The server would never end; this is more than all buffers in between hold.
ENOUGH = 100_000_000
# Bytes that may be in the buffers of both ends, besides those that were read.
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
