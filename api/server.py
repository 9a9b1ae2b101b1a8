"""Serves the API with uvicorn."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from api.app import create_app
from api.metrics.backlog import Backlog
from api.metrics.served import served_metrics
from api.settings import ApiSettings
from api.streams.watching import PaymentWatch
from http_server.serving import ServerConfig
from telemetry.runtime import start_runtime
from telemetry.tracing import interceptors_of, start_tracing
from temporal_client import connect

# Longer than the longest wait for a cashier page, so that a stop cuts off no call.
GRACE_SECONDS = 20


class ApiServer(uvicorn.Server):
    """Ends the event streams first: they would exceed any grace period."""

    def __init__(self, watch: PaymentWatch, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._watch = watch

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._watch.close()
        await super().shutdown(sockets)


async def serve_api(settings: ApiSettings) -> None:
    """Serve until SIGTERM or SIGINT, then finish the calls in flight."""
    # Lazy: while Temporal does not answer, the API runs and answers 503.
    tracing = start_tracing("api")
    client = await connect(
        keyring=settings.keyring,
        lazy=True,
        runtime=start_runtime(),
        interceptors=interceptors_of(tracing),
    )
    app = create_app(settings, client)
    if tracing:
        tracing.watch_app(app)
    server = ApiServer(
        app.state.watch,
        ServerConfig(
            app,
            host=settings.api_host,
            port=settings.api_port,
            grace_seconds=GRACE_SECONDS,
        ),
    )
    with _outliving_signals():
        async with served_metrics(settings.api_metrics_address, Backlog(client)):
            await server.serve()
        if tracing:
            await tracing.stop()


@contextmanager
def _outliving_signals() -> Iterator[None]:
    """Keep the signal from ending the process, so that the code after the server runs.

    uvicorn raises the signal that ended it once more, after it has restored the earlier
    handlers; by default that ends the process at once.
    """
    ours = (signal.SIGTERM, signal.SIGINT)
    before = {one: signal.signal(one, lambda *_: None) for one in ours}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
