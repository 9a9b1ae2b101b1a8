"""Tells the shop an outcome: at once if it listens, else for as long as it takes."""

import asyncio  # noqa: TID251 - for the name of its CancelledError only
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError, WorkflowAlreadyStartedError

from activities.callbacks import CallbackActivities
from contracts import CallbackInput, callback_id
from visibility import Listed, NeedsAttention, attributes_of, is_listed
from workflows.callback import Callback


async def tell_shop(callback: CallbackInput) -> None:
    """Tell the shop; when it does not listen, leave it to a workflow of its own.

    So the payment ends now, and its order can be paid anew, while the shop is away.
    """
    event = callback.event
    try:
        await workflow.execute_activity_method(
            CallbackActivities.tell_shop,
            event,
            summary=f"Tell the shop: {event.type}",
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=RetryPolicy(maximum_attempts=2),
        )
        result = "accepted"
    except (ActivityError, asyncio.CancelledError):
        await _hand_over(callback)
        result = "handed_over"
    meter = workflow.metric_meter()
    meter.create_counter("cashier_callbacks").add(1, {"result": result})


async def _hand_over(callback: CallbackInput) -> None:
    event = callback.event
    listed = is_listed(workflow.info().typed_search_attributes)
    attributes = attributes_of(
        order_id=event.order_id,
        amount=event.amount,
        wallet=callback.wallet,
        status=Listed.CALLBACK,
        needs_attention=NeedsAttention.CALLBACK,
    )
    try:
        await workflow.start_child_workflow(
            Callback.run,
            callback,
            id=callback_id(event.id),
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            search_attributes=attributes if listed else None,
            static_summary=f"Tell the shop {event.type} of order {event.order_id}",
        )
    except WorkflowAlreadyStartedError:
        workflow.logger.info("the shop is being told already")
