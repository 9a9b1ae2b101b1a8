"""Refunds about which Alipay's answers and lists contradict each other over time.

Money that an earlier call has moved is neither moved again nor called refused.
"""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from temporalio import activity
from temporalio.testing import WorkflowEnvironment

from contracts import (
    CancelVerdict,
    InquiryVerdict,
    OrderRefundAnswer,
    OrderRefundCall,
    RefundDecision,
    RefundSeen,
    RefundStatus,
    refund_request_id,
)
from tests.workflows.refunds.refunding import (
    PAID,
    RefundingAlipay,
    Refunds,
    php,
    record_in,
    refunds_of,
)

A_WHILE = timedelta(hours=2)


def first_try(refunds: Refunds, refund_id: str) -> str:
    return refund_request_id(refunds.given.order_id, refund_id, 1)


async def test_a_try_that_took_effect_though_refused_is_not_followed_by_another(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = RefundingAlipay(next_refunds=["MERCHANT_BALANCE_NOT_ENOUGH"])
    async with refunds_of(skipping.client, alipay) as refunds:
        with skipping.with_time_skipping_disabled():
            view = await refunds.ask("r-1", 3000)
            assert record_in(view, "r-1").status is RefundStatus.WAITING
            alipay.failed.clear()
            alipay.given_back[first_try(refunds, "r-1")] = php(3000)
        await skipping.fast_forward(refunds.handle, A_WHILE)
        record = await refunds.one("r-1")
    assert record.status is RefundStatus.SUCCEEDED
    assert alipay.total_back == 3000


@pytest.mark.parametrize("succeeds", [True, False])
async def test_a_new_try_waits_for_the_end_of_one_that_alipay_has_taken_on(
    skipping: WorkflowEnvironment, succeeds: bool
) -> None:
    alipay = RefundingAlipay(next_refunds=["MERCHANT_BALANCE_NOT_ENOUGH"])
    async with refunds_of(skipping.client, alipay) as refunds:
        with skipping.with_time_skipping_disabled():
            await refunds.ask("r-1", 3000)
            name = first_try(refunds, "r-1")
            alipay.failed.clear()
            alipay.processing[name] = php(3000)
        await skipping.fast_forward(refunds.handle, A_WHILE)
        assert (await refunds.one("r-1")).status is RefundStatus.SENT
        alipay.ends(name, succeeded=succeeds)
        await skipping.fast_forward(refunds.handle, A_WHILE)
        record = await refunds.one("r-1")
    assert record.status is RefundStatus.SUCCEEDED
    assert alipay.total_back == 3000


async def test_the_shop_is_notified_of_a_refund_that_a_later_look_finds_successful(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = RefundingAlipay(next_refunds=["UNKNOWN_EXCEPTION"])
    async with refunds_of(skipping.client, alipay) as refunds:
        with skipping.with_time_skipping_disabled():
            await refunds.ask("r-1", 3000)
            await refunds.resolve("r-1", RefundDecision.NOT_GIVEN_BACK)
            alipay.given_back[first_try(refunds, "r-1")] = php(3000)
            view = await refunds.ask("r-2", 1000)
        assert view.left == php(6000)
        await skipping.fast_forward(refunds.handle)
        await refunds.handle.result()
    heard = [
        (one.refund and one.refund.refund_id, one.type) for one in alipay.shop_events
    ]
    assert heard.count(("r-1", "refund.failed")) == 1
    assert heard.count(("r-1", "refund.succeeded")) == 1


@pytest.mark.parametrize(
    "verdict",
    [InquiryVerdict.NOT_EXIST, InquiryVerdict.PROCESSING, InquiryVerdict.PENDING],
)
async def test_a_paid_payment_that_alipay_does_not_find_at_once_is_refunded_later(
    skipping: WorkflowEnvironment, verdict: InquiryVerdict
) -> None:
    alipay = RefundingAlipay(verdict=verdict)
    async with refunds_of(skipping.client, alipay) as refunds:
        with skipping.with_time_skipping_disabled():
            view = await refunds.ask("r-1", 4000)
            assert record_in(view, "r-1").status is RefundStatus.SENT
            assert view.left == php(6000)
            alipay.verdict = InquiryVerdict.SUCCESS
        await skipping.fast_forward(refunds.handle, A_WHILE)
        record = await refunds.one("r-1")
    assert record.status is RefundStatus.SUCCEEDED
    assert alipay.total_back == 4000


CANCELLING = RefundSeen(
    refund_request_id="", kind="CANCEL", status="PROCESSING", amount=PAID
)


@dataclass
class SlowToCancel(RefundingAlipay):
    """A cancel of an earlier try takes effect only after the refund was refused."""

    is_listed: bool = False

    @activity.defn
    async def refund_order(self, call: OrderRefundCall) -> OrderRefundAnswer:
        said = await RefundingAlipay.refund_order(self, call)
        if said.refund is None:
            return said
        if self.is_listed:
            self.listed.append(CANCELLING)
        else:
            self.verdict = InquiryVerdict.CANCELLED
        return said.model_copy(update={"certain": False})


@pytest.mark.parametrize("is_listed", [True, False])
async def test_a_refusal_after_a_cancel_without_an_answer_is_no_end(
    skipping: WorkflowEnvironment, is_listed: bool
) -> None:
    alipay = SlowToCancel(
        cancels=CancelVerdict.NOT_ALLOWED,
        next_refunds=["ORDER_STATUS_INVALID"],
        is_listed=is_listed,
    )
    async with refunds_of(skipping.client, alipay) as refunds:
        with skipping.with_time_skipping_disabled():
            view = await refunds.ask("r-1", 10000)
            assert record_in(view, "r-1").status is RefundStatus.SENT
            assert view.left == php(0)
        if is_listed:
            await skipping.fast_forward(refunds.handle, A_WHILE)
            assert (await refunds.one("r-1")).status is RefundStatus.SENT
            alipay.verdict = InquiryVerdict.CANCELLED
        await skipping.fast_forward(refunds.handle)
        record = record_in(await refunds.handle.result(), "r-1")
    assert (record.status, record.by_cancel) == (RefundStatus.SUCCEEDED, True)
    assert [event.type for event in alipay.shop_events] == ["refund.succeeded"]
