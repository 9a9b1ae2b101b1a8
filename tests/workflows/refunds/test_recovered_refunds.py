"""A stopped owner of refunds is recovered, and gives nothing back twice."""

from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from contracts import (
    RELEASE,
    RefundConfirmation,
    RefundResolution,
    RefundStatus,
    RefundsView,
    StoppedRun,
)
from tests.cashier.operating import until
from tests.workflows.refunds.refunding import (
    RefundingAlipay,
    Refunds,
    record_in,
    refunds_of,
)
from workflows.order_refunds import OrderRefunds


async def stopped_with(refunds: Refunds) -> RefundsView:
    """Terminate the owner; return the refunds in its history."""
    await refunds.handle.terminate()
    known: RefundsView = await refunds.handle.query(OrderRefunds.view)
    return known


async def recover(refunds: Refunds, known: RefundsView) -> None:
    """Begin a new run as `cashier recover` does."""
    stopped = StoppedRun(run_id="r", ended="TERMINATED", by="anna", reason="mistake")
    given = refunds.given.model_copy(
        update={"known": known, "stopped": stopped, "release": RELEASE}
    )
    await refunds.client.start_workflow(
        OrderRefunds.run, given, id=refunds.handle.id, task_queue=refunds.task_queue
    )


@pytest.mark.parametrize("answer", [None, "UNKNOWN_EXCEPTION", "REFUND_IN_PROCESS"])
async def test_a_refund_that_may_have_been_sent_keeps_its_id_and_moves_once(
    skipping: WorkflowEnvironment, answer: str | None
) -> None:
    alipay = RefundingAlipay(next_refunds=[answer])
    async with refunds_of(skipping.client, alipay) as refunds:
        await refunds.ask("r-1", 6000)
        before = await stopped_with(refunds)
        await recover(refunds, before)
        view = await refunds.ask("r-2", 4000)
        # The open refund is still reserved.
        assert view.left == before.paid.model_copy(update={"value": 0})  # type: ignore[union-attr]
        if answer == "REFUND_IN_PROCESS":
            alipay.ends(record_in(before, "r-1").refund_request_id)
        result = await refunds.handle.result()
    assert record_in(result, "r-1").status is RefundStatus.SUCCEEDED
    assert alipay.total_back == 10000
    assert {call.refund_request_id for call in alipay.sent} == set(alipay.given_back)


async def test_a_refund_that_alipay_took_on_is_never_sent_again(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = RefundingAlipay(next_refunds=["REFUND_IN_PROCESS"])
    async with refunds_of(skipping.client, alipay) as refunds:
        await refunds.ask("r-1", 10000)
        known = await stopped_with(refunds)
        name = record_in(known, "r-1").refund_request_id
        # It does not know the refund for a while.
        alipay.processing.clear()
        await recover(refunds, known)
        await until(lambda: has_asked_often(alipay))
        await refunds.handle.signal(OrderRefunds.refund_notified, alipay.notice(name))
        await refunds.handle.result()
    assert len(alipay.sent) == 1


async def has_asked_often(alipay: RefundingAlipay) -> bool:
    return alipay.calls["inquire_refund"] > 5


@pytest.mark.parametrize(
    ("changes", "request_changes", "status"),
    [
        ({"second_person_above": 5000}, {}, RefundStatus.CONFIRMING),
        ({}, {"dispute_id": "d-7"}, RefundStatus.REVIEW),
    ],
)
async def test_a_refund_that_waited_for_a_person_still_waits_in_the_new_run(
    skipping: WorkflowEnvironment,
    changes: dict[str, Any],
    request_changes: dict[str, Any],
    status: RefundStatus,
) -> None:
    alipay = RefundingAlipay()
    async with refunds_of(skipping.client, alipay, **changes) as refunds:
        await refunds.ask("r-1", 10000, **request_changes)
        await recover(refunds, await stopped_with(refunds))
        assert (await refunds.one("r-1")).status is status
        assert not alipay.calls
        if status is RefundStatus.CONFIRMING:
            berta = RefundConfirmation(refund_id="r-1", by="berta")
            await refunds.handle.execute_update("confirm", berta)
        else:
            said = RefundResolution(
                refund_id="r-1", outcome="SEND", by="anna", reason="won"
            )
            await refunds.handle.execute_update("resolve", said)
        await refunds.handle.result()
    assert alipay.total_back == 10000


async def test_a_refund_that_waits_for_the_balance_is_sent_under_its_new_id(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = RefundingAlipay(next_refunds=["MERCHANT_BALANCE_NOT_ENOUGH"])
    async with refunds_of(skipping.client, alipay) as refunds:
        await refunds.ask("r-1", 10000)
        known = await stopped_with(refunds)
        await recover(refunds, known)
        await refunds.handle.result()
    assert record_in(known, "r-1").status is RefundStatus.WAITING
    assert [call.refund_request_id[-2:] for call in alipay.sent] == ["_1", "_2"]
    assert alipay.total_back == 10000


async def test_the_shop_is_notified_again_after_a_run_was_stopped(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = RefundingAlipay()
    async with refunds_of(skipping.client, alipay) as refunds:
        await refunds.ask("r-1", 6000)
        await recover(refunds, await stopped_with(refunds))
        await refunds.ask("r-2", 4000)
        await refunds.handle.result()
    ids = [event.id for event in alipay.shop_events if event.refund.refund_id == "r-1"]  # type: ignore[union-attr]
    assert len(ids) == 2
    assert len(set(ids)) == 1  # the shop recognizes the repeat by its id


async def test_a_refund_requested_again_is_the_one_of_the_stopped_run(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = RefundingAlipay()
    async with refunds_of(skipping.client, alipay) as refunds:
        await refunds.ask("r-1", 6000)
        known = await stopped_with(refunds)
        refunds.given = refunds.given.model_copy(update={"known": known})
        view = await refunds.ask("r-1", 6000)
        assert record_in(view, "r-1").status is RefundStatus.SUCCEEDED
        await refunds.ask("r-2", 4000)
        await refunds.handle.result()
    assert alipay.total_back == 10000
