"""Notifies the shop of an outcome: at once, or by the order's queue of callbacks."""

import asyncio  # noqa: TID251 - for the name of its CancelledError only
from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    WorkflowAlreadyStartedError,
)

from activities.callbacks import CallbackActivities
from contracts import CallbackInput, ShopAnswer, callback_id, callbacks_id
from visibility import Listed, NeedsAttention, attributes_of, is_listed
from workflows.callback import Callback
from workflows.engine.priorities import CLEAN_UP
from workflows.engine.results import read_result
from workflows.releases import longest_notification, time_to_notify

# Where the start found the queue running, and the signal found it closed, it has closed
# in between, and the next try succeeds.
PAUSE = timedelta(seconds=1)


async def tell_shop(callback: CallbackInput) -> None:
    """Notify the shop once; where that fails, leave it to the order's queue.

    So the payment ends now, and its order can be paid again, while the shop is down.
    The activity does not call the shop while an earlier event of the order still waits.
    """
    event = callback.event
    try:
        raw = await workflow.execute_activity(
            CallbackActivities.tell_shop.__name__,
            callback.proven_event,
            result_type=RawValue,
            summary=f"Notify the shop: {event.type}",
            start_to_close_timeout=time_to_notify(callback.release),
            schedule_to_close_timeout=longest_notification(callback.release),
            retry_policy=RetryPolicy(maximum_attempts=2),
        )
        is_accepted = read_result(raw, ShopAnswer) is not None
    except (ActivityError, asyncio.CancelledError):
        is_accepted = False
    if not is_accepted:
        await _hand_over(callback)
    result = "accepted" if is_accepted else "handed_over"
    meter = workflow.metric_meter()
    meter.create_counter("cashier_callbacks").add(1, {"result": result})


async def _hand_over(callback: CallbackInput) -> None:
    if workflow.patched("callbacks-in-order"):
        await _join_the_queue(callback)
        return
    try:
        await _start(callback, callback_id(callback.event.id))
    except WorkflowAlreadyStartedError:
        workflow.logger.info("a queue is already sending this event to the shop")


async def _join_the_queue(callback: CallbackInput) -> None:
    """Start the order's queue, or signal it where it runs; it may close at any time."""
    name = callbacks_id(callback.event.order_id)
    while True:
        with suppress(WorkflowAlreadyStartedError):
            await _start(callback, name)
            return
        queue: workflow.ExternalWorkflowHandle[Callback] = (
            workflow.get_external_workflow_handle_for(Callback.run, name)
        )
        with suppress(ApplicationError):  # it has closed meanwhile
            await queue.signal(Callback.also_tell, callback)
            return
        await workflow.sleep(PAUSE, summary="The shop's queue has closed just now")


async def _start(callback: CallbackInput, name: str) -> None:
    """Start the order's queue of callbacks.

    Raises:
        WorkflowAlreadyStartedError: It runs.
    """
    event = callback.event
    listed = is_listed(workflow.info().typed_search_attributes)
    attributes = attributes_of(
        order_id=event.order_id,
        amount=event.amount,
        wallet=callback.wallet,
        status=Listed.CALLBACK,
        needs_attention=NeedsAttention.CALLBACK,
    )
    await workflow.start_child_workflow(
        Callback.run,
        callback,
        id=name,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        parent_close_policy=workflow.ParentClosePolicy.ABANDON,
        search_attributes=attributes if listed else None,
        priority=CLEAN_UP,
        static_summary=f"Notify the shop: {event.type} of order {event.order_id}",
    )
