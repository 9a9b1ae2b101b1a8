"""Finds out from Temporal whether an earlier event of an order is not accepted yet.

Each check describes one workflow by its id: unlike the list, that is always up to date,
and it costs no action.
"""

import asyncio
from datetime import timedelta
from typing import Protocol

from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
)

from activities.our_runs import OurRuns
from contracts import (
    ShopEvent,
    attempt_of,
    callbacks_id,
    late_payment_id,
    payment_request_id,
    workflow_id,
)
from visibility.paused import paused_of

# Temporal answers in milliseconds; the call to the shop needs the rest of the time.
PATIENCE = timedelta(seconds=1)
# Late money comes hours after its attempt at most; no order gets more attempts by then.
MOST_ATTEMPTS = 10


class Earlier(Protocol):
    """Finds out whether an earlier event must be sent first."""

    async def is_waiting(self, event: ShopEvent) -> bool:
        """Whether the order's queue of unaccepted events runs.

        Raises:
            RPCError: Temporal does not answer.
        """
        ...

    async def is_being_sent(self, event: ShopEvent) -> bool:
        """Whether another workflow is sending an earlier event of the order right now.

        Raises:
            RPCError: Temporal does not answer.
        """
        ...


class EarlierEvents:
    """Describes the order's workflows in Temporal."""

    def __init__(self, client: Client) -> None:
        self._runs = OurRuns(client, within=PATIENCE)

    async def is_waiting(self, event: ShopEvent) -> bool:
        return await self._look(callbacks_id(event.order_id), "Callback") is not None

    async def is_being_sent(self, event: ShopEvent) -> bool:
        seen = await asyncio.gather(
            *(self._look(name, kind) for name, kind in _others(event).items())
        )
        return any(one is not None and _is_sending(one) for one in seen)

    async def _look(self, name: str, kind: str) -> WorkflowExecutionDescription | None:
        """Return our open run with this workflow id; None if there is none."""
        seen = await self._runs.newest(name, kind)
        if seen is None:
            return None
        return seen if seen.status is WorkflowExecutionStatus.RUNNING else None


def _others(event: ShopEvent) -> dict[str, str]:
    """Return the workflows that may be sending an earlier event, with their type.

    Late money of later attempts is not among them: it comes after this event.
    """
    payment = workflow_id(event.order_id)
    attempt = attempt_of(event.payment_request_id)
    earlier = range(max(1, attempt - MOST_ATTEMPTS), attempt)
    late = {
        late_payment_id(payment_request_id(event.order_id, number)): "LatePayment"
        for number in earlier
    }
    is_late = event.type.startswith("late_payment.")
    return {payment: "CashierPayment", **late} if is_late else late


def _is_sending(seen: WorkflowExecutionDescription) -> bool:
    """Whether a workflow notifies the shop, or is about to leave that to the queue.

    A workflow with a pending workflow task may be between the two. A paused one makes
    no progress, and must not delay other events.
    """
    raw = seen.raw_description
    paused = paused_of(raw)
    if paused and paused.is_workflow:
        return False
    return (
        any(one.activity_type.name == "tell_shop" for one in raw.pending_activities)
        or raw.HasField("pending_workflow_task")
        or any(one.workflow_type_name == "Callback" for one in raw.pending_children)
    )
