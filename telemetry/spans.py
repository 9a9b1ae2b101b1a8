"""What traces consist of: one trace through API, Temporal, worker and Alipay."""

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

# The trace's ids alone. Baggage would carry whatever a caller puts into it on into
# histories, and on to Alipay.
PROPAGATOR: Final = TraceContextTextMapPropagator()

# Ids, names and numbers. All else stays here: URLs with tokens, messages of errors.
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
# How long the end of a process waits for the last spans to be taken.
FLUSH_SECONDS: Final = 3.0


class GuardedExporter(SpanExporter):
    """Sends spans on, with what is allowed in them and nothing else."""

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
        # Without its description, which is the message of an error.
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
    """The spans inside workflows; instant ones, so that a replay needs no clock."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the SDK's
        super().__init__(*args, **kwargs)
        self.text_map_propagator = PROPAGATOR


class TemporalSpans(TracingInterceptor):
    """Carries the trace through Temporal, in the headers of its messages."""

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
        # The stable names of HTTP's attributes, where nobody has chosen others.
        os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http")
        name = os.environ.get("OTEL_SERVICE_NAME") or f"cashier-{service}"
        self._provider = TracerProvider(
            resource=Resource.create({SERVICE_NAME: name}), shutdown_on_exit=False
        )
        self._provider.add_span_processor(processor)
        # The instrumentations of HTTP take it from here only.
        set_global_textmap(PROPAGATOR)
        self.interceptor = TemporalSpans(self._provider.get_tracer("cashier"))
        for handler in logging.getLogger().handlers:
            handler.addFilter(_name_trace)

    def watch_app(self, app: FastAPI) -> None:
        """Begin a span with each call, below the caller's own where it sends one."""
        FastAPIInstrumentor.instrument_app(
            app,
            tracer_provider=self._provider,
            # A stream of events is open for an hour, and no step of a payment.
            excluded_urls="health,/events$",
            exclude_spans=["receive", "send"],
        )

    def watch_client(self, http: httpx.AsyncClient) -> None:
        """Begin a span with each call to Alipay, or to the shop."""
        HTTPXClientInstrumentor.instrument_client(
            http, tracer_provider=self._provider, request_hook=_name_call
        )

    async def stop(self) -> None:
        """Send what is still to be sent, but do not wait for long."""
        # A daemon: where nobody takes the spans it goes on trying after our patience.
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
