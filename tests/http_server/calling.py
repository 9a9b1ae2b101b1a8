"""Callers that send what they like, and servers on real sockets that they call."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import uvicorn
from starlette.types import ASGIApp

from http_server.bounds import Bounds
from http_server.serving import ServerConfig


class Caller:
    """One connection, byte by byte."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def to(cls, port: int, stack: AsyncExitStack) -> "Caller":
        caller = cls(*await asyncio.open_connection("127.0.0.1", port))
        stack.push_async_callback(caller.hang_up)
        return caller

    async def send(self, *parts: bytes) -> None:
        for part in parts:
            self._writer.write(part)
            await self._writer.drain()

    async def hang_up(self) -> None:
        self._writer.close()
        await asyncio.gather(self._writer.wait_closed(), return_exceptions=True)

    async def status(self) -> int:
        line = await self._reader.readline()
        return int(line.split()[1])

    async def answer(self) -> bytes:
        """Return the body of the answer that comes next, or whose status was read."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        lines = dict(
            line.lower().split(b": ") for line in head.splitlines() if b": " in line
        )
        if b"content-length" in lines:
            return await self._reader.readexactly(int(lines[b"content-length"]))
        body = b""
        while size := int(await self._reader.readline(), 16):
            body += (await self._reader.readexactly(size + 2))[:-2]
        await self._reader.readline()
        return body

    async def rest(self) -> bytes:
        """Return all that is still answered, once the server has hung up."""
        try:
            return await self._reader.read()
        except ConnectionResetError:
            return b""

    async def trickle(self, pause: float) -> bytes:
        """Send byte after byte until the server hangs up; return what it has said."""
        reading = asyncio.create_task(self.rest())
        while not (await asyncio.wait({reading}, timeout=pause))[0]:
            with suppress(ConnectionError):
                await self.send(b"x")
        return reading.result()

    async def end(self) -> bytes:
        """Send no more, and return all that is still answered."""
        self._writer.write_eof()
        return await self._reader.read()


class ReadyServer(uvicorn.Server):
    """Tells when it listens, so nobody has to ask again and again."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@asynccontextmanager
async def served(app: ASGIApp, bounds: Bounds | None = None) -> AsyncIterator[int]:
    """Serve an application as ours are served; yield the port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = ReadyServer(ServerConfig(app, bounds=bounds, grace_seconds=1))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await server.ready.wait()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await serving
