"""Details of a stuck workflow beyond the list: since when, and its last failure.

Descriptions and histories are free of charge. Only the reason of a review needs a
query, and details that need a missing key are left out.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionResponse,
    GetWorkflowExecutionHistoryReverseRequest,
)
from temporalio.client import Client

from cashier.stuck.failures import errors_of, failure_of, newest
from cashier.stuck.finding import Stuck
from cashier.stuck.refunds import refunds_meant
from cashier.temporal_calls import printable
from contracts import MoneyAtRisk, RefundRecord, RefundsView
from visibility import NEEDS_ATTENTION
from visibility.at_risk import ask_what_is_at_risk
from visibility.paused import Paused, paused_of
from visibility.stuck import Kind

AT_ONCE = 16
# A failure to read details must not prevent the list.
PATIENCE_SECONDS = 10.0
EACH = timedelta(seconds=2)
# The cause is among the newest events.
NEWEST_EVENTS = 100


@dataclass(frozen=True)
class Details:
    """Details of one stuck workflow; each may be missing.

    Attributes:
        since: When it got stuck.
        failure: The message of the newest failure.
        errors: The error types of a failing workflow task, the cause last.
        tries: How many attempts the pending activity has had.
        next_try: When its next attempt is.
        review: Why a person must decide.
        proposed: The outcome that a second person must confirm, and who proposed it.
        at_risk: The money at risk, as the workflow reports it.
        stopped: How it was stopped, by whom, and why.
        paused: What is paused, by whom, and why.
        refunds: The stuck refunds of an order, the oldest first.
    """

    since: datetime | None = None
    failure: str | None = None
    errors: tuple[str, ...] = ()
    tries: int = 0
    next_try: datetime | None = None
    review: str | None = None
    proposed: tuple[str, str] | None = None
    at_risk: MoneyAtRisk | None = None
    stopped: str | None = None
    paused: Paused | None = None
    refunds: tuple[RefundRecord, ...] = ()


async def details_of(client: Client, stuck: Sequence[Stuck]) -> list[Details]:
    """Return the details of each, within seconds; never raises."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def look(one: Stuck) -> Details:
        async with gate:
            return await _look(client, one)

    tasks = [asyncio.ensure_future(look(one)) for one in stuck]
    if not tasks:
        return []
    _, late = await asyncio.wait(tasks, timeout=PATIENCE_SECONDS)
    for task in late:
        task.cancel()
    looked = await asyncio.gather(*tasks, return_exceptions=True)
    return [one if isinstance(one, Details) else Details() for one in looked]


async def _look(client: Client, one: Stuck) -> Details:
    handle = client.get_workflow_handle(one.workflow_id, run_id=one.run_id)
    described = (await handle.describe(rpc_timeout=EACH)).raw_description
    events = await _newest_events(client, one)
    pending = max(
        described.pending_activities, key=lambda each: each.attempt, default=None
    )
    asks = Kind.REVIEW in one.kinds or one.is_refunds
    view = await _view(client, one) if asks else {}
    proposed = view.get("proposed") or {}
    return Details(
        since=_since(one, described, events),
        failure=await failure_of(client, one, pending, events),
        errors=errors_of(events) if one.kind is Kind.TASK_FAILURE else (),
        tries=pending.attempt if pending else 0,
        next_try=_next_try(pending),
        review=_text(view.get("review")),
        proposed=(_text(proposed.get("outcome")) or "", _text(proposed.get("by")) or "")
        if proposed
        else None,
        at_risk=await _at_risk(client, one),
        stopped=_how_it_was_stopped(events) if one.kind is Kind.STOPPED else None,
        paused=paused_of(described),
        refunds=_refunds(one, view),
    )


def _refunds(one: Stuck, view: dict[str, Any]) -> tuple[RefundRecord, ...]:
    if not one.is_refunds:
        return ()
    # The view of another release may not be readable; the row is shown without.
    with suppress(ValueError):
        return refunds_meant(one.kind, RefundsView.model_validate(view))
    return ()


async def _newest_events(client: Client, one: Stuck) -> Sequence[HistoryEvent]:
    answer = await client.workflow_service.get_workflow_execution_history_reverse(
        GetWorkflowExecutionHistoryReverseRequest(
            namespace=client.namespace,
            execution=WorkflowExecution(workflow_id=one.workflow_id, run_id=one.run_id),
            maximum_page_size=NEWEST_EVENTS,
        ),
        timeout=EACH,
    )
    return answer.history.events


async def _view(client: Client, one: Stuck) -> dict[str, Any]:
    if not _can_answer(one):
        return {}
    handle = client.get_workflow_handle(one.workflow_id, run_id=one.run_id)
    # Without the keys, or with an old worker, the list still says why.
    with suppress(Exception):
        view = await handle.query("view", result_type=dict[str, Any], rpc_timeout=EACH)
        return view if isinstance(view, dict) else {}
    return {}


async def _at_risk(client: Client, one: Stuck) -> MoneyAtRisk | None:
    if not _can_answer(one):
        return None
    return await ask_what_is_at_risk(client, one.workflow_id, one.run_id, within=EACH)


def _can_answer(one: Stuck) -> bool:
    return Kind.NO_WORKER not in one.kinds and Kind.TASK_FAILURE not in one.kinds


def _since(
    one: Stuck,
    described: DescribeWorkflowExecutionResponse,
    events: Sequence[HistoryEvent],
) -> datetime | None:
    match one.kind:
        case Kind.NO_WORKER:
            return _time(described.pending_workflow_task.original_scheduled_time)
        case Kind.TASK_FAILURE:
            failed = newest(events, EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED)
            return _time(failed.event_time) if failed else None
        case Kind.OVERDUE:
            return one.expires_at
        case Kind.STOPPED:
            return one.since
        case Kind.PAUSED:
            paused = paused_of(described)
            return paused.since if paused else None
    for event in events:
        changed = event.upsert_workflow_search_attributes_event_attributes
        if NEEDS_ATTENTION.name in changed.search_attributes.indexed_fields:
            return _time(event.event_time)
    return None


def _how_it_was_stopped(events: Sequence[HistoryEvent]) -> str | None:
    """Return how a run ended, by whom, and why, from its last event."""
    if not events:
        return None
    last = events[0]
    ended = EventType.Name(last.event_type).removeprefix("EVENT_TYPE_WORKFLOW_")
    said = ended.removeprefix("EXECUTION_").replace("_", " ").lower()
    told = last.workflow_execution_terminated_event_attributes
    by = f" by {told.identity}" if told.identity else ""
    reason = f": {told.reason}" if told.reason else ""
    return _text(f"{said}{by}{reason}")


def _next_try(pending: PendingActivityInfo | None) -> datetime | None:
    return _time(pending.next_attempt_schedule_time) if pending else None


def _time(stamp: Timestamp) -> datetime | None:
    return stamp.ToDatetime(tzinfo=UTC) if stamp.seconds > 0 else None


def _text(value: object) -> str | None:
    return printable(str(value)) if value else None
