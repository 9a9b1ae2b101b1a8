"""Starts tracing where an endpoint is set: from the shop's call to Alipay's answer.

The settings are OpenTelemetry's own: OTEL_EXPORTER_OTLP_ENDPOINT switches traces on,
OTEL_EXPORTER_OTLP_HEADERS, OTEL_TRACES_SAMPLER and the rest are read by its SDK.
"""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from temporalio.client import Interceptor

if TYPE_CHECKING:
    from telemetry.spans import Tracing


def start_tracing(service: str) -> "Tracing | None":
    """Return the tracing of this process, or None where no endpoint is set.

    Args:
        service: The name of the process in traces, after `cashier-`, unless
            OTEL_SERVICE_NAME is set.
    """
    wanted = any(
        os.environ.get(f"OTEL_EXPORTER_OTLP_{name}")
        for name in ("ENDPOINT", "TRACES_ENDPOINT")
    )
    if not wanted or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    # Here, because importing OpenTelemetry takes as long as all other imports.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from telemetry.spans import GuardedExporter, Tracing

    return Tracing(service, BatchSpanProcessor(GuardedExporter(OTLPSpanExporter())))


def interceptors_of(tracing: "Tracing | None") -> Sequence[Interceptor]:
    """Return the interceptors with which a Temporal client propagates the trace."""
    return [tracing.interceptor] if tracing else []
