"""A refund that bounces is refundable again, in any run of the owner."""

import pytest
from temporalio.client import WithStartWorkflowOperation, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from contracts import (
    RefundReturn,
    RefundsInput,
    RefundStatus,
    RefundsView,
    Refusal,
    refunds_id,
)
from tests.workflows.refunds.refunding import (
    RefundingAlipay,
    Refunds,
    php,
    record_in,
    refunds_of,
)
from workflows.order_refunds import OrderRefunds

BOUNCED = RefundReturn(refund_id="r-1", by="anna", reason="settlement file of May 2")


async def returned_with_start(
    refunds: Refunds, given: RefundsInput, said: RefundReturn = BOUNCED
) -> RefundsView:
    operation = WithStartWorkflowOperation(
        OrderRefunds.run,
        given,
        id=refunds_id(given.order_id),
        task_queue=refunds.task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
    return await refunds.client.execute_update_with_start_workflow(
        OrderRefunds.returned,  # type: ignore[arg-type]
        said,
        start_workflow_operation=operation,
        id="returned",
    )


async def test_the_next_owner_records_that_all_of_the_money_has_bounced(
    skipping: WorkflowEnvironment,
) -> None:
    async with refunds_of(skipping.client, RefundingAlipay()) as refunds:
        await refunds.ask("r-1", None)
        known = await refunds.handle.result()
        given = refunds.given.model_copy(update={"known": known})
        view = await returned_with_start(refunds, given)
        assert record_in(view, "r-1").status is RefundStatus.RETURNED
        assert view.left == php(10000)
        result = await refunds.handle.result()
    assert record_in(result, "r-1").returned is not None


async def test_the_shop_is_notified_of_a_bounce_once(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = RefundingAlipay()
    async with refunds_of(skipping.client, alipay) as refunds:
        await refunds.ask("r-1", None)
        known = await refunds.handle.result()
        given = refunds.given.model_copy(update={"known": known})
        await returned_with_start(refunds, given)
        await refunds.handle.result()
    sent = [event.type for event in alipay.shop_events]
    assert sent == ["refund.succeeded", "refund.returned"]


async def test_an_unknown_refund_cannot_bounce(
    skipping: WorkflowEnvironment,
) -> None:
    async with refunds_of(skipping.client, RefundingAlipay()) as refunds:
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await returned_with_start(refunds, refunds.given)
        await refunds.handle.terminate()
    cause = refused.value.cause
    assert isinstance(cause, ApplicationError)
    assert cause.type == Refusal.UNKNOWN_REFUND
