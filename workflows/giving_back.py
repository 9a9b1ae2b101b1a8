"""Hands money that comes second, or late, over to the workflow that deals with it."""

from contextlib import suppress

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from contracts import LateMoneyPolicy, LatePaymentInput, Order, late_payment_id
from visibility import Listed, attributes_of, is_listed
from workflows.attempt import Attempt
from workflows.late_payment import LatePayment


async def hand_over(order: Order, attempt: Attempt, policy: LateMoneyPolicy) -> None:
    """Have extra or late money dealt with; what becomes of it is seen to there."""
    late = LatePaymentInput(
        order_id=order.order_id,
        payment_request_id=attempt.request_id,
        wallet=attempt.wallet,
        amount=order.amount,
        policy=policy,
        second_person_above=order.second_person_above,
        tells_shop=order.tells_shop,
        runbook_url=order.runbook_url,
        release=order.release,
    )
    attributes = attributes_of(
        order_id=order.order_id,
        amount=order.amount,
        wallet=attempt.wallet,
        status=Listed.LATE_MONEY,
    )
    listed = is_listed(workflow.info().typed_search_attributes)
    # Running already, where the API was told of it, too. One that has ended may be
    # repeated: its ids are fixed, and what was untrue then may be true now.
    with suppress(WorkflowAlreadyStartedError):
        await workflow.start_child_workflow(
            LatePayment.run,
            late,
            id=late_payment_id(attempt.request_id),
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            search_attributes=attributes if listed else None,
            static_summary=f"Second payment of order {late.order_id}",
        )
