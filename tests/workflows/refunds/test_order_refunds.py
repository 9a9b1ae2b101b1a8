"""The owner of an order's refunds, beside an Alipay that has a ledger."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from contracts import (
    CancelVerdict,
    InquiryVerdict,
    Money,
    RefundDecision,
    RefundRequest,
    RefundStatus,
    Refusal,
)
from tests.workflows.refunds.refunding import (
    IN_PROCESS,
    RefundingAlipay,
    php,
    record_in,
    refunds_of,
    seen,
)
from visibility import NeedsAttention
from workflows.order_refunds import OrderRefunds
from workflows.refunds.decision import attention_of
from workflows.refunds.refund import Refund


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
    assert [event.type for event in alipay.shop_events] == ["refund.succeeded"] * 2


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


async def test_of_twenty_calls_for_sixty_of_hundred_one_is_a_refund(
    dev_server: WorkflowEnvironment,
) -> None:
    alipay = RefundingAlipay()
    async with refunds_of(dev_server.client, alipay) as refunds:
        calls = [refunds.ask(f"r-{number}", 6000) for number in range(20)]
        ended = await asyncio.gather(*calls, return_exceptions=True)
        views = [one for one in ended if not isinstance(one, BaseException)]
        refusals = [one for one in ended if isinstance(one, WorkflowUpdateFailedError)]
    assert (len(views), len(refusals)) == (1, 19)
    assert alipay.total_back == 6000


async def test_of_twenty_calls_for_five_of_hundred_each_is_a_refund(
    dev_server: WorkflowEnvironment,
) -> None:
    alipay = RefundingAlipay()
    async with refunds_of(dev_server.client, alipay) as refunds:
        await asyncio.gather(*(refunds.ask(f"r-{one}", 500) for one in range(20)))
        view = await refunds.handle.result()
    assert view.left == php(0)
    assert alipay.total_back == 10000
    assert len(alipay.given_back) == 20


async def test_the_same_refund_id_with_another_amount_is_refused(
    dev_server: WorkflowEnvironment,
) -> None:
    async with refunds_of(dev_server.client, RefundingAlipay()) as refunds:
        await refunds.ask("r-1", 500)
        assert await refusal_of(refunds.ask("r-1", 501)) == Refusal.REFUND_DIFFERS
        again = await refunds.ask("r-1", 500, note="asked again")
        assert record_in(again, "r-1").status is RefundStatus.SUCCEEDED
        left = refunds.ask("r-2", 500, remaining=php(9000))
        assert await refusal_of(left) == Refusal.REMAINING_DIFFERS
        other = refunds.ask("r-2", None, amount=Money(currency="HKD", value=1))
        assert await refusal_of(other) == Refusal.CURRENCY_DIFFERS


@pytest.mark.parametrize(
    ("refund_id", "changes", "field"),
    [
        ("r" * 65, {}, "refund_id"),
        ("r/1", {}, "refund_id"),
        ("r-1", {"amount": php(0)}, "amount.value"),
        ("r-1", {"amount": php(-1)}, "amount.value"),
        ("r-1", {"by": " "}, "by"),
        ("r-1", {"reason_for_customer": "a\nb"}, "reason_for_customer"),
        ("r-1", {"reason_for_customer": "a" * 257}, "reason_for_customer"),
        ("r-1", {"note": "a" * 1001}, "note"),
    ],
)
async def test_a_broken_request_names_its_field_and_reserves_nothing(
    dev_server: WorkflowEnvironment,
    refund_id: str,
    changes: dict[str, object],
    field: str,
) -> None:
    alipay = RefundingAlipay()
    async with refunds_of(dev_server.client, alipay) as refunds:
        await refunds.ask("r-0", 1)
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await refunds.ask(refund_id, 500, **changes)
        assert f"REFUND_INCOMPLETE: {field}:" in str(refused.value.cause)
        view = await refunds.handle.query(OrderRefunds.view)
        assert view.left == php(9999)


async def test_a_refund_that_alipay_has_taken_on_ends_by_its_notice(
    dev_server: WorkflowEnvironment,
) -> None:
    alipay = RefundingAlipay(next_refunds=["REFUND_IN_PROCESS"])
    async with refunds_of(dev_server.client, alipay) as refunds:
        record = record_in(await refunds.ask("r-1", 10000), "r-1")
        assert record.status is RefundStatus.IN_PROCESS
        forged = alipay.notice(record.refund_request_id)
        assert forged.evidence is not None
        evidence = forged.evidence.model_copy(update={"time": "2026-01-01T00:00:00Z"})
        await refunds.handle.signal(
            OrderRefunds.refund_notified,
            forged.model_copy(update={"evidence": evidence}),
        )
        assert (await refunds.one("r-1")).status is RefundStatus.IN_PROCESS
        for _ in range(2):
            await refunds.handle.signal(
                OrderRefunds.refund_notified, alipay.notice(record.refund_request_id)
            )
        view = await refunds.handle.result()
    assert record_in(view, "r-1").status is RefundStatus.SUCCEEDED
    assert len(alipay.sent) == 1


async def test_a_refund_that_alipay_has_taken_on_is_inquired_and_never_sent_again(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = RefundingAlipay(next_refunds=["REFUND_IN_PROCESS"])
    async with refunds_of(skipping.client, alipay) as refunds:
        with skipping.with_time_skipping_disabled():
            record = record_in(await refunds.ask("r-1", 10000), "r-1")
        await skipping.fast_forward(refunds.handle, timedelta(hours=2))
        assert "has taken it on" in await refunds.details()
        assert alipay.calls["inquire_refund"] > 2
        alipay.ends(record.refund_request_id)
        await skipping.fast_forward(refunds.handle)
        view = await refunds.handle.result()
    assert record_in(view, "r-1").status is RefundStatus.SUCCEEDED
    assert len(alipay.sent) == 1


def test_a_refund_that_takes_more_than_a_day_gets_attention() -> None:
    now = datetime(2026, 11, 30, tzinfo=UTC)
    refund = Refund("order", RefundRequest(refund_id="r-1"), php(1), asked_at=now)
    refund.is_sent(now, may_be_cancelled=False)
    refund.add_answer(refund.request_id, IN_PROCESS, now, proof=None)
    assert attention_of(refund, now + timedelta(hours=23)) is None
    assert attention_of(refund, now + timedelta(hours=24)) is NeedsAttention.OVERDUE


async def test_a_refund_above_the_balance_waits_and_is_sent_under_a_new_id(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = RefundingAlipay(next_refunds=["MERCHANT_BALANCE_NOT_ENOUGH"])
    async with refunds_of(skipping.client, alipay) as refunds:
        with skipping.with_time_skipping_disabled():
            view = await refunds.ask("r-1", 10000)
        record = record_in(view, "r-1")
        assert (record.status, record.retry) == (RefundStatus.WAITING, 2)
        assert view.left == php(0)
        assert await refunds.listed() == NeedsAttention.BALANCE
        await skipping.fast_forward(refunds.handle)
        view = await refunds.handle.result()
    assert record_in(view, "r-1").status is RefundStatus.SUCCEEDED
    assert [event.type for event in alipay.shop_events] == [
        "refund.waiting",
        "refund.succeeded",
    ]


async def test_a_refusal_gives_the_amount_free(dev_server: WorkflowEnvironment) -> None:
    alipay = RefundingAlipay(next_refunds=["REFUND_WINDOW_EXCEED"])
    async with refunds_of(dev_server.client, alipay) as refunds:
        view = await refunds.ask("r-1", 10000)
        assert record_in(view, "r-1").status is RefundStatus.REFUSED
        assert record_in(view, "r-1").result_code == "REFUND_WINDOW_EXCEED"
        assert view.left == php(10000)


async def test_a_fault_of_our_own_is_inquired_before_the_amount_is_free(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = RefundingAlipay(next_refunds=["PARAM_ILLEGAL"])
    async with refunds_of(skipping.client, alipay) as refunds:
        with skipping.with_time_skipping_disabled():
            view = await refunds.ask("r-1", 10000)
        assert record_in(view, "r-1").status is RefundStatus.SENT
        assert view.left == php(0)
        alipay.failed.clear()  # it was never placed
        await skipping.fast_forward(refunds.handle, timedelta(minutes=10))
        view = await refunds.handle.query(OrderRefunds.view)
        assert record_in(view, "r-1").status is RefundStatus.REFUSED
        assert view.left == php(10000)


async def test_a_refund_in_the_portal_counts(
    dev_server: WorkflowEnvironment,
) -> None:
    alipay = RefundingAlipay(listed=[seen("portal-1", "SUCCESS", php(7000))])
    async with refunds_of(dev_server.client, alipay) as refunds:
        view = await refunds.ask("r-1", 6000)
        record = record_in(view, "r-1")
        assert (record.status, record.result_code) == (
            RefundStatus.REFUSED,
            Refusal.MORE_THAN_IS_LEFT,
        )
        assert view.left == php(3000)
        assert record_in(await refunds.ask("r-2", None), "r-2").amount == php(3000)
    assert alipay.total_back == 10000


async def test_above_an_amount_a_second_person_confirms(
    dev_server: WorkflowEnvironment,
) -> None:
    alipay = RefundingAlipay()
    async with refunds_of(
        dev_server.client, alipay, second_person_above=5000
    ) as refunds:
        view = await refunds.ask("r-1", 6000, by="anna")
        assert record_in(view, "r-1").status is RefundStatus.CONFIRMING
        assert not alipay.sent
        assert "Confirm it" in (await refunds.details()).replace(
            "confirm it", "Confirm it"
        )
        same = refunds.confirm("r-1", by="ANNA")
        assert await refusal_of(same) == Refusal.SECOND_PERSON_NEEDED
        view = await refunds.confirm("r-1", by="ben")
        record = record_in(view, "r-1")
        assert record.status is RefundStatus.SUCCEEDED
        assert record.confirmed is not None
        assert record.confirmed.confirmed_by == "ben"


async def test_an_open_dispute_waits_for_a_person(
    dev_server: WorkflowEnvironment,
) -> None:
    alipay = RefundingAlipay()
    async with refunds_of(dev_server.client, alipay) as refunds:
        view = await refunds.ask("r-1", 6000, dispute_id="D-1")
        assert record_in(view, "r-1").status is RefundStatus.REVIEW
        assert not alipay.sent
        view = await refunds.resolve("r-1", RefundDecision.WITHDRAW)
        assert record_in(view, "r-1").status is RefundStatus.REFUSED
        await refunds.ask("r-2", 6000, dispute_id="D-1")
        view = await refunds.resolve("r-2", RefundDecision.SEND)
        assert record_in(view, "r-2").status is RefundStatus.SUCCEEDED


async def test_money_that_bounced_is_refundable_again(
    dev_server: WorkflowEnvironment,
) -> None:
    alipay = RefundingAlipay()
    async with refunds_of(dev_server.client, alipay) as refunds:
        await refunds.ask("r-1", 6000)
        view = await refunds.bounced("r-1")
        assert record_in(view, "r-1").status is RefundStatus.RETURNED
        assert view.left == php(10000)
        alipay.bounced = 6000  # and it lists the refund as it did
        view = await refunds.ask("r-2", 10000)
        assert record_in(view, "r-2").status is RefundStatus.SUCCEEDED
        await refunds.handle.result()
    sent = [event.type for event in alipay.shop_events]
    assert sent == ["refund.succeeded", "refund.returned", "refund.succeeded"]


async def test_a_later_run_believes_only_the_signed_refunds_of_an_earlier_one(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = RefundingAlipay()
    async with refunds_of(skipping.client, alipay) as refunds:
        with skipping.with_time_skipping_disabled():
            await refunds.ask("r-1", 4000)
            await refunds.ask("r-2", 6000)
            ended = await refunds.handle.result()
            forged = ended.refunds[1].model_copy(
                update={"refund_id": "r-3", "refund_request_id": "x_rr-3_1"}
            )
            known = ended.model_copy(update={"refunds": (*ended.refunds, forged)})
            refunds.given = refunds.given.model_copy(update={"known": known})
            view = await refunds.ask("r-1", 4000)
            assert record_in(view, "r-1") == ended.refunds[0]
        await skipping.fast_forward(refunds.handle)
        again = await refunds.handle.result()
    # Alipay was asked about the one that is not proven, and does not know it.
    assert record_in(again, "r-3").status is RefundStatus.REFUSED
    assert alipay.total_back == 10000


async def test_after_a_lost_history_the_same_refund_moves_money_once(
    dev_server: WorkflowEnvironment,
) -> None:
    """Neither result nor payment is kept any more: Alipay alone knows."""
    alipay = RefundingAlipay()
    async with refunds_of(dev_server.client, alipay) as refunds:
        await refunds.ask("r-1", 6000)
        await refunds.handle.terminate()
        refunds.given = refunds.given.model_copy(update={"paid": None})
        nameless = refunds.ask("r-2", None)
        assert await refusal_of(nameless) == Refusal.REFUND_INCOMPLETE
        view = await refunds.ask("r-1", 6000)
        assert record_in(view, "r-1").status is RefundStatus.SUCCEEDED
        assert view.left == php(4000)
        assert await refusal_of(refunds.ask("r-3", 6000)) == Refusal.MORE_THAN_IS_LEFT
    assert alipay.total_back == 6000


async def test_a_cancel_without_an_answer_counts_as_the_refund(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = RefundingAlipay(cancels=CancelVerdict.CANCELLED, next_refunds=[None])
    async with refunds_of(skipping.client, alipay) as refunds:
        view = await refunds.ask("r-1", 10000)
        assert record_in(view, "r-1").status is RefundStatus.SENT
        record = record_in(await refunds.handle.result(), "r-1")
    assert (record.status, record.by_cancel) == (RefundStatus.SUCCEEDED, True)


async def test_a_part_is_refused_where_all_went_back_by_a_cancel(
    dev_server: WorkflowEnvironment,
) -> None:
    alipay = RefundingAlipay(verdict=InquiryVerdict.CANCELLED)
    async with refunds_of(dev_server.client, alipay) as refunds:
        view = await refunds.ask("r-1", 4000)
        record = record_in(view, "r-1")
        assert (record.status, record.result_code) == (
            RefundStatus.REFUSED,
            "ORDER_IS_CANCELED",
        )
        assert view.left == php(0)


async def test_a_refund_called_given_back_is_not_sent_by_a_later_run(
    skipping: WorkflowEnvironment,
) -> None:
    """For example by hand in the portal, where it has another id."""
    alipay = RefundingAlipay(next_refunds=["UNKNOWN_EXCEPTION"])
    async with refunds_of(skipping.client, alipay) as refunds:
        with skipping.with_time_skipping_disabled():
            await refunds.ask("r-1", 3000)
            await refunds.resolve("r-1", RefundDecision.GIVEN_BACK)
        await skipping.fast_forward(refunds.handle)
        ended = await refunds.handle.result()
        refunds.given = refunds.given.model_copy(update={"known": ended})
        view = await refunds.ask("r-2", 5000)
        assert record_in(view, "r-1").status is RefundStatus.SUCCEEDED
        assert view.left == php(2000)
    assert alipay.total_back == 5000
