"""Makes the index entry of a history, from the history alone.

With the keys from its result; without them from its search attributes, which are never
encrypted, so that the index is searchable in both cases.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

from audit.bundle.errors import BundleError
from audit.bundle.index import Entry
from audit.findings import Finding, Rule
from codec.keyring import KeyringError
from codec.payload_codec import ENCODING, EncryptingCodec, UnreadablePayloadError
from contracts import (
    CallbackOutcome,
    LateOutcome,
    PaymentOutcome,
    order_of_workflow,
)
from visibility import AMOUNT_MINOR, CURRENCY, ORDER_ID, PAYMENT_STATUS, Listed

RUNNING: Final = "RUNNING"
_END: Final = "EVENT_TYPE_WORKFLOW_EXECUTION_"
# The events that end a run, and the status after each.
STATUS_AFTER: Final = {
    getattr(EventType, f"{_END}{status}"): status
    for status in (
        "COMPLETED", "FAILED", "CANCELED", "TERMINATED", "TIMED_OUT",
        "CONTINUED_AS_NEW",
    )
}  # fmt: skip
OUTCOMES: Final = {*PaymentOutcome, *LateOutcome, *CallbackOutcome}
# Our ids have at most 100 of these characters.
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_-]+")
LONGEST_NAME_OF_ID: Final = 100


def describe(
    history: WorkflowHistory, codec: EncryptingCodec | None, *, sha256: str
) -> Entry:
    """Return the index entry of a history.

    Args:
        history: The history, encrypted or not.
        codec: Decrypts payloads; with None, or without a key, fields that only payloads
            contain are left out.
        sha256: The SHA-256 of its file.

    Raises:
        BundleError: It does not begin with a workflow's start.
    """
    begun, last = _first(history), history.events[-1]
    started = begun.workflow_execution_started_event_attributes
    ended = last.workflow_execution_completed_event_attributes
    given, result = _value(started.input, codec), _value(ended.result, codec)
    listed = _listed(history)
    status = STATUS_AFTER.get(last.event_type, RUNNING)
    workflow_id = started.workflow_id or history.workflow_id
    kind, run_id = started.workflow_type.name, run_id_of(history.events)
    money = _money(result) or _money(given) or _listed_money(listed)
    return Entry(
        workflow_id=workflow_id,
        run_id=run_id,
        workflow_type=kind,
        order_id=_order(given) or str(listed.get(ORDER_ID.name) or _named(workflow_id)),
        outcome=_outcome(kind, status, result, listed),
        status=status,
        currency=money[0] if money else None,
        amount_minor=money[1] if money else None,
        started_at=_time(begun),
        closed_at=None if status == RUNNING else _time(last),
        file=file_name(workflow_id, run_id),
        sha256=sha256,
    )


def differences(
    entry: Entry, history: WorkflowHistory, codec: EncryptingCodec | None
) -> Iterator[Finding]:
    """Find fields in which an index entry differs from the history.

    Fields left out, because the bundle was made without keys, are not differences.

    Raises:
        BundleError: It does not begin with a workflow's start.
    """
    true = describe(history, codec, sha256=entry.sha256)
    for name in Entry.model_fields:
        said, is_so = getattr(entry, name), getattr(true, name)
        if said != is_so and said not in (None, ""):
            yield Finding(
                Rule.INDEX_DIFFERS,
                true.workflow_id,
                true.order_id,
                expected=f"{name} {is_so}, as in its history",
                seen=f"{name} {said} in the index",
            )


def parse_history(text: str | bytes, where: str) -> WorkflowHistory:
    """Parse a history from the JSON of Temporal's UI or CLI, or of our export.

    Args:
        text: JSON.
        where: Its name in an error.

    Raises:
        BundleError: It is not a history.
    """
    try:
        parsed = json.loads(text)
        history = WorkflowHistory.from_json("", parsed)
        _first(history)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError,
            json_format.Error, BundleError) as error:  # fmt: skip
        # The text may contain customer data: the error names only its type.
        raise BundleError(
            f"{where} is not a history in Temporal's JSON ({type(error).__name__})"
        ) from None
    return history


def file_name(workflow_id: str, run_id: str) -> str:
    """Return the file name of a history in its bundle: safe, and unique per run."""
    readable = _UNSAFE.sub("-", workflow_id).strip("-")[:LONGEST_NAME_OF_ID]
    run = _UNSAFE.sub("-", run_id)
    if run != run_id or not 0 < len(run) <= 60:
        # Not a run id of Temporal's, but one in a foreign file.
        run = hashlib.sha256(run_id.encode()).hexdigest()[:32]
    return f"histories/{readable or 'workflow'}--{run}.json"


def run_id_of(events: Sequence[HistoryEvent]) -> str:
    """Return the run's id; after a reset, the start event has that of the old run."""
    for event in reversed(events):
        if new := event.workflow_task_failed_event_attributes.new_run_id:
            return new
    return events[
        0
    ].workflow_execution_started_event_attributes.original_execution_run_id


