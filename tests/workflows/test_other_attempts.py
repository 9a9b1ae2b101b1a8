"""Attempts known from notifications only do not delay the end of a payment."""

from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from contracts import (
    LateMoneyPolicy,
    LateOutcome,
    LatePaymentView,
    Money,
    PaymentOutcome,
    PaymentStatus,
    late_payment_id,
    payment_request_id,
)
from tests.builders import PAYMENT_ID, a_cancel, a_page, an_inquiry
from tests.fakes import NO_VERDICT, FakeAlipay
from tests.workflows.running import RunningPayment, a_payment
from workflows.late_payment import LatePayment

UNKNOWN = an_inquiry("NOT_EXIST", payment_id=None, amount=None)
OTHER_MONEY = Money(currency="PHP", value=131500)


async def notify_of_second(payment: RunningPayment, **changes: object) -> None:
    """Let Alipay notify of an attempt that this order has never opened."""
    name = payment_request_id(payment.order.order_id, 2)
    await payment.notify(payment_request_id=name, payment_id="other", **changes)


async def late_money_of_second(
    env: WorkflowEnvironment, payment: RunningPayment
) -> LatePaymentView:
    name = payment_request_id(payment.order.order_id, 2)
    handle = env.client.get_workflow_handle(late_payment_id(name))
    return await handle.query(LatePayment.view)


async def test_a_success_of_an_unknown_attempt_keeps_no_paid_order_open(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries_of={2: [UNKNOWN]})
    async with a_payment(skipping, alipay) as payment:
        await notify_of_second(payment)
        await payment.notify()
        result = await payment.result()
        late = await late_money_of_second(skipping, payment)
    assert result.outcome is PaymentOutcome.PAID
    assert [one.is_paid for one in result.attempts] == [False, True]
    # Alipay has signed it and does not know it: its own workflow keeps inquiring.
    assert late.outcome is None


@pytest.mark.parametrize("release", [2, 3])
@pytest.mark.parametrize(
    "notified", [{"result_status": "F"}, {"notify_type": "PAYMENT_PENDING"}]
)
async def test_a_failure_of_an_unknown_attempt_is_settled_after_three_tries(
    skipping: WorkflowEnvironment, release: int, notified: dict[str, str]
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries_of={1: [an_inquiry("FAIL")], 2: [UNKNOWN]},
    )
    async with a_payment(skipping, alipay, release=release) as payment:
        await notify_of_second(payment, **notified)
        await payment.leap(timedelta(minutes=2))
        asked = alipay.calls.count("inquire 2")
        view = await payment.view()
        result = await payment.result()
    assert view.status is PaymentStatus.AWAITING_CUSTOMER
    assert result.outcome is PaymentOutcome.EXPIRED
    assert 3 <= asked <= 5
    assert alipay.calls.count("inquire 2") == asked


async def test_an_order_can_be_closed_and_looked_at_while_another_attempt_is_unknown(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries_of={
            1: [an_inquiry("PROCESSING"), an_inquiry("CANCELLED")],
            2: [UNKNOWN],
        },
        cancels=[a_cancel()],
    )
    async with a_payment(skipping, alipay) as payment:
        await notify_of_second(payment, result_status="F")
        checked = await payment.check_now()
        again = await payment.ask_for_page(call_id="again")
        cancelled = await payment.cancel()
    assert checked.status is PaymentStatus.AWAITING_CUSTOMER
    assert again.attempts[-1].cashier is not None
    assert cancelled.outcome is PaymentOutcome.CANCELLED


async def test_an_unpaid_order_waits_only_a_little_for_another_attempts_success(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries_of={1: [an_inquiry("FAIL")], 2: [NO_VERDICT]},
    )
    async with a_payment(
        skipping, alipay, late_money=LateMoneyPolicy.HONOUR
    ) as payment:
        await notify_of_second(payment)
        result = await payment.result()
        alipay.answers_inquiries_of(2, an_inquiry("SUCCESS", payment_id="other"))
        late = await payment.late_result(attempt=2)
    assert result.outcome is PaymentOutcome.EXPIRED
    assert late.outcome is LateOutcome.HONOURED


async def test_a_success_that_alipay_confirms_pays_the_order_with_another_attempt(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries_of={
            1: [an_inquiry("CANCELLED")],
            2: [UNKNOWN, an_inquiry("SUCCESS", payment_id="other")],
        },
        cancels=[a_cancel()],
    )
    async with a_payment(skipping, alipay) as payment:
        await notify_of_second(payment)
        result = await payment.result()
    assert result.outcome is PaymentOutcome.PAID
    assert [one.is_paid for one in result.attempts] == [True, False]


@pytest.mark.parametrize("release", [2, 3])
async def test_an_order_that_one_attempt_pays_keeps_no_second_charge_of_any_amount(
    skipping: WorkflowEnvironment, release: int
) -> None:
    paid = an_inquiry("SUCCESS", payment_id="other", amount=OTHER_MONEY)
    alipay = FakeAlipay(
        pay=[a_page()], inquiries_of={1: [paid]}, cancels=[a_cancel("REFUSED")]
    )
    alipay.refunds_everything()
    async with a_payment(skipping, alipay, first_attempt=2, release=release) as payment:
        await payment.notify(payment_id="other", amount=OTHER_MONEY)
        await payment.until_status(PaymentStatus.REVIEW)
        second = payment_request_id(payment.order.order_id, 2)
        await payment.notify(payment_request_id=second)
        result = await payment.result()
        late = await payment.late_result(attempt=1)
    assert result.outcome is PaymentOutcome.PAID
    assert [one.is_paid for one in result.attempts] == [False, True]
    assert late.outcome is LateOutcome.REFUNDED
    assert [call.amount for call in alipay.refund_calls] == [OTHER_MONEY]
    assert alipay.refund_calls[0].payment_id == "other"


async def test_money_of_another_amount_that_pays_no_order_needs_a_person(
    skipping: WorkflowEnvironment,
) -> None:
    paid = an_inquiry("SUCCESS", payment_id="other", amount=OTHER_MONEY)
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries_of={1: [paid], 2: [an_inquiry("CANCELLED")]},
        cancels=[a_cancel()],
    )
    async with a_payment(skipping, alipay, first_attempt=2) as payment:
        await payment.notify(payment_id="other", amount=OTHER_MONEY)
        await payment.until_status(PaymentStatus.REVIEW)
        view = await payment.view()
        await payment.resolve(PaymentOutcome.PAID)
        result = await payment.result()
    assert view.review is not None
    assert "PHP 1,315.00 instead of PHP 1,314.00" in view.review
    assert result.resolved is not None
    # The attempt that took the money is the one that the person means.
    assert [one.is_paid for one in result.attempts] == [True, False]
    assert alipay.refund_calls == []


async def test_a_success_without_an_amount_is_a_hint_and_no_review(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("SUCCESS")])
    async with a_payment(skipping, alipay) as payment:
        await payment.notify(amount=None)
        result = await payment.result()
    assert result.outcome is PaymentOutcome.PAID
    assert alipay.calls == ["pay", "inquire"]


async def test_a_success_without_a_payment_id_is_a_hint(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page(payment_id=None)], inquiries=[an_inquiry("SUCCESS")]
    )
    async with a_payment(skipping, alipay) as payment:
        await payment.notify(payment_id="")
        result = await payment.result()
    assert result.outcome is PaymentOutcome.PAID
    assert result.attempts[0].payment_id in (None, PAYMENT_ID)
    assert alipay.calls == ["pay", "inquire"]
