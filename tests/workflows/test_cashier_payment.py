"""The payment's paths, in skipped time: the calls to Alipay, and the outcome."""

from datetime import timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment

from contracts import Money, PaymentOutcome, PaymentStatus, PayVerdict
from tests.builders import a_cancel, a_page, a_refusal, an_inquiry
from tests.fakes import NO_VERDICT, FakeAlipay
from tests.workflows.running import a_payment, run_to_end


async def test_a_notified_payment_is_paid_without_asking(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    async with a_payment(skipping, alipay) as payment:
        opened = await payment.view()
        await payment.notify()
        result = await payment.result()
    assert opened.status is PaymentStatus.AWAITING_CUSTOMER
    assert opened.attempts[0].cashier is not None
    assert result.outcome is PaymentOutcome.PAID
    assert result.paid_at == "2026-11-24T03:02:40-07:00"
    assert alipay.calls == ["pay"]


async def test_a_lost_notification_does_not_lose_the_payment(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("SUCCESS")])
    result = await run_to_end(skipping, alipay)
    assert result.outcome is PaymentOutcome.PAID
    assert alipay.calls == ["pay", "inquire"]


async def test_an_unpaid_payment_is_cancelled_when_it_expires(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[an_inquiry("PROCESSING"), an_inquiry("CANCELLED")],
        cancels=[a_cancel()],
    )
    result = await run_to_end(skipping, alipay)
    assert result.outcome is PaymentOutcome.EXPIRED
    assert alipay.calls == ["pay", "inquire", "cancel", "inquire"]
    assert result.closed_at is not None
    assert result.started_at is not None
    assert result.closed_at - result.started_at >= timedelta(minutes=14)


async def test_money_found_when_it_expires_makes_the_payment_paid(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[an_inquiry("PROCESSING"), an_inquiry("SUCCESS")],
        cancels=[a_cancel("REFUSED", "ORDER_STATUS_INVALID")],
    )
    result = await run_to_end(skipping, alipay)
    assert result.outcome is PaymentOutcome.PAID
    assert alipay.calls == ["pay", "inquire", "cancel", "inquire"]


async def test_a_refusal_of_alipay_declines_the_payment(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_refusal("RISK_REJECT")])
    result = await run_to_end(skipping, alipay)
    assert result.outcome is PaymentOutcome.DECLINED
    assert result.result_code == "RISK_REJECT"
    assert alipay.calls == ["pay"]


async def test_a_declined_payment_is_believed_only_when_asked_for(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("FAIL")])
    async with a_payment(skipping, alipay) as payment:
        failed = {"result_status": "F", "result_code": "USER_BALANCE_NOT_ENOUGH"}
        await payment.notify(**failed)
        result = await payment.result()
    assert result.outcome is PaymentOutcome.DECLINED
    assert alipay.calls == ["pay", "inquire"]


async def test_a_notification_that_overtakes_the_answer_of_pay_is_kept(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    async with a_payment(skipping, alipay, opened=False) as payment:
        alipay.before_pay_answers = payment.notify
        view = await payment.ask_for_page()
        result = await payment.result()
    assert view.outcome is PaymentOutcome.PAID
    assert result.outcome is PaymentOutcome.PAID
    assert alipay.calls == ["pay"]


async def test_payment_pending_with_s_pays_nothing(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[an_inquiry("PENDING"), an_inquiry("PENDING"), an_inquiry("FAIL")],
        cancels=[a_cancel("REFUSED")],
    )
    async with a_payment(skipping, alipay) as payment:
        await payment.notify(notify_type="PAYMENT_PENDING")
        result = await payment.result()
    assert result.outcome is PaymentOutcome.EXPIRED
    assert alipay.calls == ["pay", "inquire", "inquire", "cancel", "inquire"]


async def test_a_success_with_an_unexpected_payment_id_is_only_a_hint(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("SUCCESS")])
    async with a_payment(skipping, alipay) as payment:
        await payment.notify(payment_id="another")
        result = await payment.result()
    assert result.outcome is PaymentOutcome.PAID
    assert alipay.calls == ["pay", "inquire"]


async def test_a_payment_the_customer_has_finished_is_checking(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()], inquiries=[an_inquiry("PROCESSING"), an_inquiry("PENDING")]
    )
    async with a_payment(skipping, alipay) as payment:
        before = await payment.check_now()
        await payment.notify(notify_type="PAYMENT_PENDING")
        pending = await payment.check_now()
        await payment.notify()
        result = await payment.handle.result()
    assert before.status is PaymentStatus.AWAITING_CUSTOMER
    assert pending.status is PaymentStatus.CHECKING
    assert result.outcome is PaymentOutcome.PAID


async def test_a_proven_success_is_enough_though_alipay_answers_no_inquiry(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[NO_VERDICT])
    async with a_payment(skipping, alipay) as payment:
        # The customer came back, an inquiry got no answer; then the customer paid.
        assert (await payment.check_now()).outcome is None
        await payment.notify()
        result = await payment.handle.result()
    assert result.outcome is PaymentOutcome.PAID
    assert alipay.calls == ["pay", "inquire"]


async def test_doubled_notifications_change_nothing(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("PROCESSING")])
    async with a_payment(skipping, alipay) as payment:
        for _ in range(20):
            await payment.notify(notify_type="PAYMENT_PENDING")
        await payment.check_now()
        await payment.notify()
        result = await payment.result()
    assert result.outcome is PaymentOutcome.PAID
    assert alipay.calls[:2] == ["pay", "inquire"]
    assert len(alipay.calls) <= 3


