"""Serves the shop with uvicorn."""

import asyncio
import socket
from collections.abc import Callable
from typing import Protocol

import uvicorn
from starlette.types import ASGIApp

from storefront.app import create_app
from storefront.settings import StorefrontSettings

# Longer than the API takes for a cashier page, so that a stop interrupts no customer.
GRACE_SECONDS = 20


class ConfigOf(Protocol):
    """Builds the configuration of a server."""

    def __call__(
        self, app: ASGIApp, *, host: str, port: int, grace_seconds: int
    ) -> uvicorn.Config: ...


async def serve_storefront(
    settings: StorefrontSettings,
    *,
    around: Callable[[ASGIApp], ASGIApp],
    config_of: ConfigOf,
) -> None:
    """Serve until SIGTERM or SIGINT, then finish the calls in flight.

    Args:
        settings: The shop's settings.
        around: Wraps the application, for its access log.
        config_of: Builds the server's configuration, with the limits for callers.
    """
    app = create_app(settings)
    config = config_of(
        around(app),
        host=settings.host,
        port=settings.port,
        grace_seconds=GRACE_SECONDS,
    )
    await _Server(config, app.state.stopping).serve()


class _Server(uvicorn.Server):
    """Ends the event streams first, which do not end by themselves."""

    def __init__(self, config: uvicorn.Config, stopping: asyncio.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping.set()
        await super().shutdown(sockets)
