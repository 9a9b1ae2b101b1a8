"""One trace from the shop's call to Alipay's answer, and nothing of anybody in it."""

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from temporalio.worker import Replayer

from telemetry.spans import ALLOWED, GuardedExporter, Tracing
from telemetry.tracing import interceptors_of, start_tracing
from temporal_client import DATA_CONVERTER, data_converter
from tests.builders import an_order, as_a_shop_sends_it
from tests.histories.signed_paths import payload_keys
from tests.telemetry.collecting import collecting
from tests.telemetry.running import CANARY_EMAIL, Watched
from tests.workflows.test_replay import RECORDED, recorded
from workflows.kinds import WORKFLOWS

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE_ID}-00f067aa0ba902b7-01"


async def trace_of_one_page(watched: Watched) -> list[ReadableSpan]:
    """Open a payment as a shop that traces itself; return the spans of its trace."""
    watched.spans.clear()
    body = as_a_shop_sends_it(an_order())
    answer = await watched.api.post(
        "/payments?hint=canary-query",
        json={**body, "customer": {"email": CANARY_EMAIL}},
        headers={"traceparent": PARENT, "baggage": "who=canary-baggage"},
    )
    assert answer.status_code == 201
    return [
        span
        for span in watched.spans.get_finished_spans()
        if span.context and f"{span.context.trace_id:032x}" == TRACE_ID
    ]


async def test_one_trace_goes_from_the_shops_call_to_alipay(watched: Watched) -> None:
    spans = await trace_of_one_page(watched)
    parents = {span.context.span_id: span for span in spans if span.context}
    path: list[str] = []
    at: ReadableSpan | None = next(one for one in spans if one.name == "Alipay pay")
    while at is not None:
        path.append(at.name)
        above = at.parent.span_id if at.parent else 0
        at = parents.get(above)
    assert path == [
        "Alipay pay",
        "RunActivity:pay",
        "StartActivity:pay",
        "StartUpdateWithStartWorkflow:CashierPayment",
        "POST /payments",
    ]
    # What a workflow does itself takes no time, so it stands beside, not above.
    assert {"RunWorkflow:CashierPayment", "HandleUpdate:cashier_page"} <= {
        span.name for span in spans
    }
    # Above ours stands the span of the shop.
    assert f"{above:016x}" == "00f067aa0ba902b7"


async def test_spans_tell_ids_and_numbers_only(watched: Watched) -> None:
    spans = await trace_of_one_page(watched)
    told = {name for span in spans for name in (span.attributes or {})}
    assert {"http.route", "temporalWorkflowID"} <= told <= ALLOWED
    text = "".join(span.to_json() for span in spans)
    for canary in (CANARY_EMAIL, "canary-query", "canary-baggage", "wallet.example"):
        assert canary not in text


async def test_baggage_of_a_caller_does_not_reach_histories(watched: Watched) -> None:
    await trace_of_one_page(watched)
    order = await watched.opens()
    handle = watched.client.get_workflow_handle(f"payment:{order['order_id']}")
    history = (await handle.fetch_history()).to_json()
    assert "_tracer-data" in history
    assert "canary-baggage" not in history


async def test_the_message_of_an_error_stays_here() -> None:
    kept = InMemorySpanExporter()
    tracing = Tracing("tests", SimpleSpanProcessor(GuardedExporter(kept)))
    with (
        pytest.raises(ValueError, match="jane"),
        tracing.interceptor.tracer.start_as_current_span("call"),
    ):
        raise ValueError("mail to jane@shop.example")
    [span] = kept.get_finished_spans()
    assert span.events[0].attributes == {"exception.type": "ValueError"}
    assert "jane" not in span.to_json()


async def test_histories_replay_alike_with_tracing_and_without() -> None:
    tracing = Tracing("tests", SimpleSpanProcessor(InMemorySpanExporter()))
    replayer = Replayer(
        workflows=WORKFLOWS,
        data_converter=data_converter(payload_keys()),
        interceptors=[tracing.interceptor],
    )
    for file in RECORDED:
        replayed = await replayer.replay_workflow(
            recorded(file), raise_on_replay_failure=False
        )
        assert replayed.replay_failure is None, file.name


async def test_a_history_with_a_trace_replays_without_tracing(
    watched: Watched,
) -> None:
    opened = await watched.opens()
    await watched.pays(opened)
    handle = watched.client.get_workflow_handle(f"payment:{opened['order_id']}")
    history = await handle.fetch_history()
    replayer = Replayer(workflows=WORKFLOWS, data_converter=DATA_CONVERTER)
    await replayer.replay_workflow(history)


async def test_nothing_is_traced_where_no_endpoint_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("ENDPOINT", "TRACES_ENDPOINT"):
        monkeypatch.delenv(f"OTEL_EXPORTER_OTLP_{name}", raising=False)
    assert start_tracing("worker") is None
    assert list(interceptors_of(None)) == []


async def test_spans_reach_a_collector_before_the_process_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        monkeypatch.delenv("OTEL_SERVICE_NAME", raising=False)
        tracing = start_tracing("worker")
        assert tracing is not None
        for number in range(3):
            with tracing.interceptor.tracer.start_as_current_span(f"span {number}"):
                pass
        await tracing.stop()
    assert [(span.service, span.name) for span in collector.spans] == [
        ("cashier-worker", f"span {number}") for number in range(3)
    ]
