"""Starts a new run of an owner of refunds that was stopped from outside.

It has the same workflow id and all refunds of the stopped run, including the open ones.
Refunds that may have been sent are inquired by the refundRequestId that they were sent
with, so nothing is refunded twice (docs/decisions/0041-stopped-payments-come-back.md).
"""

import logging

from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError

from api.payments.recovery import AFTER_A_STOP, RecoveryRequest
from api.refunds.new_refunds_page import facts_of, listing_of, summary_of
from api.temporal_calls import QUICK
from contracts import (
    RELEASE,
    RefundsInput,
    RefundsView,
    StoppedRun,
    refunds_id,
)
from visibility.stopped import (
    STOPPED_STATES,
    UnreadableRunError,
    read_stopped_refunds,
)
from visibility.views import newest_run
from workflows.order_refunds import OrderRefunds

log = logging.getLogger(__name__)


async def recover_refunds(client: Client, name: str, request: RecoveryRequest) -> bool:
    """Start a new run of a stopped owner; return whether it was stopped at all.

    Args:
        client: Connected to Temporal, with the keys that decrypt the stopped run.
        name: The workflow's id.
        request: Who, and why.

    Raises:
        UnreadableRunError: Its history was deleted, is not readable, or no worker can
            replay it; nothing is started.
        RPCError: Temporal does not answer.
    """
    run = await newest_run(client, name, within=QUICK)
    if run is None or run.status not in STOPPED_STATES:
        return False
    given, known = await read_stopped_refunds(client, run, within=QUICK)
    if refunds_id(given.order_id) != name:
        raise UnreadableRunError("its input is another order's")
    stopped = StoppedRun(
        run_id=run.run_id,
        ended=run.status.name if run.status else "",
        by=request.by,
        reason=request.reason,
    )
    try:
        await _begin(client, _input_after(given, known, stopped))
    except WorkflowAlreadyStartedError:
        return False  # another call was faster, and its run has ended by itself
    log.warning(
        "stopped workflow recovered", extra={"workflow_id": name, "run_id": run.run_id}
    )
    return True


def _input_after(
    given: RefundsInput, known: RefundsView, stopped: StoppedRun
) -> RefundsInput:
    return given.model_copy(
        update={
            "release": RELEASE,
            "carried": None,
            "known": known,
            "paid": known.paid or given.paid,
            "stopped": stopped,
        }
    )


async def _begin(client: Client, given: RefundsInput) -> None:
    refunds = given.known.refunds if given.known else ()
    await client.start_workflow(
        OrderRefunds.run,
        given,
        id=refunds_id(given.order_id),
        search_attributes=listing_of(given, refunds[0].amount if refunds else None),
        static_summary=summary_of(given),
        static_details=facts_of(given),
        rpc_timeout=QUICK,
        **AFTER_A_STOP,
    )
