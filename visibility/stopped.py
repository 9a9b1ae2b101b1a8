"""Finds workflows that were stopped before their end, and reads them for a new run.

A terminated, timed-out or failed run may leave money at risk. So it stays listed until
a newer run of the same id has started.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter
from temporalio.api.common.v1 import Payloads
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowExecutionStatus,
    WorkflowQueryFailedError,
)
from temporalio.service import RPCError, RPCStatusCode

from contracts import (
    CallbackInput,
    Contract,
    LatePaymentInput,
    Order,
    PayCall,
    PaymentNotified,
    RefundsInput,
    RefundsView,
    StoppedAttempt,
    attempt_of,
    order_of,
)
from visibility.stuck import STOPPED
from visibility.views import newest_run, query_stopped

STOPPED_STATES: Final = (
    WorkflowExecutionStatus.TERMINATED,
    WorkflowExecutionStatus.TIMED_OUT,
    WorkflowExecutionStatus.FAILED,
    WorkflowExecutionStatus.CANCELED,
)
# Stopped runs are rare; otherwise the newest thousand are enough to see it.
MOST_LISTED: Final = 1000
AT_ONCE: Final = 16
# The most attempts that a new run continues; as in a continued run.
MOST_ATTEMPTS: Final = 50
# The most attempts from signals, which anybody with write access to Temporal can send.
MOST_HEARD_OF: Final = 10

ContractT = TypeVar("ContractT", bound=Contract)
_STOPPED_ATTEMPTS = TypeAdapter(list[StoppedAttempt])


@dataclass(frozen=True)
class StoppedPayment:
    """A payment, read from the history of its stopped run.

    Attributes:
        order: Its input.
        attempts: The attempts that it may have sent to Alipay, or that signals named;
            the newest last.
    """

    order: Order
    attempts: tuple[StoppedAttempt, ...]


class UnreadableRunError(Exception):
    """A stopped run's history cannot be read; the message says why."""


async def find_stopped(
    client: Client, *, within: timedelta, also: str = "", most: int = MOST_LISTED
) -> list[WorkflowExecution]:
    """Return the workflows whose newest run was stopped before its end.

    Args:
        client: Connected to Temporal; needs no payload keys.
        within: How long each call may take.
        also: A further condition for Temporal's filter.
        most: The most stopped runs that are read, including recovered ones.

    Raises:
        RPCError: Temporal does not answer, or lacks the search attributes.
    """
    query = f"{STOPPED} AND {also}" if also else STOPPED
    listed = [
        one
        async for one in client.list_workflows(query, limit=most, rpc_timeout=within)
    ]
    gate = asyncio.Semaphore(AT_ONCE)

    async def is_newest(one: WorkflowExecution) -> bool:
        async with gate:
            newest = await newest_run(client, one.id, within=within)
        return newest is not None and newest.run_id == one.run_id

    seen = await asyncio.gather(*(is_newest(one) for one in listed))
    return [one for one, newest in zip(listed, seen, strict=True) if newest]


async def read_stopped_payment(
    client: Client, run: WorkflowExecution
) -> StoppedPayment:
    """Return a stopped payment and its attempts, from its history.

    Raises:
        RPCError: Temporal does not answer.
        UnreadableRunError: The history was deleted, or cannot be decrypted with our
            keys.
    """
    events = await _events(client, run)
    order = await _first_input(client, events, Order)
    known = _Attempts(order)
    for event in events:
        scheduled = event.activity_task_scheduled_event_attributes
        if scheduled.activity_type.name == "pay":
            call = await _read(client, scheduled.input, PayCall)
            known.sent(call, event.event_time.ToDatetime(tzinfo=run.start_time.tzinfo))
        signalled = event.workflow_execution_signaled_event_attributes
        if signalled.signal_name == "payment_notified":
            with suppress(UnreadableRunError):  # a signal may contain anything
                said = await _read(client, signalled.input, PaymentNotified)
                known.heard_of(said.payment_request_id, run.start_time)
    return StoppedPayment(order, known.newest())


async def read_stopped_late_payment(
    client: Client, run: WorkflowExecution
) -> LatePaymentInput:
    """Return the input of a stopped late payment.

    Raises:
        RPCError: Temporal does not answer.
        UnreadableRunError: The history was deleted, or cannot be decrypted with our
            keys.
    """
    return await read_input(client, run, LatePaymentInput)


