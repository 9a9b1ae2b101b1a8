"""Checks that persons acted with name and reason; above the limit, two persons."""

from collections.abc import Iterator

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.update.v1 import Request

from audit.findings import Finding, Rule
from audit.history.proofs import Evidenced
from audit.history.record import Record
from audit.history.updates import requests_of
from contracts import (
    CallbackSettlement,
    CancelWish,
    LatePaymentInput,
    LatePaymentView,
    LateResolution,
    Order,
    PaymentView,
    RefundConfirmation,
    RefundRequest,
    RefundResolution,
    RefundReturn,
    Resolution,
    Resolved,
)
from workflows.resolution import needs_second_person

# The name of the shop's API, which may close a payment without a reason.
THE_SHOP = "shop"
# The updates that need a name; and those of them that need no reason.
NAMED = (
    CallbackSettlement,
    LateResolution,
    RefundConfirmation,
    RefundRequest,
    RefundResolution,
    RefundReturn,
    Resolution,
)
WITHOUT_REASON = (RefundConfirmation, RefundRequest)


def check_people(record: Record, evidenced: Evidenced) -> Iterator[Finding]:
    """Yield acts without a name, a reason, or a second person."""
    requests = requests_of(record)
    for event in record.events:
        yield from _check_who_acted(record, event, requests.get(event.event_id))
    yield from _check_second_person(record, evidenced)


def _check_who_acted(
    record: Record, event: HistoryEvent, request: Request | None
) -> Iterator[Finding]:
    match event.event_type:
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED if request:
            said = record.message(request.input.name, request.input.args)
            lacks = _lacks_of(said)
            if said is None and not request.meta.identity:
                lacks = (
                    "identity"  # an update without an argument: its sender is the name
                )
            what = request.input.name
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED:
            ended = event.workflow_execution_terminated_event_attributes
            lacks = "" if ended.reason else "reason"
            what = "the termination"
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED:
            wished = event.workflow_execution_cancel_requested_event_attributes
            lacks = "" if wished.identity or wished.cause else "identity"
            what = "the cancellation"
        case _:
            return
    if lacks:
        yield record.found(
            Rule.NOBODY_NAMED,
            event.event_id,
            expected=f"{what} says who acts, and why",
            seen=f"no {lacks}",
        )


def _lacks_of(said: object) -> str:
    """Return the missing name or reason."""
    if isinstance(said, CancelWish):
        if said.by == THE_SHOP:
            return ""
    elif not isinstance(said, NAMED):
        return ""
    if not said.by.strip():
        return "name (by)"
    if isinstance(said, WITHOUT_REASON):
        return ""
    return "" if said.reason.strip() else "reason"


def _check_second_person(record: Record, evidenced: Evidenced) -> Iterator[Finding]:
    result, given, closing = record.result, record.input, record.closing
    if not isinstance(result, PaymentView | LatePaymentView) or closing is None:
        return
    resolved = result.resolved
    if resolved is None or not isinstance(given, Order | LatePaymentInput):
        return
    at_risk = [given.amount, *(paid.amount for paid in evidenced.believed)]
    needed = needs_second_person(
        given.second_person_above, given.amount.currency, at_risk
    )
    if (needed and not resolved.confirmed_by) or _is_one_person(resolved):
        yield record.found(
            Rule.SECOND_PERSON,
            closing.event_id,
            expected="a second person has confirmed it",
            seen=f"{resolved.by}, confirmed by {resolved.confirmed_by or 'nobody'}",
        )


def _is_one_person(resolved: Resolved) -> bool:
    one, other = resolved.by, resolved.confirmed_by
    if other is None:
        return False
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
