"""Payments that only a person can settle, and how."""

import asyncio

import pytest
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from contracts import (
    CallbackView,
    Money,
    PaymentOutcome,
    PaymentStatus,
    callbacks_id,
)
from tests.builders import a_cancel, a_page, an_inquiry
from tests.fakes import FakeAlipay
from tests.workflows.running import a_payment
from workflows.callback import Callback

OTHER_MONEY = Money(currency="PHP", value=100)


async def test_another_amount_is_never_fulfilled(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    async with a_payment(skipping, alipay) as payment:
        await payment.notify(amount=OTHER_MONEY)
        view = await payment.view()
        # Not even a second, fitting success removes the doubt.
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
            await payment.notify(amount=OTHER_MONEY)
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


async def test_a_payment_without_a_doubt_cannot_be_resolved(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    async with a_payment(skipping, alipay) as payment:
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await payment.resolve(PaymentOutcome.PAID)
        await payment.notify()
        await payment.result()
    assert "only a payment that needs attention" in str(refused.value.cause)


async def test_the_shop_is_notified_of_a_review_and_then_of_its_outcome(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    async with a_payment(skipping, alipay, tells_shop=True) as payment:
        await payment.notify(amount=OTHER_MONEY)
        await payment.until_status(PaymentStatus.REVIEW)
        since = (await payment.view()).review
        await payment.resolve(PaymentOutcome.CANCELLED)
        await payment.result()
    review, outcome = alipay.shop_events
    name = f"{payment.order.order_id}_1"
    assert (review.type, review.outcome, review.id) == (
        "payment.review",
        "REVIEW",
        f"{name}-review",
    )
    assert review.review == since
    assert outcome.type == "payment.cancelled"
    assert review.occurred_at <= outcome.occurred_at


async def test_a_doubt_that_changes_is_another_event(
    skipping: WorkflowEnvironment,
) -> None:
    second = Money(currency="PHP", value=200)
    alipay = FakeAlipay(
        pay=[a_page()], inquiries=[an_inquiry("SUCCESS", amount=second)]
    )
    async with a_payment(skipping, alipay, tells_shop=True) as payment:
        await payment.notify(amount=OTHER_MONEY)
        await payment.until_status(PaymentStatus.REVIEW)
        await payment.check_now()
        await payment.resolve(PaymentOutcome.CANCELLED)
        await payment.result()
    name = f"{payment.order.order_id}_1"
    assert [event.id for event in alipay.shop_events] == [
        f"{name}-review",
        f"{name}-review-2",
        f"{name}-cancelled",
    ]


async def test_a_shop_that_was_down_gets_the_review_before_the_outcome(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    alipay.shop_is_away = True
    async with a_payment(skipping, alipay, tells_shop=True) as payment:
        await payment.notify(amount=OTHER_MONEY)
        await payment.until_status(PaymentStatus.REVIEW)
        await payment.resolve(PaymentOutcome.CANCELLED)
        await payment.handle.result()
        queue: WorkflowHandle[Callback, CallbackView] = (
            skipping.client.get_workflow_handle(
                callbacks_id(payment.order.order_id), result_type=CallbackView
            )
        )
        view = await queue.query(Callback.view)
        alipay.shop_is_away = False
        await queue.execute_update("resend")
        await queue.result()
    assert view.event.type == "payment.review"
    assert [event.type for event in view.waiting] == ["payment.cancelled"]


async def test_a_payment_of_an_older_release_notifies_only_its_outcome(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    async with a_payment(skipping, alipay, tells_shop=True, release=2) as payment:
        await payment.notify(amount=OTHER_MONEY)
        await payment.until_status(PaymentStatus.REVIEW)
        await payment.resolve(PaymentOutcome.CANCELLED)
        await payment.result()
    assert [event.type for event in alipay.shop_events] == ["payment.cancelled"]


async def test_under_review_a_cancel_is_rejected_at_once_with_an_explanation(
    skipping: WorkflowEnvironment,
) -> None:
    async with a_payment(skipping, FakeAlipay(pay=[a_page()])) as payment:
        await payment.notify(amount=OTHER_MONEY)
        await payment.view()
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            async with asyncio.timeout(20):
                await payment.cancel()
        history = await payment.handle.fetch_history()
        await payment.resolve(PaymentOutcome.CANCELLED)
    cause = refused.value.cause
    assert isinstance(cause, ApplicationError)
    assert cause.type == "IN_REVIEW"
    assert "settle it with `resolve`" in cause.message
    kinds = [event.WhichOneof("attributes") or "" for event in history.events]
    # The only accepted update is the one that asked for the page.
    assert len([kind for kind in kinds if "update_accepted" in kind]) == 1


async def test_a_cancel_under_way_is_answered_once_a_person_must_decide(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[an_inquiry("SUCCESS", amount=OTHER_MONEY)],
        cancels=[a_cancel()],
    )
    async with a_payment(skipping, alipay) as payment:
        async with asyncio.timeout(20):
            view = await payment.cancel()
        await payment.resolve(PaymentOutcome.CANCELLED)
    assert view.status is PaymentStatus.REVIEW


async def test_a_person_who_cancels_says_why(skipping: WorkflowEnvironment) -> None:
    async with a_payment(skipping, FakeAlipay(pay=[a_page()])) as payment:
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await payment.cancel(by="anna")
        await payment.notify()
        await payment.handle.result()
    assert "reason: must say why" in str(refused.value.cause)
