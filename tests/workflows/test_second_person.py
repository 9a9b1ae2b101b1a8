"""Above an amount one person proposes how a payment is settled, another confirms."""

from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from contracts import (
    LateOutcome,
    LatePaymentView,
    LateResolution,
    Money,
    PaymentOutcome,
    PaymentStatus,
    late_payment_id,
)
from tests.builders import a_late_payment, a_page, an_inquiry, an_order
from tests.fakes import FakeAlipay
from tests.workflows.running import RunningPayment, a_payment, a_worker
from workflows.late_payment import LatePayment

PAID, CANCELLED = PaymentOutcome.PAID, PaymentOutcome.CANCELLED


async def under_review(payment: RunningPayment, value: int = 100) -> None:
    await payment.notify(amount=Money(currency="PHP", value=value))
    assert (await payment.view()).status is PaymentStatus.REVIEW


async def refusal_of(resolving: Any) -> ApplicationError:
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await resolving
    assert isinstance(refused.value.cause, ApplicationError)
    return refused.value.cause


async def test_below_the_amount_one_person_is_enough(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    async with a_payment(skipping, alipay, second_person_above=131400) as payment:
        await under_review(payment)
        view = await payment.resolve(CANCELLED, by="anna")
    assert view.outcome is CANCELLED
    assert view.resolved is not None
    assert view.resolved.confirmed_by is None


async def test_above_the_amount_a_second_person_must_say_the_same(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    async with a_payment(skipping, alipay, second_person_above=131399) as payment:
        await under_review(payment)
        proposed = await payment.resolve(PAID, by="anna", reason="seen in the report")
        details = await payment.details()
        settled = await payment.resolve(PAID, by="berta", reason="so do I")
    assert proposed.outcome is None
    assert proposed.status is PaymentStatus.REVIEW
    assert proposed.proposed is not None
    assert proposed.proposed.by == "anna"
    assert "**Proposed:** PAID, by anna" in details
    assert settled.outcome is PAID
    assert settled.resolved is not None
    assert settled.resolved.by == "anna"
    assert settled.resolved.reason == "seen in the report"
    assert settled.resolved.confirmed_by == "berta"


async def test_the_second_person_is_another_one(skipping: WorkflowEnvironment) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    async with a_payment(skipping, alipay, second_person_above=1) as payment:
        await under_review(payment)
        await payment.resolve(PAID, by="Anna Lim")
        refused = await refusal_of(payment.resolve(PAID, by=" anna  lim "))
        still = await payment.view()
        await payment.resolve(PAID, by="berta")
    assert refused.type == "SECOND_PERSON_NEEDED"
    assert "this person has proposed PAID already" in refused.message
    assert still.status is PaymentStatus.REVIEW


async def test_another_outcome_does_not_silently_replace_the_one_proposed(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    async with a_payment(skipping, alipay, second_person_above=1) as payment:
        await under_review(payment)
        await payment.resolve(PAID, by="anna")
        refused = await refusal_of(payment.resolve(CANCELLED, by="berta"))
        still = await payment.view()
        await payment.resolve(PAID, by="berta")
    assert refused.type == "PROPOSED_OTHERWISE"
    assert '"replaces": "PAID"' in refused.message
    assert still.proposed is not None
    assert (still.proposed.outcome, still.proposed.by) == ("PAID", "anna")


async def test_a_proposal_is_replaced_only_if_it_is_named(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    async with a_payment(skipping, alipay, second_person_above=1) as payment:
        await under_review(payment)
        await payment.resolve(PAID, by="anna")
        view = await payment.resolve(CANCELLED, by="berta", replaces="PAID")
        settled = await payment.resolve(CANCELLED, by="anna")
    assert view.outcome is None
    assert view.proposed is not None
    assert (view.proposed.outcome, view.proposed.by) == ("CANCELLED", "berta")
    assert settled.outcome is CANCELLED


async def test_a_proposal_about_an_earlier_doubt_confirms_nothing(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("SUCCESS")])
    async with a_payment(skipping, alipay, second_person_above=1) as payment:
        await under_review(payment)
        before = await payment.resolve(PAID, by="anna")
        # The inquiry comes first in a doubt: another payment id.
        alipay.answers_inquiries(an_inquiry("SUCCESS", payment_id="another"))
        await payment.check_now()
        after = await payment.resolve(PAID, by="berta")
        await payment.resolve(PAID, by="anna")
    assert before.review != after.review
    assert after.outcome is None
    assert after.proposed is not None
    assert after.proposed.by == "berta"


async def test_more_money_than_ordered_counts_for_the_amount(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    async with a_payment(skipping, alipay, second_person_above=200000) as payment:
        await under_review(payment, value=200001)
        proposed = await payment.resolve(CANCELLED, by="anna")
        await payment.resolve(CANCELLED, by="berta")
    assert proposed.outcome is None


async def test_late_money_above_the_amount_needs_a_second_person_too(
    skipping: WorkflowEnvironment,
) -> None:
    order = an_order()
    late = a_late_payment(
        order, amount=Money(currency="PHP", value=5), second_person_above=5
    )
    # More was paid than ordered: 131400, which is above the amount.
    alipay = FakeAlipay(inquiries=[an_inquiry("SUCCESS")])

    async with a_worker(skipping.client, alipay) as task_queue:
        with skipping.with_time_skipping_disabled():
            handle = await skipping.client.start_workflow(
                LatePayment.run,
                late,
                id=late_payment_id(late.payment_request_id),
                task_queue=task_queue,
            )

        async def resolve(
            by: str, outcome: LateOutcome = LateOutcome.REFUNDED
        ) -> LatePaymentView:
            return await handle.execute_update(
                LatePayment.resolve,  # type: ignore[arg-type]
                LateResolution(outcome=outcome, reason="by hand", by=by),
            )

        while (await handle.query(LatePayment.view)).review is None:
            pass  # its first inquiry is under way
        proposed = await resolve("anna")
        refused = await refusal_of(resolve("ANNA"))
        otherwise = await refusal_of(resolve("berta", LateOutcome.HONOURED))
        settled = await resolve("berta")
        await handle.result()
    assert proposed.outcome is None
    assert proposed.proposed is not None
    assert refused.type == "SECOND_PERSON_NEEDED"
    assert otherwise.type == "PROPOSED_OTHERWISE"
    assert settled.outcome is LateOutcome.REFUNDED
    assert settled.resolved is not None
    assert settled.resolved.confirmed_by == "berta"