async def read_stopped_refunds(
    client: Client, run: WorkflowExecution, *, within: timedelta
) -> tuple[RefundsInput, RefundsView]:
    """Return the input of a stopped `OrderRefunds`, and its last view.

    A worker replays the history for that: only the workflow code can tell which refunds
    were reserved, confirmed and answered.

    Raises:
        RPCError: Temporal does not answer.
        UnreadableRunError: The history was deleted, or cannot be decrypted with our
            keys, or no worker can replay it.
    """
    given = await read_input(client, run, RefundsInput)
    handle = client.get_workflow_handle(run.id, run_id=run.run_id)
    try:
        known = await query_stopped(handle, RefundsView, within=within)
    except (WorkflowQueryFailedError, RPCError) as error:
        raise UnreadableRunError(
            f"no worker answers with the state of its refunds ({error}); start a "
            "worker whose "
            "code can replay it, and try again"
        ) from error
    return given, known


async def read_input(
    client: Client, run: WorkflowExecution, kind: type[ContractT]
) -> ContractT:
    """Return the input of a run.

    Raises:
        RPCError: Temporal does not answer.
        UnreadableRunError: The history was deleted, or cannot be decrypted with our
            keys.
    """
    handle = client.get_workflow_handle(run.id, run_id=run.run_id)
    try:
        async for event in handle.fetch_history_events(page_size=1):
            return await _first_input(client, [event], kind)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
    raise UnreadableRunError("its history was deleted")


async def read_stopped_callbacks(
    client: Client, run: WorkflowExecution
) -> list[CallbackInput]:
    """Return the events of a stopped queue of callbacks, sent or not.

    Raises:
        RPCError: Temporal does not answer.
        UnreadableRunError: The history was deleted, or cannot be decrypted with our
            keys.
    """
    events = await _events(client, run)
    first = await _first_input(client, events, CallbackInput)
    untold = list(first.carried.untold) if first.carried else [first]
    for event in events:
        signalled = event.workflow_execution_signaled_event_attributes
        if signalled.signal_name == "also_tell":
            with suppress(UnreadableRunError):
                untold.append(await _read(client, signalled.input, CallbackInput))
    return sorted(untold, key=lambda one: one.event.occurred_at)


@dataclass
class _Attempts:
    """Collects the attempts that a history names."""

    order: Order
    found: dict[int, StoppedAttempt] = field(default_factory=dict)

    def __post_init__(self) -> None:
        earlier = self.order.stopped.attempts if self.order.stopped else ()
        self.found = {one.number: one for one in earlier}
        for one in _carried(self.order):
            self.found[one.number] = one

    def sent(self, call: PayCall, at: datetime) -> None:
        number = attempt_of(call.payment_request_id)
        minutes = self.order.expires_in_minutes
        if call.expires_at and minutes:
            # `pay` must send the same expiry again, to the second.
            at = call.expires_at - timedelta(minutes=minutes)
        known = self.found.get(number)
        if known is None or not known.wallet:
            self.found[number] = StoppedAttempt(
                number=number, wallet=call.wallet, begun_at=at
            )

    def heard_of(self, request_id: str, at: datetime) -> None:
        try:
            is_ours = order_of(request_id) == self.order.order_id
            number = attempt_of(request_id)
        except ValueError:
            return  # a signal may contain anything
        if is_ours and number not in self.found:
            self.found[number] = StoppedAttempt(number=number, wallet="", begun_at=at)

    def newest(self) -> tuple[StoppedAttempt, ...]:
        """Return the attempts that were sent, and a limited number of the others."""
        in_order = [self.found[number] for number in sorted(self.found)]
        sent = [one for one in in_order if one.wallet][-MOST_ATTEMPTS:]
        heard_of = [one for one in in_order if not one.wallet][-MOST_HEARD_OF:]
        return (*heard_of, *sent)


def _carried(order: Order) -> list[StoppedAttempt]:
    """Return the attempts carried into a continued run; none of malformed facts."""
    try:
        return _STOPPED_ATTEMPTS.validate_python((order.carried or {}).get("attempts"))
    except ValueError:
        return []


async def _events(client: Client, run: WorkflowExecution) -> Sequence[HistoryEvent]:
    handle = client.get_workflow_handle(run.id, run_id=run.run_id)
    try:
        return (await handle.fetch_history()).events
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise UnreadableRunError("its history was deleted") from error
        raise


async def _first_input(
    client: Client, events: Sequence[HistoryEvent], kind: type[ContractT]
) -> ContractT:
    if not events:
        raise UnreadableRunError("its history was deleted")
    given = events[0].workflow_execution_started_event_attributes.input
    return await _read(client, given, kind)


async def _read(client: Client, given: Payloads, kind: type[ContractT]) -> ContractT:
    try:
        [read, *_] = await client.data_converter.decode(given.payloads, [kind])
        told: Any = read
        return kind.model_validate(told)
    except Exception as error:  # any error of a codec or a converter
        raise UnreadableRunError(
            f"it cannot be decrypted with our keys ({type(error).__name__})"
        ) from error
