"""The run that recovers a stopped one: it asks Alipay, and believes nothing else.

How it begins is tested in `tests/api/payments/test_stopped_payments.py`.
"""

from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from contracts import (
    PaymentOutcome,
    StoppedAttempt,
    StoppedRun,
    late_payment_id,
    payment_request_id,
)
from tests.builders import a_cancel, a_notification, a_page, an_inquiry
from tests.fakes import FakeAlipay
from tests.workflows.running import a_payment, run_to_end

LONG_AGO = datetime.now(UTC) - timedelta(hours=1)


def stopped(*attempts: StoppedAttempt) -> StoppedRun:
    return StoppedRun(
        run_id="a-run", ended="TERMINATED", by="anna", reason="why", attempts=attempts
    )


def attempt(
    number: int = 1, *, wallet: str = "GCASH", begun_at: datetime = LONG_AGO
) -> StoppedAttempt:
    return StoppedAttempt(number=number, wallet=wallet, begun_at=begun_at)


async def test_a_stopped_payment_that_has_expired_is_closed_and_not_reopened(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        inquiries=[an_inquiry("PROCESSING"), an_inquiry("CANCELLED")],
        cancels=[a_cancel()],
    )
    result = await run_to_end(skipping, alipay, stopped=stopped(attempt()))
    assert result.outcome is PaymentOutcome.EXPIRED
    assert alipay.calls == ["inquire", "cancel", "inquire"]


async def test_a_stopped_payment_that_was_paid_late_is_paid(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(inquiries=[an_inquiry("SUCCESS")])
    result = await run_to_end(skipping, alipay, stopped=stopped(attempt()))
    assert result.outcome is PaymentOutcome.PAID
    assert alipay.calls == ["inquire"]


async def test_a_stopped_payment_that_alipay_does_not_know_ends_after_three_tries(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        inquiries=[an_inquiry("NOT_EXIST")], cancels=[a_cancel("REFUSED", "F")]
    )
    result = await run_to_end(skipping, alipay, stopped=stopped(attempt()))
    assert result.outcome is PaymentOutcome.EXPIRED
    assert alipay.calls.count("inquire") >= 3
    assert "pay" not in alipay.calls


@pytest.mark.parametrize("paid", [1, 2])
async def test_of_two_wallets_of_a_stopped_payment_the_one_that_is_paid_counts(
    skipping: WorkflowEnvironment, paid: int
) -> None:
    unpaid = an_inquiry("CANCELLED", payment_id="other")
    alipay = FakeAlipay(
        inquiries_of={
            number: [an_inquiry("SUCCESS") if number == paid else unpaid]
            for number in (1, 2)
        }
    )
    both = stopped(attempt(1), attempt(2, wallet="MAYA"))
    result = await run_to_end(
        skipping, alipay, stopped=both, wallet="MAYA", first_attempt=2
    )
    assert result.outcome is PaymentOutcome.PAID
    assert [one.is_paid for one in result.attempts] == [paid == 1, paid == 2]
    assert set(alipay.calls) <= {"inquire", "inquire 2"}


async def test_both_wallets_of_a_stopped_payment_being_paid_one_goes_back(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        inquiries_of={
            1: [an_inquiry("SUCCESS", payment_id="first")],
            2: [an_inquiry("SUCCESS", payment_id="second")],
        },
        cancels=[a_cancel()],
    )
    both = stopped(attempt(1), attempt(2, wallet="MAYA"))
    async with a_payment(
        skipping, alipay, opened=False, stopped=both, wallet="MAYA", first_attempt=2
    ) as payment:
        await payment.start()
        result = await payment.result()
        [other] = [one for one in (1, 2) if not result.attempts[one - 1].is_paid]
        name = payment_request_id(payment.order.order_id, other)
        late = skipping.client.get_workflow_handle(late_payment_id(name))
        assert await late.describe()
        await late.terminate()
    assert result.outcome is PaymentOutcome.PAID


async def test_the_claims_of_a_stopped_run_prove_nothing(
    skipping: WorkflowEnvironment,
) -> None:
    """An attempt in a forged input only causes an inquiry."""
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries_of={
            1: [an_inquiry("PROCESSING")],
            7: [an_inquiry("NOT_EXIST")],
        },
    )
    soon = datetime.now(UTC) + timedelta(days=1)
    notified, sent = attempt(7, wallet=""), attempt(1, begun_at=soon)
    async with a_payment(
        skipping, alipay, opened=False, stopped=stopped(notified, sent)
    ) as payment:
        await payment.start()
        view = await payment.check_now()
        [own] = [one for one in view.attempts if one.wallet]
        await payment.handle.signal("payment_notified", a_notification(payment.order))
        result = await payment.result()
    assert own.expires_at is not None
    assert own.expires_at <= datetime.now(UTC) + timedelta(minutes=15)
    assert result.outcome is PaymentOutcome.PAID
