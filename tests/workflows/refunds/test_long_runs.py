"""Refunds that stay open for long are continued as new, with their reservations."""

from collections.abc import AsyncIterator

import pytest
from temporalio.testing import WorkflowEnvironment

from contracts import RefundStatus
from tests.conftest import start_skipping
from tests.workflows.refunds.refunding import (
    RefundingAlipay,
    php,
    record_in,
    refunds_of,
)

# The server suggests a new run after 4,096 events; here after a day of inquiries.
FEW_EVENTS = "limit.historyCount.suggestContinueAsNew=60"


@pytest.fixture(scope="module")
async def impatient() -> AsyncIterator[WorkflowEnvironment]:
    """A server that soon finds a history long, and leaps over waits."""
    async with start_skipping("--dynamic-config-value", FEW_EVENTS) as env:
        yield env


async def test_a_refund_in_process_is_continued_as_new(
    impatient: WorkflowEnvironment,
) -> None:
    alipay = RefundingAlipay(next_refunds=["REFUND_IN_PROCESS"])
    async with refunds_of(
        impatient.client, alipay, second_person_above=9000
    ) as refunds:
        view = await refunds.ask("r-1", 4000)
        name = record_in(view, "r-1").refund_request_id
        first = await refunds.handle.describe()
        while (await refunds.handle.describe()).run_id == first.run_id:
            pass  # leaping from inquiry to inquiry
        view = await refunds.ask("r-2", 1000)
        assert record_in(view, "r-1").status is RefundStatus.IN_PROCESS
        assert record_in(view, "r-2").status is RefundStatus.SUCCEEDED
        assert view.left == php(5000)
        alipay.ends(name)
        ended = await refunds.handle.result()
    assert record_in(ended, "r-1").status is RefundStatus.SUCCEEDED
    assert alipay.total_back == 5000
    assert len(alipay.sent) == 2
    assert [event.type for event in alipay.shop_events] == ["refund.succeeded"] * 2


async def test_the_shop_is_notified_of_a_refund_before_its_run_continues(
    impatient: WorkflowEnvironment,
) -> None:
    alipay = RefundingAlipay()
    asked = [f"r-{number}" for number in range(16)]
    async with refunds_of(impatient.client, alipay) as refunds:
        for refund_id in asked:
            await refunds.ask(refund_id, 100)
        await refunds.ask("the-rest", None)
        await refunds.handle.result()
    sent = [event.refund.refund_id for event in alipay.shop_events if event.refund]
    assert sorted(sent) == sorted([*asked, "the-rest"])
