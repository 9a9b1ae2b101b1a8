"""The claims of a history, to compare with the other histories of its order."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from temporalio.api.common.v1 import Payloads

from audit.history.answers import Answered
from audit.history.named_runs import NamedRun
from audit.history.proofs import GivenBack, Paid
from audit.history.record import INPUTS, Record, parsed, plain
from contracts import (
    LateOutcome,
    LatePaymentInput,
    LatePaymentView,
    Money,
    PayCall,
    PaymentOutcome,
    PaymentView,
    PayVerdict,
    attempt_of,
)

# The money may come after these outcomes: another run then handles it.
_NOT_THEN = (LateOutcome.NOT_PAID, LateOutcome.NOT_LATE)


@dataclass(frozen=True)
class HandedOver:
    """The digest of an input that one run gave to another, from either history."""

    run_id: str
    digest: str


@dataclass(frozen=True)
class SentRefund:
    """One refund of an order, with all its tries.

    Attributes:
        name: Its refundRequestId without the number of the try.
    """

    event_id: int
    name: str
    amount: Money


@dataclass(frozen=True)
class Claims:
    """The claims of one history, small enough to keep those of all histories.

    Attributes:
        event_id: The event that ends the run.
        outcome: Its outcome, or its status where it has none.
        ended: The attempts that this run has opened or whose money it keeps, if it has
            a result.
        attempts: The numbers of all attempts of this run.
        first_attempt: The first attempt number, from its input.
        names: The other runs that it names.
        resets: The resets that led to it, as texts.
        kept: The attempts whose money the shop keeps.
        owed: Paid attempts carried from the run before, which must prove them.
        proven: Payments proven in this history.
        moved: The attempts of which this workflow itself has returned money.
        refunds: The refunds that it has sent, each with its amount.
        gave, took: Inputs given to other runs, and received from another run.
    """

    workflow_id: str
    order_id: str
    event_id: int
    began_at: datetime
    kept: tuple[str, ...] = ()
    owed: tuple[Paid, ...] = ()
    proven: tuple[Paid, ...] = ()
    given_back: tuple[GivenBack, ...] = ()
    moved: tuple[str, ...] = ()
    refunds: tuple[SentRefund, ...] = ()
    gave: tuple[HandedOver, ...] = ()
    took: HandedOver | None = None
    run_id: str = ""
    workflow_type: str = ""
    outcome: str = ""
    ended: tuple[str, ...] = ()
    attempts: tuple[int, ...] = ()
    first_attempt: int = 1
    names: tuple[NamedRun, ...] = ()
    resets: tuple[str, ...] = ()


def kept_by(record: Record) -> tuple[str, ...]:
    """Return the attempts whose money is kept, by the run's result."""
    result, given = record.result, record.input
    if isinstance(result, PaymentView) and result.outcome is PaymentOutcome.PAID:
        return tuple(one.payment_request_id for one in result.attempts if one.is_paid)
    if not isinstance(result, LatePaymentView):
        return ()
    if isinstance(given, LatePaymentInput) and result.outcome is LateOutcome.HONOURED:
        return (given.payment_request_id,)
    return ()


def ended_by(record: Record, answers: Iterable[Answered]) -> tuple[str, ...]:
    """Return the attempts that this run ended, as only one run can.

    The attempts that it has opened itself, or whose money it keeps. Its result also has
    others: attempts of an earlier run that were notified to this run.
    """
    result = record.result
    if isinstance(result, PaymentView):
        opened = [
            one.call.payment_request_id
            for one in answers
            if isinstance(one.call, PayCall)
            and getattr(one.answer, "verdict", None) is PayVerdict.OPENED
        ]
        return tuple(dict.fromkeys((*opened, *kept_by(record))))
    if isinstance(result, LatePaymentView) and result.outcome not in _NOT_THEN:
        return (result.payment_request_id,)
    return ()


def attempts_of(record: Record) -> tuple[int, ...]:
    """Return the numbers of the attempts that a run has sent to Alipay."""
    asked = (
        event.activity_task_scheduled_event_attributes.input
        for event in record.events
        if event.activity_task_scheduled_event_attributes.activity_type.name == "pay"
    )
    calls = (parsed(payloads, PayCall) for payloads in asked)
    return tuple(attempt_of(one.payment_request_id) for one in calls if one)


def given_to_others(record: Record) -> Iterator[HandedOver]:
    """Yield the inputs that this run gave to its next run and to its children."""
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
    """Return the input from another run; None where a client started this run."""
    started = record.started
    by_a_run = started.continued_execution_run_id or started.HasField(
        "parent_workflow_execution"
    )
    if not by_a_run:
        return None
    # After a reset this is the run that was reset, which received the input.
    run_id = started.original_execution_run_id
    return HandedOver(run_id, _digest(record.workflow_type, started.input))


def _digest(workflow_type: str, payloads: Payloads) -> str:
    value = plain(payloads, INPUTS.get(workflow_type))
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
