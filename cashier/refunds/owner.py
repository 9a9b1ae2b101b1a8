"""Updates an order's `OrderRefunds`, which owns its refunds; starts it where needed."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowExecution
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from api.refunds.new_refunds_page import facts_of, listing_of, summary_of
from api.temporal_calls import look_away
from cashier.payments.reading import Seen, check_worker, look_at, look_at_refunds
from cashier.payments.send_update import PATIENCE, act, answer_of
from cashier.temporal_calls import CommandError
from contracts import (
    RELEASE,
    TASK_QUEUE,
    RefundRecord,
    RefundsInput,
    RefundsView,
    refunds_id,
)
from visibility.stopped import UnreadableRunError, read_input
from workflows.order_refunds import OrderRefunds


async def find_owner(client: Client, order_id: str) -> Seen[RefundsView] | None:
    """Return the view of an order's newest `OrderRefunds`; None without any.

    Raises:
        CommandError: It was stopped, or is unreadable without the keys, or nobody
            answers.
    """
    seen = await look_at_refunds(client, order_id)
    if seen and seen.view is None:
        raise CommandError(
            f"{seen.workflow_id} was stopped before its end: {seen.stopped}. Recover "
            f"it first: cashier recover {order_id} --by NAME --reason WHY"
        )
    return seen


async def update_open_owner(
    client: Client, order_id: str, update: str, said: object
) -> RefundsView:
    """Send an update to the open `OrderRefunds`.

    Raises:
        CommandError: There is none, it refuses, or nobody answers.
    """
    return await act(client, refunds_id(order_id), update, said, answers=RefundsView)


async def update_owner(
    client: Client, given: RefundsInput, update: str, said: object
) -> RefundsView:
    """Send an update to the order's `OrderRefunds`; start it where none is open.

    Args:
        client: Its identity is the operator at the terminal.
        given: The input of a new `OrderRefunds`.
        update: The update's name.
        said: Its argument.

    Raises:
        CommandError: It refuses, or nobody answers.
    """
    await check_worker(client, TASK_QUEUE)
    name = refunds_id(given.order_id)
    begins = WithStartWorkflowOperation(
        OrderRefunds.run,
        given,
        id=name,
        task_queue=TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        # A run that started and ended since the look-up must not be followed by one
        # that lacks its refunds.
        id_reuse_policy=(
            WorkflowIDReusePolicy.ALLOW_DUPLICATE
            if given.known
            else WorkflowIDReusePolicy.REJECT_DUPLICATE
        ),
        search_attributes=listing_of(given),
        static_summary=summary_of(given),
        static_details=facts_of(given),
    )
    try:
        return await answer_of(
            client.execute_update_with_start_workflow(
                update,
                said,
                start_workflow_operation=begins,
                id=f"{update}-{uuid4().hex}",
                result_type=RefundsView,
                rpc_timeout=PATIENCE,
            ),
            RefundsView,
            lambda: look_at(client, name, RefundsView),
        )
    except WorkflowAlreadyStartedError as error:
        raise CommandError(
            f"{name} started and ended meanwhile; no refund was requested. Try again"
        ) from error
    finally:
        await look_away(begins)


async def input_again(
    client: Client, owner: WorkflowExecution, known: RefundsView
) -> RefundsInput:
    """Return the input of the next `OrderRefunds`, after one that has ended.

    Args:
        client: Reads the input of the ended run, with the keys.
        owner: The run that has ended.
        known: Its result.

    Raises:
        CommandError: The input cannot be read.
    """
    try:
        before = await read_input(client, owner, RefundsInput)
    except UnreadableRunError as error:
        raise CommandError(f"{owner.id} has ended, and {error}") from error
    changes: Mapping[str, Any] = {
        "known": known,
        "paid": known.paid or before.paid,
        "carried": None,
        "stopped": None,
        "release": RELEASE,
    }
    return before.model_copy(update=changes)


def known_refund(
    view: RefundsView | None, order_id: str, refund_id: str
) -> RefundRecord:
    """Return a refund by the merchant's id.

    Raises:
        CommandError: There is none.
    """
    record = refund_named(view, refund_id)
    if record is None:
        raise CommandError(f"order {order_id} has no refund {refund_id!r}")
    return record


def refund_named(view: RefundsView | None, refund_id: str) -> RefundRecord | None:
    """Return a refund by the merchant's id; None if there is none."""
    refunds = view.refunds if view else ()
    return next((one for one in refunds if one.refund_id == refund_id), None)
