"""Several attempts for one order: one after the other, never two alive at once."""

from temporalio.testing import WorkflowEnvironment

from contracts import (
    LateOutcome,
    Money,
    PaymentOutcome,
    PaymentStatus,
    PayVerdict,
)
from tests.builders import a_cancel, a_page, a_refusal, an_inquiry
from tests.fakes import FakeAlipay
from tests.workflows.running import a_payment, run_to_end


async def test_another_wallet_begins_only_when_the_first_is_certainly_closed(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[an_inquiry("PROCESSING"), an_inquiry("CANCELLED")],
        cancels=[a_cancel()],
    )
    async with a_payment(skipping, alipay) as payment:
        view = await payment.ask_for_page(call_id="second", wallet="TNG")
        await payment.notify(payment_request_id=f"{payment.order.order_id}_2")
        result = await payment.result()
    assert [attempt.wallet for attempt in view.attempts] == ["GCASH", "TNG"]
    assert view.opened_by == "second"
    assert result.outcome is PaymentOutcome.PAID
    assert [attempt.is_paid for attempt in result.attempts] == [False, True]
    assert alipay.calls == ["pay", "inquire", "cancel", "inquire", "pay 2"]


async def test_an_attempt_whose_cancel_is_refused_keeps_its_page(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[*[an_inquiry("PROCESSING")] * 2, an_inquiry("SUCCESS")],
        cancels=[a_cancel("NOT_ALLOWED", "")],
    )
    async with a_payment(skipping, alipay, wallet="DANA") as payment:
        view = await payment.ask_for_page(call_id="second", wallet="GCASH")
        await payment.notify()
        result = await payment.result()
    assert [attempt.wallet for attempt in view.attempts] == ["DANA"]
    assert view.status is PaymentStatus.AWAITING_CUSTOMER
    assert view.opened_by == "call"
    assert result.outcome is PaymentOutcome.PAID
    # The last one makes sure that it is not cancelled after all.
    assert alipay.calls == ["pay", "inquire", "cancel", "inquire", "inquire"]


async def test_a_switch_of_wallets_after_payment_opens_no_attempt(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("SUCCESS")])
    async with a_payment(skipping, alipay) as payment:
        view = await payment.ask_for_page(call_id="second", wallet="TNG")
        await payment.result()
    assert view.outcome is PaymentOutcome.PAID
    assert alipay.calls == ["pay", "inquire"]


async def test_a_used_number_is_skipped(
    skipping: WorkflowEnvironment,
) -> None:
    dead = a_refusal("ORDER_IS_CLOSED", verdict=PayVerdict.ID_IS_DEAD)
    alipay = FakeAlipay(
        pay=[dead, dead, a_page()],
        inquiries=[an_inquiry("SUCCESS")],
    )
    result = await run_to_end(skipping, alipay)
    assert result.outcome is PaymentOutcome.PAID
    assert alipay.calls == ["pay", "pay 2", "pay 3", "inquire 3"]


async def test_a_number_used_for_another_amount_is_closed_before_the_next(
    skipping: WorkflowEnvironment,
) -> None:
    other = a_refusal("REPEAT_REQ_INCONSISTENT", verdict=PayVerdict.ID_DIFFERS)
    alipay = FakeAlipay(
        pay=[other, a_page()],
        inquiries=[
            an_inquiry("PROCESSING"),
            an_inquiry("CANCELLED"),
            an_inquiry("SUCCESS"),
        ],
        cancels=[a_cancel()],
    )
    result = await run_to_end(skipping, alipay)
    assert result.outcome is PaymentOutcome.PAID
    assert alipay.calls == [
        *["pay", "inquire", "cancel", "inquire"],
        *["pay 2", "inquire 2"],
    ]


