"""Starts a new run of a workflow that was stopped from outside; it asks Alipay first.

The new run has the same workflow id and the same attempt numbers, so that it repeats
each call to Alipay that the stopped run may have made, and makes no other
(docs/decisions/0041-stopped-payments-come-back.md).
"""

import logging
from dataclasses import dataclass
from typing import Any, Final, TypedDict

from temporalio.client import Client, WorkflowExecution
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from api.merchant_rules import MerchantRules
from api.payments.new_payment_page import (
    facts_of,
    facts_of_late_money,
    listing_of,
    listing_of_late_money,
    summary_of,
)
from api.temporal_calls import QUICK
from contracts import (
    RELEASE,
    TASK_QUEUE,
    CallbacksCarried,
    StoppedAttempt,
    StoppedRun,
    in_words,
    workflow_id,
)
from visibility import Listed, NeedsAttention, attributes_of
from visibility.stopped import (
    STOPPED_STATES,
    UnreadableRunError,
    read_stopped_callbacks,
    read_stopped_late_payment,
    read_stopped_payment,
)
from visibility.views import newest_run
from workflows.callback import Callback
from workflows.cashier_payment import CashierPayment
from workflows.late_payment import LatePayment


class _Start(TypedDict):
    task_queue: str
    id_conflict_policy: WorkflowIDConflictPolicy
    id_reuse_policy: WorkflowIDReusePolicy


# Only after a stopped run: a run that has ended by itself is not restarted, even if
# another call has recovered it meanwhile.
AFTER_A_STOP: Final = _Start(
    task_queue=TASK_QUEUE,
    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RecoveryRequest:
    """Who recovers a stopped workflow, and why; recorded in the history."""

    by: str
    reason: str


async def recover(
    client: Client,
    name: str,
    request: RecoveryRequest,
    rules: MerchantRules | None = None,
) -> bool:
    """Start a new run of a stopped workflow; return whether it was stopped at all.

    Args:
        client: Connected to Temporal, with the keys that decrypt the stopped run.
        name: The workflow's id.
        request: Who, and why.
        rules: The merchant's current rules; None for those of the stopped run.

    Raises:
        UnreadableRunError: Its history was deleted, or is not readable; nothing is
            started.
        RPCError: Temporal does not answer.
    """
    run = await newest_run(client, name, within=QUICK)
    if run is None or run.status not in STOPPED_STATES:
        return False
    try:
        match run.workflow_type:
            case "CashierPayment":
                await _recover_payment(client, run, request, rules)
            case "LatePayment":
                await _recover_late_payment(client, run)
            case "Callback":
                await _recover_callbacks(client, run)
            case other:
                raise UnreadableRunError(f"{other} is never recovered")
    except WorkflowAlreadyStartedError:
        return False  # another call was faster, and its run has ended by itself
    log.warning(
        "stopped workflow recovered",
        extra={"workflow_id": name, "run_id": run.run_id},
    )
    return True


async def _recover_payment(
    client: Client,
    run: WorkflowExecution,
    request: RecoveryRequest,
    rules: MerchantRules | None,
) -> None:
    stopped = await read_stopped_payment(client, run)
    if workflow_id(stopped.order.order_id) != run.id:
        raise UnreadableRunError("its input is another order's")
    order = stopped.order if rules is None else rules.applied_to(stopped.order)
    sent = [one for one in stopped.attempts if one.wallet]
    given = order.model_copy(
        update={
            "release": RELEASE,
            "carried": None,
            "stopped": StoppedRun(
                run_id=run.run_id,
                ended=run.status.name if run.status else "",
                by=request.by,
                reason=request.reason,
                attempts=stopped.attempts,
            ),
            **(_newest(sent[-1]) if sent else {}),
        }
    )
    merchant = order.trust.client_id if order.trust else ""
    await client.start_workflow(
        CashierPayment.run,
        given,
        id=run.id,
        search_attributes=listing_of(given),
        static_summary=summary_of(given),
        static_details=facts_of(given, rules or MerchantRules(client_id=merchant)),
        rpc_timeout=QUICK,
        **AFTER_A_STOP,
    )


def _newest(attempt: StoppedAttempt) -> dict[str, Any]:
    return {"first_attempt": attempt.number, "wallet": attempt.wallet}


async def _recover_late_payment(client: Client, run: WorkflowExecution) -> None:
    late = await read_stopped_late_payment(client, run)
    given = late.model_copy(update={"release": RELEASE, "carried": None})
    await client.start_workflow(
        LatePayment.run,
        given,
        id=run.id,
        search_attributes=listing_of_late_money(given),
        static_summary=(
            f"Late money of {in_words(given.amount)}, order {given.order_id}"
        ),
        static_details=facts_of_late_money(given),
        rpc_timeout=QUICK,
        **AFTER_A_STOP,
    )


async def _recover_callbacks(client: Client, run: WorkflowExecution) -> None:
    """Send all events to the shop again, with the same ids."""
    first, *others = untold = await read_stopped_callbacks(client, run)
    given = first.model_copy(
        update={
            "release": RELEASE,
            "carried": CallbacksCarried(untold=tuple(untold)) if others else None,
        }
    )
    event = first.event
    await client.start_workflow(
        Callback.run,
        given,
        id=run.id,
        search_attributes=attributes_of(
            order_id=event.order_id,
            amount=event.amount,
            wallet=first.wallet,
            status=Listed.CALLBACK,
            needs_attention=NeedsAttention.CALLBACK,
        ),
        static_summary=f"Tell the shop {event.type} of order {event.order_id}",
        rpc_timeout=QUICK,
        **AFTER_A_STOP,
    )
