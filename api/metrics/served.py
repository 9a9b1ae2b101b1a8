"""The API's metrics, on an address of their own: not for shops, nor for Alipay."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from fastapi import FastAPI, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.metrics.backlog import Backlog, Counted
from http_server.serving import ServerConfig
from telemetry import names

log = logging.getLogger(__name__)


def create_metrics_app(backlog: Backlog) -> FastAPI:
    """Return the application that Prometheus scrapes."""
    app = FastAPI(openapi_url=None, redirect_slashes=False)

    @app.get("/metrics")
    async def metrics() -> Response:
        counted = CollectorRegistry()
        counted.register(_Gauges(await backlog.counted()))
        text = generate_latest() + generate_latest(counted)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    return app


class _Gauges(Collector):
    """What was counted, in Prometheus' words; what is not known is left out."""

    def __init__(self, counted: Counted) -> None:
        self._counted = counted

    def collect(self) -> Iterable[Metric]:
        counted = self._counted
        yield _gauge(
            names.VISIBILITY_UP,
            "Whether Temporal has told all of its counts",
            int(counted.is_complete),
        )
        yield _gauge(names.PAYMENTS_OPEN, "Payments that have not ended", counted.open)
        yield _gauge(
            names.OLDEST_STUCK,
            "Age of the oldest payment or callback that an operator should look at",
            counted.oldest_stuck_seconds,
        )
        yield _gauge(
            names.CALLBACKS_PENDING,
            "Orders of which the shop has not accepted an outcome yet",
            counted.callbacks_pending,
        )
        yield _gauge(
            names.WORKERS_POLLING,
            "Processes that poll for work on payments",
            counted.workers_polling,
        )
        stuck = GaugeMetricFamily(
            names.STUCK, "What an operator should look at, by reason", labels=["why"]
        )
        for why, count in counted.stuck.items():
            if count is not None:
                stuck.add_metric([why.lower()], count)
        yield stuck


def _gauge(name: str, meaning: str, value: float | None) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, meaning)
    if value is not None:
        gauge.add_metric([], value)
    return gauge


@asynccontextmanager
async def served_metrics(address: str | None, backlog: Backlog) -> AsyncIterator[None]:
    """Serve the metrics beside the API, on its loop, while the block runs.

    Args:
        address: `host:port`; None for nowhere. Where it is taken the API goes on
            without: a payment is worth more than its measurement.
        backlog: Counts what is open and stuck.
    """
    listening = _listen(address)
    if listening is None:
        yield
        return
    server = _Server(ServerConfig(create_metrics_app(backlog)))
    with listening:
        await server.begin(listening)
        try:
            yield
        finally:
            await server.end()


class _Server(uvicorn.Server):
    """A server that leaves the signals to the API's."""

    async def begin(self, listening: socket.socket) -> None:
        self._serving = asyncio.create_task(self.serve(sockets=[listening]))

    async def end(self) -> None:
        self.should_exit = True
        await self._serving

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listen(address: str | None) -> socket.socket | None:
    if not address:
        return None
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), int(port)), family=family)
    except OSError as error:
        log.warning("metrics are off: %s: %s", address, error.strerror)
        return None
