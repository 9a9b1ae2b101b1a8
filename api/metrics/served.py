"""Serves the API's metrics, at an address that shops and Alipay cannot reach."""

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.metrics.backlog import Backlog, Counted
from http_server.beside import served_beside
from telemetry import names


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
    """The counts as Prometheus metrics; unknown counts are left out."""

    def __init__(self, counted: Counted) -> None:
        self._counted = counted

    def collect(self) -> Iterable[Metric]:
        counted = self._counted
        yield _gauge(
            names.VISIBILITY_UP,
            "1 if Temporal has answered all counts, else 0",
            int(counted.is_complete),
        )
        yield _gauge(names.PAYMENTS_OPEN, "Payments that have not ended", counted.open)
        yield _gauge(
            names.OLDEST_STUCK,
            "Age of the oldest payment or callback that needs an operator",
            counted.oldest_stuck_seconds,
        )
        yield _gauge(
            names.CALLBACKS_PENDING,
            "Orders with a callback that the shop has not accepted yet",
            counted.callbacks_pending,
        )
        yield _gauge(
            names.WORKERS_POLLING,
            "Processes that poll for work on payments",
            counted.workers_polling,
        )
        stuck = GaugeMetricFamily(
            names.STUCK, "Workflows that need an operator, by reason", labels=["why"]
        )
        for why, count in counted.stuck.items():
            if count is not None:
                stuck.add_metric([why.lower()], count)
        yield stuck
        at_risk = GaugeMetricFamily(
            names.MONEY_AT_RISK,
            "Money at risk in stuck workflows, in the currency's main unit",
            labels=["currency", "is"],
        )
        for (currency, is_taken), amount in (counted.at_risk or {}).items():
            at_risk.add_metric([currency, "taken" if is_taken else "unknown"], amount)
        yield at_risk
        refunds = GaugeMetricFamily(
            names.REFUNDS_STUCK,
            "Orders with a stuck refund, by reason",
            labels=["why"],
        )
        for why, count in counted.refunds_stuck.items():
            if count is not None:
                refunds.add_metric([why.lower()], count)
        yield refunds
        to_give_back = GaugeMetricFamily(
            names.MONEY_TO_GIVE_BACK,
            "Money of waiting refunds, in the currency's main unit",
            labels=["currency"],
        )
        for currency, amount in (counted.to_give_back or {}).items():
            to_give_back.add_metric([currency], amount)
        yield to_give_back


def _gauge(name: str, meaning: str, value: float | None) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, meaning)
    if value is not None:
        gauge.add_metric([], value)
    return gauge


def served_metrics(
    address: str | None, backlog: Backlog
) -> AbstractAsyncContextManager[None]:
    """Serve the metrics beside the API, on its event loop, while the block runs.

    Args:
        address: `host:port`; None for none. Where the port is taken, the API runs
            without metrics.
        backlog: Counts open and stuck workflows.
    """
    return served_beside(create_metrics_app(backlog), address, what="metrics are")
