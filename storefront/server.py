"""Serves the shop with uvicorn."""

import asyncio
import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from storefront.app import create_app
from storefront.settings import StorefrontSettings

# Longer than the API takes for a cashier page, so that a stop cuts nobody off.
GRACE_SECONDS = 20


async def serve_storefront(
    settings: StorefrontSettings, *, around: Callable[[ASGIApp], ASGIApp]
) -> None:
    """Serve until SIGTERM or SIGINT, then finish the calls in flight.

    Args:
        settings: The shop's.
        around: Wraps the application, to tell its calls to a log.
    """
    app = create_app(settings)
    config = uvicorn.Config(
        around(app),
        host=settings.host,
        port=settings.port,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    await _Server(config, app.state.stopping).serve()


class _Server(uvicorn.Server):
    """Ends the event streams first, which would never end by themselves."""

    def __init__(self, config: uvicorn.Config, stopping: asyncio.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping.set()
        await super().shutdown(sockets)
