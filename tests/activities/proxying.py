"""A small proxy for outgoing calls, which opens tunnels by CONNECT and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from tests.activities.serving import HERE

HEAD_END = b"\r\n\r\n"


@dataclass
class Proxy:
    """A proxy, and a record of its requests.

    Attributes:
        ports: The local port for each `host:port` of the Internet.
        answer: The status of its answer to allowed requests.
        heads: The requests as received, without the bytes in the tunnels.
        bytes_seen: All bytes in the tunnels.
    """

    ports: Mapping[str, int]
    answer: int = 200
    port: int = 0
    heads: list[str] = field(default_factory=list)
    bytes_seen: bytes = b""

    @property
    def url(self) -> str:
        return f"http://{HERE}:{self.port}"

    @property
    def asked(self) -> list[str]:
        return [head.splitlines()[0] for head in self.heads]

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(HEAD_END)).decode()
            self.heads.append(head)
            method, target, _ = head.split(" ", 2)
            is_known = method == "CONNECT" and target in self.ports
            status = self.answer if is_known else 403
            writer.write(f"HTTP/1.1 {status} s3cret reason".encode() + HEAD_END)
            await writer.drain()
            if status == 200:
                await self._tunnel(self.ports[target], reader, writer)
        writer.close()

    async def _tunnel(
        self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        there, back = await asyncio.open_connection(HERE, port)
        await asyncio.gather(self._pass_on(reader, back), self._pass_on(there, writer))

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with suppress(ConnectionError):
            while some := await reader.read(65536):
                self.bytes_seen += some
                writer.write(some)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def a_proxy(
    ports: Mapping[str, int], *, answer: int = 200
) -> AsyncIterator[Proxy]:
    """Serve a proxy to hosts that are on this machine."""
    proxy = Proxy(ports, answer)
    server = await asyncio.start_server(proxy.serve, HERE)
    async with server:
        proxy.port = server.sockets[0].getsockname()[1]
        yield proxy
