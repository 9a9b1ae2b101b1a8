"""The owner of an order's refunds, beside an Alipay that has a ledger."""

import asyncio

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from contracts import CancelVerdict, RefundStatus, Refusal
from tests.workflows.refunds.refunding import (
    RefundingAlipay,
    php,
    record_in,
    refunds_of,
)


async def refusal_of(call: object) -> str:
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await call  # type: ignore[misc]
    cause = refused.value.cause
    assert isinstance(cause, ApplicationError)
    return str(cause.type)


async def test_a_refund_in_full_ends_the_owner_and_costs_three_actions(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = RefundingAlipay()
    async with refunds_of(skipping.client, alipay, tells_shop=False) as refunds:
        view = await refunds.ask("r-1", None)
        assert record_in(view, "r-1").status is RefundStatus.SUCCEEDED
        assert view.left == php(0)
        result = await refunds.handle.result()
        assert result.left == php(0)
        kinds = [
            event.event_type async for event in refunds.handle.fetch_history_events()
        ]
    assert alipay.total_back == 10000
    assert len(kinds) == 13


async def test_a_part_leaves_the_rest_refundable(skipping: WorkflowEnvironment) -> None:
    alipay = RefundingAlipay()
    async with refunds_of(skipping.client, alipay) as refunds:
        view = await refunds.ask("r-1", 6000)
        assert view.left == php(4000)
        assert await refusal_of(refunds.ask("r-2", 6000)) == Refusal.MORE_THAN_IS_LEFT
        view = await refunds.ask("r-3", None)
        assert view.left == php(0)
        await refunds.handle.result()
    assert alipay.total_back == 10000
    assert [event.type for event in alipay.shop_heard] == ["refund.succeeded"] * 2


async def test_the_same_refund_twenty_times_at_once_moves_money_once(
    dev_server: WorkflowEnvironment,
) -> None:
    alipay = RefundingAlipay()
    async with refunds_of(dev_server.client, alipay) as refunds:
        views = await asyncio.gather(*(refunds.ask("r-1", 500) for _ in range(20)))
        assert {record_in(view, "r-1").status for view in views} == {
            RefundStatus.SUCCEEDED
        }
    assert alipay.total_back == 500


async def test_a_full_refund_is_a_cancel_where_it_may_be_one(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = RefundingAlipay(cancels=CancelVerdict.CANCELLED)
    async with refunds_of(skipping.client, alipay) as refunds:
        record = record_in(await refunds.ask("r-1", 10000), "r-1")
        assert (record.status, record.by_cancel) == (RefundStatus.SUCCEEDED, True)
        await refunds.handle.result()


async def test_a_refund_without_an_answer_is_followed_until_it_is_known(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = RefundingAlipay(next_refunds=[None])
    async with refunds_of(skipping.client, alipay) as refunds:
        view = await refunds.ask("r-1", 10000)
        assert record_in(view, "r-1").status is RefundStatus.SENT
        assert view.left == php(0)
        result = await refunds.handle.result()
        assert record_in(result, "r-1").status is RefundStatus.SUCCEEDED
    assert alipay.total_back == 10000
