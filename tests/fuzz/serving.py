"""The API on a real socket, with the settings of `api.server`."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest
import uvicorn
from temporalio.client import Client

from api.server import ApiServer, serve_api
from api.settings import ApiSettings


@asynccontextmanager
async def served_api(settings: ApiSettings, client: Client) -> AsyncIterator[int]:
    """Serve as `cashier api` does, with this Temporal; yield the port."""
    started: asyncio.Future[uvicorn.Server] = asyncio.get_running_loop().create_future()

    class NotedServer(ApiServer):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            started.set_result(self)

    async def this_client(**_: object) -> Client:
        return client

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.server.ApiServer", NotedServer)
        patch.setattr("api.server.connect", this_client)
        any_port = settings.model_copy(update={"api_port": 0})
        serving = asyncio.create_task(serve_api(any_port))
        # A server that does not start ends, and with it the wait.
        serving.add_done_callback(lambda _: started.cancel())
        server = await started
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await serving


@contextmanager
def complaints() -> Iterator[list[str]]:
    """What the server logs meanwhile as its own errors, e.g. of a crashed call."""
    heard: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(self.format(record))

    ear = Ear(logging.ERROR)
    log = logging.getLogger("uvicorn.error")
    log.addHandler(ear)
    try:
        yield heard
    finally:
        log.removeHandler(ear)
