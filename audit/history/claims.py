"""What one history claims that only the other histories of its order can confirm."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from temporalio.api.common.v1 import Payloads

from audit.history.proofs import GivenBack, Paid
from audit.history.record import INPUTS, Record, plain
from contracts import (
    LateOutcome,
    LatePaymentInput,
    LatePaymentView,
    PaymentOutcome,
    PaymentView,
)


@dataclass(frozen=True)
class HandedOver:
    """The input of another run, as this one gave it, or as that one received it."""

    run_id: str
    digest: str


@dataclass(frozen=True)
class Claims:
    """Some facts of one history, small enough to be kept of all.

    Attributes:
        event_id: Of the end.
        kept: The attempts whose money the shop keeps.
        owed: Paid attempts, proven by the run before this one, as it carries them on.
        proven: What is proven here to have been paid.
        gave, took: Inputs handed over to other runs, and by another run.
    """

    workflow_id: str
    order_id: str
    event_id: int
    kept: tuple[str, ...] = ()
    owed: tuple[Paid, ...] = ()
    proven: tuple[Paid, ...] = ()
    given_back: tuple[GivenBack, ...] = ()
    gave: tuple[HandedOver, ...] = ()
    took: HandedOver | None = None


def kept_by(record: Record) -> tuple[str, ...]:
    """Return the attempts whose money is kept, as the run's result says it."""
    result, given = record.result, record.input
    if isinstance(result, PaymentView) and result.outcome is PaymentOutcome.PAID:
        return tuple(one.payment_request_id for one in result.attempts if one.is_paid)
    if not isinstance(result, LatePaymentView):
        return ()
    if isinstance(given, LatePaymentInput) and result.outcome is LateOutcome.HONOURED:
        return (given.payment_request_id,)
    return ()


def given_to_others(record: Record) -> Iterator[HandedOver]:
    """Yield what this run handed over: to its next run, and to its children."""
    begun: dict[int, str] = {}
    for event in record.events:
        child = event.start_child_workflow_execution_initiated_event_attributes
        started = event.child_workflow_execution_started_event_attributes
        going_on = event.workflow_execution_continued_as_new_event_attributes
        if child.workflow_id:
            begun[event.event_id] = _digest(child.workflow_type.name, child.input)
        elif started.initiated_event_id in begun:
            run_id = started.workflow_execution.run_id
            yield HandedOver(run_id, begun[started.initiated_event_id])
        elif going_on.new_execution_run_id:
            digest = _digest(record.workflow_type, going_on.input)
            yield HandedOver(going_on.new_execution_run_id, digest)


def taken_from_another(record: Record) -> HandedOver | None:
    """Return what this run was handed by another one; None where a client began it."""
    started = record.started
    by_a_run = started.continued_execution_run_id or started.HasField(
        "parent_workflow_execution"
    )
    if not by_a_run:
        return None
    return HandedOver(record.run_id, _digest(record.workflow_type, started.input))


def _digest(workflow_type: str, payloads: Payloads) -> str:
    value = plain(payloads, INPUTS.get(workflow_type))
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