def _first(history: WorkflowHistory) -> HistoryEvent:
    if not history.events or not history.events[0].HasField(
        "workflow_execution_started_event_attributes"
    ):
        raise BundleError("a history must begin with a workflow's start")
    return history.events[0]


def _value(payloads: Payloads, codec: EncryptingCodec | None) -> dict[str, Any]:
    """Return the value of a payload; empty where it cannot be read."""
    payload = payloads.payloads[0] if payloads.payloads else Payload()
    if payload.metadata.get("encoding") == ENCODING:
        if codec is None:
            return {}
        try:
            codec.decode([payload]).send(None)  # the codec never waits
        except StopIteration as done:
            payload = done.value[0]
        except (KeyringError, UnreadablePayloadError):
            return {}
    with suppress(ValueError, RecursionError):
        value = json.loads(payload.data)
        if isinstance(value, dict):
            return value
    return {}


def _listed(history: WorkflowHistory) -> dict[str, Any]:
    """Return the search attributes at the end of the history."""
    listed: dict[str, Any] = {}
    for event in history.events:
        started = event.workflow_execution_started_event_attributes
        changed = event.upsert_workflow_search_attributes_event_attributes
        for attributes in (started.search_attributes, changed.search_attributes):
            for name, payload in attributes.indexed_fields.items():
                with suppress(ValueError, RecursionError):
                    listed[name] = json.loads(payload.data)
    return {name: value for name, value in listed.items() if _is_plain(value)}


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _order(given: dict[str, Any]) -> str | None:
    event = given.get("event")
    found = (event if isinstance(event, dict) else given).get("order_id")
    return found if isinstance(found, str) else None


def _named(workflow_id: str) -> str:
    """Return the order from the workflow id; empty for refunds of a long order id.

    That id contains a digest; only the input and the list name the order.
    """
    with suppress(ValueError):
        return order_of_workflow(workflow_id)
    return ""


def _outcome(
    kind: str, status: str, result: dict[str, Any], listed: dict[str, Any]
) -> str | None:
    if status != "COMPLETED":
        return None
    said = result.get("outcome") or listed.get(PAYMENT_STATUS.name)
    if said == Listed.ON_COURSE and kind == "CashierPayment":
        return (
            PaymentOutcome.PAID.value
        )  # PAID is listed without an upsert (decision 0012)
    return str(said) if said in OUTCOMES else None


def _money(view: dict[str, Any]) -> tuple[str, int] | None:
    event = view.get("event")
    told = event if isinstance(event, dict) else view
    # Of refunds: the paid amount.
    amount = told.get("amount") or told.get("paid")
    if not isinstance(amount, dict):
        return None
    currency, value = amount.get("currency"), amount.get("value")
    if isinstance(currency, str) and type(value) is int:
        return currency, value
    return None


def _listed_money(listed: dict[str, Any]) -> tuple[str, int] | None:
    currency, value = listed.get(CURRENCY.name), listed.get(AMOUNT_MINOR.name)
    if isinstance(currency, str) and type(value) is int:
        return currency, value
    return None


def _time(event: HistoryEvent) -> datetime:
    return event.event_time.ToDatetime(tzinfo=UTC)
