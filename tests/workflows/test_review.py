"""What only a person can settle, and how it is settled."""

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment

from contracts import Money, PaymentOutcome, PaymentStatus
from tests.builders import a_page, an_inquiry
from tests.fakes import FakeAlipay
from tests.workflows.running import a_payment

OTHER_MONEY = Money(currency="PHP", value=100)


async def test_another_amount_is_never_fulfilled(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    async with a_payment(skipping, alipay) as payment:
        await payment.notify(amount=OTHER_MONEY)
        view = await payment.view()
        # Not even a second, sound success lifts the doubt.
        await payment.notify()
        still = await payment.view()
        await payment.resolve(PaymentOutcome.CANCELLED)
        result = await payment.result()
    assert view.status is PaymentStatus.REVIEW
    assert still.status is PaymentStatus.REVIEW
    assert view.review is not None
    assert "PHP 1.00 instead of PHP 1,314.00" in view.review
    assert result.outcome is PaymentOutcome.CANCELLED
    assert result.resolved is not None
    assert result.resolved.by == "op"


async def test_another_currency_is_never_fulfilled(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    async with a_payment(skipping, alipay) as payment:
        await payment.notify(amount=Money(currency="IDR", value=131400))
        view = await payment.view()
        await payment.resolve(PaymentOutcome.CANCELLED)
    assert view.status is PaymentStatus.REVIEW


async def test_a_success_that_contradicts_an_end_is_put_under_review(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("FAIL")])

    async with a_payment(skipping, alipay, opened=False) as payment:

        async def both_at_once() -> None:
            await payment.notify(amount=None)
            await payment.notify(result_status="F")

        alipay.before_pay_answers = both_at_once
        view = await payment.ask_for_page()
        await payment.resolve(PaymentOutcome.DECLINED)
    assert view.status is PaymentStatus.REVIEW


async def test_a_payment_under_review_can_be_looked_at_again(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("SUCCESS")])
    async with a_payment(skipping, alipay) as payment:
        await payment.notify(amount=OTHER_MONEY)
        view = await payment.check_now()
        await payment.resolve(PaymentOutcome.PAID)
    assert view.status is PaymentStatus.REVIEW
    assert alipay.calls == ["pay", "inquire"]


@pytest.mark.parametrize(
    ("by", "reason", "rule"),
    [("", "seen", "by: must say who"), ("op", " ", "reason: must say why")],
)
async def test_a_resolution_needs_a_name_and_a_reason(
    skipping: WorkflowEnvironment, by: str, reason: str, rule: str
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    async with a_payment(skipping, alipay) as payment:
        await payment.notify(amount=OTHER_MONEY)
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await payment.resolve(PaymentOutcome.PAID, by=by, reason=reason)
        await payment.resolve(PaymentOutcome.PAID)
    assert rule in str(refused.value.cause)


async def test_what_is_not_in_doubt_cannot_be_resolved(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    async with a_payment(skipping, alipay) as payment:
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await payment.resolve(PaymentOutcome.PAID)
        await payment.notify()
        await payment.result()
    assert "only a payment in REVIEW" in str(refused.value.cause)
