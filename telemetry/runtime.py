"""Sets up the SDK's core of a process: its metrics and its log lines.

There is one for each process; it has threads of its own.
"""

import logging
from collections.abc import Iterable
from itertools import product
from typing import Final

from temporalio import activity, workflow
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

from telemetry.names import (
    CALLBACKS,
    LATE_PAYMENTS_CLOSED,
    NOTIFICATION_TO_PAID,
    PAYMENTS_CLOSED,
    REFUNDS_ENDED,
    RUNS_CONTINUED,
)

# Buckets from milliseconds up to a notification that waited for the worker.
TO_PAID_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
# The SDK's own buckets are in milliseconds where we ask for seconds, or too short: an
# operator must see a task that waits for a minute.
WAIT_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
BUCKETS: Final = {
    NOTIFICATION_TO_PAID: TO_PAID_SECONDS,
    "temporal_workflow_task_schedule_to_start_latency": WAIT_SECONDS,
    "temporal_activity_schedule_to_start_latency": WAIT_SECONDS,
    "temporal_activity_execution_latency": WAIT_SECONDS,
}

log = logging.getLogger(__name__)


def start_runtime(metrics_address: str | None = None) -> Runtime:
    """Start the SDK's core of this process.

    Args:
        metrics_address: Where Prometheus finds its metrics, `host:port`; None for none.
            Where the port is taken, e.g. by another worker of this machine, the process
            runs without metrics: payments matter more.
    """
    # The ids are fields; in the message they would be repeated.
    activity.logger.activity_info_on_message = False
    workflow.logger.workflow_info_on_message = False
    if metrics_address:
        try:
            return Runtime(telemetry=_telemetry(_metrics(metrics_address)))
        except ValueError as error:
            log.warning("metrics are off: %s", error)
    return Runtime(telemetry=_telemetry(None))


def count_from_zero(
    runtime: Runtime,
    *,
    namespace: str,
    task_queue: str,
    wallets: Iterable[str],
    outcomes: Iterable[str],
    late_outcomes: Iterable[str],
    refund_outcomes: Iterable[str],
    workflow_types: Iterable[str],
) -> None:
    """Expose our counters with 0 before their first event.

    Prometheus sees only increases: of a counter that appears with 1 it misses the first
    event, and an alert on a missing counter never fires.

    Args:
        runtime: The runtime whose endpoint exposes them.
        namespace: The worker's; a label.
        task_queue: The worker's; a label.
        wallets: The wallets with a label of their own.
        outcomes: The outcomes of payments.
        late_outcomes: The outcomes of late payments.
        refund_outcomes: The outcomes of refunds.
        workflow_types: The workflow types whose runs may be continued.
    """
    # With the SDK's labels of workflow metrics, or it would be another counter.
    meters = {
        name: runtime.metric_meter.with_additional_attributes(
            {"namespace": namespace, "task_queue": task_queue, "workflow_type": name}
        )
        for name in workflow_types
    }
    for meter in meters.values():
        meter.create_counter(RUNS_CONTINUED).add(0)
    of_payments, of_late_payments = meters["CashierPayment"], meters["LatePayment"]
    wallets = list(wallets)
    closed = of_payments.create_counter(PAYMENTS_CLOSED)
    for outcome, wallet in product(outcomes, wallets):
        closed.add(0, {"outcome": outcome, "wallet": wallet})
    ended = meters["OrderRefunds"].create_counter(REFUNDS_ENDED)
    for outcome, wallet in product(refund_outcomes, [*wallets, "unknown"]):
        ended.add(0, {"outcome": outcome, "wallet": wallet})
    late = of_late_payments.create_counter(LATE_PAYMENTS_CLOSED)
    for outcome in late_outcomes:
        late.add(0, {"outcome": outcome})
    for meter in (of_payments, of_late_payments, meters["OrderRefunds"]):
        callbacks = meter.create_counter(CALLBACKS)
        for result in ("accepted", "handed_over"):
            callbacks.add(0, {"result": result})


def _metrics(address: str) -> PrometheusConfig:
    return PrometheusConfig(
        bind_address=address,
        counters_total_suffix=True,
        durations_as_seconds=True,
        histogram_bucket_overrides=BUCKETS,
    )


def _telemetry(metrics: PrometheusConfig | None) -> TelemetryConfig:
    return TelemetryConfig(
        metrics=metrics,
        logging=LoggingConfig(
            filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
            # Otherwise the core writes to the console in its own format.
            forwarding=LogForwardingConfig(
                logger=logging.getLogger("temporalio.core"),
                append_target_to_name=False,
            ),
        ),
    )
