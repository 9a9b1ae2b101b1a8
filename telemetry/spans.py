"""The spans of a trace through API, Temporal, worker and Alipay."""

import asyncio
import logging
import os
import re
from collections.abc import Sequence
from threading import Thread
from typing import Any, Final

import httpx
from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor, RequestInfo
from opentelemetry.propagate import set_global_textmap
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Span, Status
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from temporalio.contrib.opentelemetry import (
    TracingInterceptor,
    TracingWorkflowInboundInterceptor,
)
from temporalio.worker import WorkflowInterceptorClassInput

# Only the trace's ids. Baggage would carry arbitrary data of callers into histories,
# and to Alipay.
PROPAGATOR: Final = TraceContextTextMapPropagator()

# Ids, names and numbers. URLs with tokens and error messages are not exported.
ALLOWED: Final = frozenset(
    {
        "temporalWorkflowID",
        "temporalRunID",
        "temporalActivityID",
        "temporalActivityType",
        "temporalUpdateID",
        "http.method",
        "http.request.method",
        "http.route",
        "http.status_code",
        "http.response.status_code",
        "net.peer.name",
        "server.address",
        "net.host.port",
        "server.port",
        "error.type",
        "exception.type",
        "otel.status_code",
    }
)
# How long a process waits at its end for the export of the last spans, in seconds.
FLUSH_SECONDS: Final = 3.0


class GuardedExporter(SpanExporter):
    """Exports spans with the allowed attributes only."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._inner.export([_guarded(span) for span in spans])

    def shutdown(self) -> None:
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return self._inner.force_flush(timeout_millis)


def _guarded(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_allowed(span.attributes),
        events=[
            Event(event.name, _allowed(event.attributes), event.timestamp)
            for event in span.events
        ],
        links=span.links,
        kind=span.kind,
        # Without its description, which is an error message.
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _allowed(attributes: Any) -> dict[str, Any]:  # noqa: ANN401 - OpenTelemetry's
    return {
        name: value for name, value in (attributes or {}).items() if name in ALLOWED
    }


class _WorkflowSpans(TracingWorkflowInboundInterceptor):
    """The spans inside workflows; without duration, so that a replay needs no clock."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the SDK's
        super().__init__(*args, **kwargs)
        self.text_map_propagator = PROPAGATOR


class TemporalSpans(TracingInterceptor):
    """Propagates the trace through Temporal, in its headers."""

    def __init__(self, tracer: trace.Tracer) -> None:
        super().__init__(tracer)
        self.text_map_propagator = PROPAGATOR

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002 - the SDK's name
    ) -> type[TracingWorkflowInboundInterceptor]:
        super().workflow_interceptor_class(input)
        return _WorkflowSpans


class Tracing:
    """Traces one process."""

    def __init__(self, service: str, processor: SpanProcessor) -> None:
        # The stable names of HTTP attributes, where the environment does not choose
        # others.
        os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http")
        name = os.environ.get("OTEL_SERVICE_NAME") or f"cashier-{service}"
        self._provider = TracerProvider(
            resource=Resource.create({SERVICE_NAME: name}), shutdown_on_exit=False
        )
        self._provider.add_span_processor(processor)
        # The instrumentations of HTTP read it only from here.
        set_global_textmap(PROPAGATOR)
        self.interceptor = TemporalSpans(self._provider.get_tracer("cashier"))
        for handler in logging.getLogger().handlers:
            handler.addFilter(_name_trace)

    def watch_app(self, app: FastAPI) -> None:
        """Start a span for each call, as a child of the caller's span if any."""
        FastAPIInstrumentor.instrument_app(
            app,
            tracer_provider=self._provider,
            # A stream of events is open for an hour, and is not a step of a payment.
            excluded_urls="health,/events$",
            exclude_spans=["receive", "send"],
        )

    def watch_client(self, http: httpx.AsyncClient) -> None:
        """Start a span for each call to Alipay, or to the shop."""
        HTTPXClientInstrumentor.instrument_client(
            http, tracer_provider=self._provider, request_hook=_name_call
        )

    async def stop(self) -> None:
        """Export the remaining spans, but do not wait for long."""
        # A daemon thread: without a collector it would retry after our time limit.
        last_words = Thread(target=self._provider.shutdown, daemon=True)
        last_words.start()
        await asyncio.to_thread(last_words.join, FLUSH_SECONDS)


async def _name_call(span: Span, request: RequestInfo) -> None:
    """Name a call to Alipay by its API; other URLs are not named."""
    path = request.url.path if isinstance(request.url, httpx.URL) else ""
    found = re.search(r"/ams/(?:sandbox/)?api/v1/payments/(\w+)$", path)
    if found:
        span.update_name(f"Alipay {found[1]}")


def _name_trace(record: logging.LogRecord) -> bool:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        record.trace_id = trace.format_trace_id(context.trace_id)
    return True
