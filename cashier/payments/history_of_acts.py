"""The acts of operators on a workflow, read from its history."""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import (
    HistoryEvent,
    WorkflowExecutionOptionsUpdatedEventAttributes as OptionsUpdated,
)
from temporalio.client import Client

from cashier.temporal_calls import printable
from contracts import Money, in_words

# Updates that operators send; the others come from the shop.
BY_PEOPLE = (
    *("check_now", "cancel", "resolve", "resend", "settle"),
    *("refund", "confirm", "returned"),
)


@dataclass(frozen=True)
class Act:
    """One act of an operator: when, what, who.

    Attributes:
        identity: The identity of the client, as Temporal recorded it.
        words: The argument: outcome, reason, by; empty where it cannot be read.
    """

    at: datetime
    name: str
    identity: str
    words: dict[str, str]


async def acts_on(client: Client, workflow_id: str, run_id: str) -> list[Act]:
    """Return the acts in the history of a run, the oldest first."""
    return [act async for act in _acts(client, workflow_id, run_id)]


async def _acts(client: Client, workflow_id: str, run_id: str) -> AsyncIterator[Act]:
    handle = client.get_workflow_handle(workflow_id, run_id=run_id)
    async for event in handle.fetch_history_events():
        at = event.event_time.ToDatetime(tzinfo=UTC)
        match event.event_type:
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
                accepted = event.workflow_execution_update_accepted_event_attributes
                request = accepted.accepted_request
                if request.input.name in BY_PEOPLE:
                    words = await _words(client, event)
                    yield Act(at, request.input.name, request.meta.identity, words)
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED:
                asked = event.workflow_execution_cancel_requested_event_attributes
                yield Act(at, "cancel of the workflow", asked.identity, {})
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
                started = event.workflow_execution_started_event_attributes
                if said := await _recovery(client, started.input.payloads):
                    yield Act(at, "recover", started.identity, said)
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED:
                options = event.workflow_execution_options_updated_event_attributes
                if name := _version_move(options):
                    yield Act(at, name, options.identity, {})
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED:
                ended = event.workflow_execution_terminated_event_attributes
                words = {"reason": printable(ended.reason)} if ended.reason else {}
                yield Act(at, "terminate", ended.identity, words)


def _version_move(options: OptionsUpdated) -> str:
    """Return to which worker version the run was moved, as text; empty: it was not."""
    told = options.versioning_override
    once = told.one_time.target_deployment_version.build_id
    build = once or told.pinned.version.build_id
    if build:
        return f"{'move to' if once else 'keep on'} version {printable(build)}"
    return (
        "leave its version to its worker" if options.unset_versioning_override else ""
    )


async def _recovery(client: Client, payloads: Sequence[Payload]) -> dict[str, str]:
    """Return who recovered a stopped run by this run; empty where nobody did."""
    with suppress(Exception):
        [given] = await client.data_converter.decode(payloads, [dict[str, Any]])
        stopped = given.get("stopped") or {}
        said = {name: stopped.get(name) for name in ("by", "reason", "ended")}
        return {name: printable(str(value)) for name, value in said.items() if value}
    return {}


async def _words(client: Client, event: HistoryEvent) -> dict[str, str]:
    accepted = event.workflow_execution_update_accepted_event_attributes
    payloads = accepted.accepted_request.input.args.payloads
    # Without the payload key an act still has its time and its identity.
    with suppress(Exception):
        [said] = await client.data_converter.decode(payloads, [dict[str, Any]])
        return {str(name): _said(value) for name, value in said.items() if value}
    return {}


def _said(value: object) -> str:
    """Write a value of an argument for people; money as `PHP 50.00`."""
    if isinstance(value, dict):
        with suppress(ValueError):
            return in_words(Money.model_validate(value))
    return printable(str(value))