async def test_a_cancelled_payment_is_cancelled_for_certain(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[an_inquiry("PROCESSING"), an_inquiry("CANCELLED")],
        cancels=[a_cancel()],
    )
    async with a_payment(skipping, alipay) as payment:
        view = await payment.cancel()
        result = await payment.result()
    assert view.outcome is PaymentOutcome.CANCELLED
    assert result.outcome is PaymentOutcome.CANCELLED
    assert alipay.calls == ["pay", "inquire", "cancel", "inquire"]


async def test_a_cancel_of_a_payment_that_was_just_paid_returns_paid(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("SUCCESS")])
    async with a_payment(skipping, alipay) as payment:
        view = await payment.cancel()
        await payment.result()
    assert view.outcome is PaymentOutcome.PAID
    assert alipay.calls == ["pay", "inquire"]


async def test_a_wallet_that_forbids_cancelling_is_waited_for(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[*[an_inquiry("PROCESSING")] * 4, an_inquiry("FAIL")],
        cancels=[a_cancel("NOT_ALLOWED", "")],
    )
    async with a_payment(skipping, alipay) as payment:
        view = await payment.cancel()
        result = await payment.result()
    assert view.outcome is None
    assert view.status is PaymentStatus.AWAITING_CUSTOMER
    assert result.outcome is PaymentOutcome.CANCELLED


async def test_a_payment_is_never_unpaid_by_age_alone(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[*[NO_VERDICT] * 9, an_inquiry("SUCCESS")],
    )
    result = await run_to_end(skipping, alipay)
    assert result.outcome is PaymentOutcome.PAID
    assert result.closed_at is not None
    assert result.started_at is not None
    assert result.closed_at - result.started_at > timedelta(hours=1)
    assert alipay.calls == ["pay", *["inquire"] * 10]


async def test_a_pay_without_a_verdict_is_repeated_with_the_same_id(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[NO_VERDICT, NO_VERDICT, a_page()],
        inquiries=[NO_VERDICT, an_inquiry("PROCESSING"), an_inquiry("SUCCESS")],
    )
    result = await run_to_end(skipping, alipay)
    assert result.outcome is PaymentOutcome.PAID
    assert {call.payment_request_id for call in alipay.pay_calls} == {
        f"{result.order_id}_1"
    }
    assert alipay.calls[:4] == ["pay", "inquire", "inquire", "pay"]


async def test_an_order_that_does_not_exist_counts_only_after_three_tries(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_refusal("PARAM_ILLEGAL", certain=False)],
        inquiries=[an_inquiry("NOT_EXIST", payment_id=None, amount=None)],
        cancels=[a_cancel("REFUSED", "ORDER_NOT_EXIST")],
    )
    result = await run_to_end(skipping, alipay)
    assert result.outcome is PaymentOutcome.DECLINED
    assert alipay.calls.count("inquire") >= 3
    assert result.closed_at is not None
    assert result.started_at is not None
    assert result.closed_at - result.started_at >= timedelta(seconds=30)


async def test_an_answer_without_a_page_may_mean_that_it_is_paid(
    skipping: WorkflowEnvironment,
) -> None:
    no_page = a_page(verdict=PayVerdict.NO_PAGE, cashier=None, expires_at=None)
    alipay = FakeAlipay(pay=[no_page], inquiries=[an_inquiry("SUCCESS")])
    result = await run_to_end(skipping, alipay)
    assert result.outcome is PaymentOutcome.PAID
    assert alipay.calls == ["pay", "inquire"]


async def test_other_money_for_the_same_order_is_refused(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    async with a_payment(skipping, alipay) as payment:
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await payment.ask_for_page(
                call_id="other", amount=Money(currency="PHP", value=1)
            )
        await payment.notify()
        await payment.result()
    assert "PHP 131400, not PHP 1 " in str(refused.value.cause)
    assert alipay.calls == ["pay"]


async def test_a_payment_cancelled_without_an_answer_does_not_count_as_paid(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[an_inquiry("PROCESSING"), an_inquiry("CANCELLED")],
        cancels=[NO_VERDICT],
    )
    async with a_payment(skipping, alipay) as payment:
        # The success is notified while the effect of the cancel is unknown.
        alipay.before_cancel_answers = payment.notify
        result = await payment.result()
    assert result.outcome is PaymentOutcome.CANCELLED
    assert alipay.calls == ["pay", "inquire", "cancel", "inquire"]


async def test_a_workflow_cancelled_in_the_ui_closes_its_payment_for_certain(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[an_inquiry("PROCESSING"), an_inquiry("CANCELLED")],
        cancels=[a_cancel()],
    )
    async with a_payment(skipping, alipay) as payment:
        await payment.handle.cancel()
        result = await payment.handle.result()
    assert result.outcome is PaymentOutcome.CANCELLED
    assert alipay.calls == ["pay", "inquire", "cancel", "inquire"]


async def test_a_workflow_cancelled_while_it_asks_does_not_forget_the_call(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()], inquiries=[an_inquiry("SUCCESS")], cancels=[a_cancel()]
    )
    async with a_payment(skipping, alipay, opened=False) as payment:

        async def cancelled_meanwhile() -> None:
            await payment.handle.cancel()

        alipay.before_pay_answers = cancelled_meanwhile
        view = await payment.ask_for_page()
    assert view.outcome is PaymentOutcome.PAID
    assert alipay.calls == ["pay", "inquire"]
