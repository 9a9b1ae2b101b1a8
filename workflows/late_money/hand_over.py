"""Hands a second or late success over to a `LatePayment` workflow."""

from contextlib import suppress

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from contracts import LateMoneyPolicy, LatePaymentInput, Order, late_payment_id
from visibility import Listed, attributes_of, is_listed
from workflows.engine.priorities import CLEAN_UP
from workflows.late_money.questions import PATIENCE
from workflows.payment.attempt import Attempt
from workflows.releases import LATE_MONEY_CHECKS_ITS_ORDER


async def hand_over(
    order: Order,
    attempt: Attempt,
    policy: LateMoneyPolicy,
    *,
    order_paid_by: Attempt | None = None,
) -> None:
    """Start the workflow that gives back or keeps a second or late payment.

    Args:
        order: The order.
        attempt: The attempt that was paid.
        policy: Whether the shop wants the money kept, if it is the order's price.
        order_paid_by: The attempt that pays the order; None while none does.
    """
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
        trust=order.trust,
        order_paid_by=order_paid_by.request_id if order_paid_by else None,
    )
    attributes = attributes_of(
        order_id=order.order_id,
        amount=order.amount,
        wallet=attempt.wallet,
        status=Listed.LATE_MONEY,
        expires_at=(
            workflow.now() + PATIENCE
            if order.release >= LATE_MONEY_CHECKS_ITS_ORDER
            else None
        ),
    )
    listed = is_listed(workflow.info().typed_search_attributes)
    # It runs already where the API received the same notification. One that has
    # ended may run again: its ids are fixed, and a success that Alipay did not confirm
    # then may be true now.
    with suppress(WorkflowAlreadyStartedError):
        await workflow.start_child_workflow(
            "LatePayment",
            late,
            id=late_payment_id(attempt.request_id),
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            search_attributes=attributes if listed else None,
            priority=CLEAN_UP,
            static_summary=f"Second payment of order {late.order_id}",
        )