async def test_a_number_paid_with_another_amount_is_put_under_review(
    skipping: WorkflowEnvironment,
) -> None:
    other = a_refusal("REPEAT_REQ_INCONSISTENT", verdict=PayVerdict.ID_DIFFERS)
    paid = an_inquiry("SUCCESS", amount=Money(currency="PHP", value=99))
    alipay = FakeAlipay(pay=[other], inquiries=[paid])
    async with a_payment(skipping, alipay, opened=False) as payment:
        view = await payment.ask_for_page()
        await payment.resolve(PaymentOutcome.CANCELLED)
        await payment.result()
    assert view.status is PaymentStatus.REVIEW
    assert view.review is not None
    assert "PHP 0.99" in view.review
    assert alipay.calls == ["pay", "inquire"]


async def test_a_new_run_begins_with_the_next_number(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("SUCCESS")])
    result = await run_to_end(skipping, alipay, first_attempt=3)
    assert result.attempts[0].payment_request_id.endswith("_3")
    assert alipay.calls == ["pay 3", "inquire 3"]


async def test_late_money_of_an_earlier_run_is_notified_to_the_open_one(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[
            an_inquiry("SUCCESS", payment_id="earlier"),
            an_inquiry("PROCESSING"),
            an_inquiry("CANCELLED"),
        ],
        cancels=[a_cancel()],
    )
    async with a_payment(skipping, alipay, first_attempt=2) as payment:
        await payment.notify(payment_id="earlier")
        result = await payment.result()
    assert result.outcome is PaymentOutcome.PAID
    assert [attempt.is_paid for attempt in result.attempts] == [True, False]
    assert alipay.calls[:2] == ["pay 2", "inquire"]
    assert "cancel 2" in alipay.calls


async def test_a_second_success_for_one_order_is_given_back(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries_of={
            1: [an_inquiry("SUCCESS", payment_id="earlier")],
            2: [an_inquiry("SUCCESS")],
        },
        cancels=[a_cancel()],
    )
    async with a_payment(skipping, alipay, first_attempt=2) as payment:
        await payment.notify(payment_id="earlier")
        view = await payment.check_now()
        result = await payment.result()
        returned = await payment.late_result(attempt=1)
    assert view.outcome is PaymentOutcome.PAID
    assert result.outcome is PaymentOutcome.PAID
    assert [attempt.is_paid for attempt in result.attempts] == [False, True]
    assert returned.outcome is LateOutcome.RETURNED
    assert alipay.calls.count("cancel") == 1
    assert "cancel 2" not in alipay.calls


async def test_money_that_was_refunded_pays_no_later_run(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries_of={
            1: [an_inquiry("SUCCESS", payment_id="earlier", is_refunded=True)],
            2: [an_inquiry("PROCESSING")],
        },
    )
    async with a_payment(skipping, alipay, first_attempt=2) as payment:
        await payment.notify(payment_id="earlier")
        view = await payment.check_now()
        await payment.notify(payment_request_id=f"{payment.order.order_id}_2")
        result = await payment.result()
    assert view.status is PaymentStatus.AWAITING_CUSTOMER
    assert [attempt.is_paid for attempt in result.attempts] == [False, True]
    assert "cancel 2" not in alipay.calls


async def test_a_success_of_a_number_that_is_not_ours_yet_is_not_lost(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[an_inquiry("SUCCESS", payment_id="other"), an_inquiry("FAIL")],
    )
    async with a_payment(skipping, alipay) as payment:
        await payment.notify(
            payment_request_id=f"{payment.order.order_id}_3", payment_id="other"
        )
        result = await payment.result()
    assert result.outcome is PaymentOutcome.PAID
    assert alipay.calls[:2] == ["pay", "inquire 3"]


async def test_a_paid_order_returns_no_cashier_page(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries_of={
            1: [an_inquiry("SUCCESS", payment_id="earlier")],
            2: [*[an_inquiry("PROCESSING")] * 3, an_inquiry("FAIL")],
        },
        cancels=[a_cancel("NOT_ALLOWED", "")],
    )
    async with a_payment(skipping, alipay, first_attempt=2) as payment:
        await payment.notify(payment_id="earlier")
        await payment.check_now()
        view = await payment.ask_for_page(call_id="again")
        result = await payment.result()
    assert [attempt.cashier for attempt in view.attempts] == [None, None]
    assert result.outcome is PaymentOutcome.PAID
