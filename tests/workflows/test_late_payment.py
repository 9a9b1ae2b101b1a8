"""Money that comes after the end: returned, refunded or honoured, never lost."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment

from contracts import (
    LateMoneyPolicy,
    LateOutcome,
    LatePaymentView,
    LateResolution,
    Money,
    RefundAnswer,
    RefundVerdict,
    late_payment_id,
)
from tests.builders import (
    PAYMENT_ID,
    a_cancel,
    a_late_payment,
    a_notification,
    an_inquiry,
    an_order,
)
from tests.fakes import NO_VERDICT, FakeAlipay
from tests.workflows.running import a_worker
from workflows.late_payment import LatePayment

DONE = RefundAnswer(verdict=RefundVerdict.REFUNDED)
IN_PROCESS = RefundAnswer(verdict=RefundVerdict.IN_PROCESS)
REFUSED = RefundAnswer(
    verdict=RefundVerdict.REFUSED, result_code="REFUND_WINDOW_EXCEED"
)
TOO_LATE = a_cancel("REFUSED", "CANCEL_WINDOW_EXCEED")
Late = WorkflowHandle[LatePayment, LatePaymentView]


@asynccontextmanager
async def late_money(
    env: WorkflowEnvironment,
    alipay: FakeAlipay,
    policy: LateMoneyPolicy = LateMoneyPolicy.REFUND,
) -> AsyncIterator[Late]:
    order = an_order()
    late = a_late_payment(order, policy=policy, notification=a_notification(order))
    async with a_worker(env.client, alipay) as task_queue:
        yield await env.client.start_workflow(
            LatePayment.run,
            late,
            id=late_payment_id(late.payment_request_id),
            task_queue=task_queue,
        )


async def outcome_of(
    env: WorkflowEnvironment,
    alipay: FakeAlipay,
    policy: LateMoneyPolicy = LateMoneyPolicy.REFUND,
) -> LateOutcome | None:
    async with late_money(env, alipay, policy) as late:
        return (await late.result()).outcome


async def test_late_money_is_returned_by_cancel_inside_the_window(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(inquiries=[an_inquiry("SUCCESS")], cancels=[a_cancel()])
    assert await outcome_of(skipping, alipay) is LateOutcome.RETURNED
    assert alipay.calls == ["inquire", "cancel"]


async def test_late_money_is_refunded_with_a_fixed_id_after_the_window(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        inquiries=[an_inquiry("SUCCESS")],
        cancels=[TOO_LATE],
        refunds=[NO_VERDICT, NO_VERDICT, DONE],
    )
    assert await outcome_of(skipping, alipay) is LateOutcome.REFUNDED
    assert alipay.calls == ["inquire", "cancel", "refund", "refund", "refund"]
    assert len({call.refund_request_id for call in alipay.refund_calls}) == 1
    assert alipay.refund_calls[0].refund_request_id.endswith("_1_late")
    assert alipay.refund_calls[0].payment_id == PAYMENT_ID


async def test_a_refund_in_process_is_never_sent_again(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        inquiries=[an_inquiry("SUCCESS")],
        cancels=[TOO_LATE],
        refunds=[IN_PROCESS],
        refund_inquiries=[NO_VERDICT, IN_PROCESS, IN_PROCESS, DONE],
    )
    assert await outcome_of(skipping, alipay) is LateOutcome.REFUNDED
    assert alipay.calls == ["inquire", "cancel", "refund", *["inquire refund"] * 4]


async def test_late_money_is_honoured_where_the_shop_wants_it(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(inquiries=[an_inquiry("SUCCESS")])
    outcome = await outcome_of(skipping, alipay, LateMoneyPolicy.HONOUR)
    assert outcome is LateOutcome.HONOURED
    assert alipay.calls == ["inquire"]


@pytest.mark.parametrize("verdict", ["CANCELLED", "FAIL"])
async def test_a_late_success_that_alipay_does_not_confirm_moves_nothing(
    skipping: WorkflowEnvironment, verdict: str
) -> None:
    alipay = FakeAlipay(
        inquiries=[NO_VERDICT, an_inquiry("PROCESSING"), an_inquiry(verdict)]
    )
    assert await outcome_of(skipping, alipay) is LateOutcome.NOT_PAID
    assert alipay.calls == ["inquire"] * 3


async def test_a_cancel_without_a_verdict_is_repeated_before_any_refund(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        inquiries=[an_inquiry("SUCCESS")], cancels=[NO_VERDICT, a_cancel()]
    )
    assert await outcome_of(skipping, alipay) is LateOutcome.RETURNED
    assert alipay.calls == ["inquire", "cancel", "cancel"]


async def test_an_impossible_refund_waits_for_a_person(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        inquiries=[an_inquiry("SUCCESS")], cancels=[TOO_LATE], refunds=[REFUSED]
    )
    async with late_money(skipping, alipay) as late:
        while (view := await late.query(LatePayment.view)).review is None:
            pass
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await resolve(late, by=" ")
        await resolve(late, by="op")
        result = await late.result()
    assert "REFUND_WINDOW_EXCEED" in view.review
    assert "PHP 1,314.00" in view.review
    assert "by: must say who" in str(refused.value.cause)
    assert result.outcome is LateOutcome.REFUNDED
    assert result.resolved is not None
    assert result.resolved.reason == "bank transfer"


async def test_late_money_of_another_amount_waits_for_a_person(
    skipping: WorkflowEnvironment,
) -> None:
    other = an_inquiry("SUCCESS", amount=Money(currency="PHP", value=1))
    async with late_money(skipping, FakeAlipay(inquiries=[other])) as late:
        while (view := await late.query(LatePayment.view)).review is None:
            pass
        await resolve(late, by="op")
        await late.result()
    assert "1,314.00" in view.review


async def resolve(late: Late, *, by: str) -> LatePaymentView:
    return await late.execute_update(
        LatePayment.resolve,  # type: ignore[arg-type]
        LateResolution(outcome=LateOutcome.REFUNDED, reason="bank transfer", by=by),
    )
