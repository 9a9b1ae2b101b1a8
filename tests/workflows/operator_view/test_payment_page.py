"""A payment's page in the Temporal UI: first the reason and the possible updates."""

import json
import re
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment

from contracts import Money, MoneyAtRisk, PaymentNotified, PaymentOutcome
from tests.builders import PRICE, a_cancel, a_page, an_inquiry
from tests.fakes import NO_VERDICT, FakeAlipay
from tests.workflows.running import RunningPayment, a_payment
from workflows.cashier_payment import CashierPayment

MORE = Money(currency="PHP", value=131_500)
JSON = re.compile(r"```json\n(.+)\n```")


def example_in(details: str) -> dict[str, Any]:
    """Return the first JSON object that the page offers to be copied."""
    found = JSON.search(details)
    assert found is not None, details
    example: dict[str, Any] = json.loads(found[1])
    return example


async def at_risk(payment: RunningPayment) -> MoneyAtRisk:
    return await payment.handle.query(CashierPayment.at_risk)


async def test_the_reason_and_the_possible_updates_come_first(
    skipping: WorkflowEnvironment,
) -> None:
    async with a_payment(skipping, FakeAlipay(pay=[a_page()])) as payment:
        await payment.notify(amount=MORE)
        details = await payment.details()
        await payment.resolve(PaymentOutcome.CANCELLED)
    title, *parts = details.split("\n\n")
    assert title.startswith("### REVIEW since")
    assert parts[0].startswith("**Needs attention:** A person must decide")
    assert parts[1].startswith("**You may:** look the payment up at Alipay")
    assert "`PAID`, `DECLINED`, `EXPIRED`, `CANCELLED`" in parts[1]


async def test_the_example_is_refused_unchanged_and_accepted_once_filled_in(
    skipping: WorkflowEnvironment,
) -> None:
    async with a_payment(skipping, FakeAlipay(pay=[a_page()])) as payment:
        await payment.notify(amount=MORE)
        example = example_in(await payment.details())
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await payment.handle.execute_update("resolve", example)
        said = {**example, "by": "anna", "reason": "refunded in the portal"}
        await payment.handle.execute_update("resolve", said)
        result = await payment.handle.result()
    assert "by: must say who decides" in str(refused.value.cause)
    assert result.outcome is PaymentOutcome.CANCELLED


async def test_the_example_confirms_the_proposal(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    async with a_payment(skipping, alipay, second_person_above=1) as payment:
        await payment.notify(amount=MORE)
        await payment.resolve(PaymentOutcome.PAID, by="anna")
        details = await payment.details()
        said = {**example_in(details), "by": "berta", "reason": "so do I"}
        await payment.handle.execute_update("resolve", said)
        result = await payment.handle.result()
    assert '`"replaces": "PAID"`' in details
    assert result.outcome is PaymentOutcome.PAID


async def test_the_example_of_a_cancel_closes_the_payment(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[an_inquiry("PROCESSING"), an_inquiry("CANCELLED")],
        cancels=[a_cancel()],
    )
    async with a_payment(skipping, alipay) as payment:
        example = example_in(await payment.details())
        said = {**example, "by": "anna", "reason": "sold out"}
        await payment.handle.execute_update("cancel", said)
        result = await payment.handle.result()
    assert result.outcome is PaymentOutcome.CANCELLED


async def test_a_payment_paid_or_under_review_is_not_called_payable(
    skipping: WorkflowEnvironment,
) -> None:
    async with a_payment(skipping, FakeAlipay(pay=[a_page()])) as payment:
        waiting = await payment.details()
        await payment.notify(amount=MORE)
        reviewed = await payment.details()
        await payment.resolve(PaymentOutcome.PAID)
        await payment.handle.result()
        paid = await payment.details()
    assert "it can be paid until" in waiting
    assert "be paid until" not in reviewed
    assert "be paid until" not in paid


async def test_a_notification_that_says_nothing_is_not_shown_as_the_last_one(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("PROCESSING")])
    async with a_payment(skipping, alipay) as payment:
        hint = PaymentNotified(payment_request_id=f"{payment.order.order_id}_1")
        await payment.handle.signal("payment_notified", hint)
        await payment.handle.execute_update("check_now")
        hinted = await payment.details()
        await payment.notify(amount=MORE)
        notified = await payment.details()
        await payment.resolve(PaymentOutcome.CANCELLED)
    assert "Alipay's last answer" in hinted
    assert "Alipay's last notification" not in hinted
    assert "Alipay's last notification" in notified


async def test_the_taken_amount_is_at_risk_and_not_the_price(
    skipping: WorkflowEnvironment,
) -> None:
    async with a_payment(skipping, FakeAlipay(pay=[a_page()])) as payment:
        await payment.notify(amount=MORE)
        reviewed = await at_risk(payment)
        await payment.resolve(PaymentOutcome.CANCELLED)
        await payment.handle.result()
        ended = await at_risk(payment)
    assert reviewed == MoneyAtRisk(taken=(MORE,))
    assert ended == MoneyAtRisk()


async def test_where_alipay_does_not_answer_at_most_the_price_is_at_risk(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[NO_VERDICT, a_page()], inquiries=[NO_VERDICT])
    async with a_payment(skipping, alipay, opened=False) as payment:
        await payment.start()
        await payment.until_listed("ON_COURSE", "NO_VERDICT")
        unknown = await at_risk(payment)
        alipay.answers_inquiries(an_inquiry("SUCCESS"))
        await payment.result()
    assert unknown == MoneyAtRisk(at_most=(PRICE,))
