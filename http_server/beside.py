"""A server beside the work of a process, on the same event loop."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

from http_server.serving import ServerConfig

log = logging.getLogger(__name__)


@asynccontextmanager
async def served_beside(
    app: ASGIApp, address: str | None, *, what: str
) -> AsyncIterator[None]:
    """Serve an application on the running event loop, while the block runs.

    Args:
        app: The application.
        address: `host:port`; None or empty for none. Where the port is taken, the
            process runs without this server: payments matter more than metrics.
        what: The subject of the log line in that case: "metrics are", "health is".
    """
    listening = _listen(address, what)
    if listening is None:
        yield
        return
    server = _Server(ServerConfig(app))
    with listening:
        await server.begin(listening)
        try:
            yield
        finally:
            await server.end()


class _Server(uvicorn.Server):
    """A server that does not handle signals."""

    async def begin(self, listening: socket.socket) -> None:
        self._serving = asyncio.create_task(self.serve(sockets=[listening]))

    async def end(self) -> None:
        self.should_exit = True
        await self._serving

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listen(address: str | None, what: str) -> socket.socket | None:
    if not address:
        return None
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), int(port)), family=family)
    except OSError as error:
        log.warning("%s off: %s: %s", what, address, error.strerror)
        return None
