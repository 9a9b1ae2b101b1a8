"""Every wait needs attention after a stated time, and a person can end it.

Waits of late money are in test_late_payment.py, of callbacks in
test_notifying_the_shop.py; the bounds of histories in test_long_runs.py.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateStage
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from contracts import Money, PaymentOutcome
from tests.builders import a_cancel, a_page, an_inquiry
from tests.fakes import NO_VERDICT, FakeAlipay
from tests.workflows.running import RunningPayment, a_payment
from visibility import NeedsAttention

ACCEPTED = WorkflowUpdateStage.ACCEPTED
Deed = Callable[[RunningPayment], Awaitable[object]]


async def nothing(payment: RunningPayment) -> None:
    """No message and no call."""


async def hint(payment: RunningPayment) -> None:
    await payment.notify(result_status="F")


async def a_requested_cancel(payment: RunningPayment) -> None:
    await payment.ask_for_page()
    await payment.handle.start_update("cancel", {"by": "shop"}, wait_for_stage=ACCEPTED)


async def other_money(payment: RunningPayment) -> None:
    await payment.notify(amount=Money(currency="PHP", value=1))


async def its_expiry(payment: RunningPayment) -> None:
    await payment.leap(timedelta(minutes=25))


WAITS: dict[str, tuple[FakeAlipay, Deed, NeedsAttention]] = {
    "pay has no verdict": (
        FakeAlipay(pay=[NO_VERDICT], inquiries=[NO_VERDICT]),
        nothing,
        NeedsAttention.NO_VERDICT,
    ),
    "an inquiry has no verdict": (
        FakeAlipay(pay=[a_page()], inquiries=[NO_VERDICT]),
        hint,
        NeedsAttention.NO_VERDICT,
    ),
    "a cancel has no verdict": (
        FakeAlipay(
            pay=[a_page()], inquiries=[an_inquiry("PROCESSING")], cancels=[NO_VERDICT]
        ),
        a_requested_cancel,
        NeedsAttention.NO_VERDICT,
    ),
    "Alipay never ends it": (
        FakeAlipay(
            pay=[a_page()],
            inquiries=[an_inquiry("PROCESSING")],
            cancels=[a_cancel("NOT_ALLOWED")],
        ),
        its_expiry,
        NeedsAttention.OVERDUE,
    ),
    "the money is in doubt": (
        FakeAlipay(pay=[a_page()]),
        other_money,
        NeedsAttention.REVIEW,
    ),
}


@pytest.mark.parametrize("wait", WAITS)
async def test_a_person_can_end_a_payment_that_needs_attention(
    skipping: WorkflowEnvironment, wait: str
) -> None:
    alipay, deed, attention = WAITS[wait]
    async with a_payment(
        skipping, alipay, opened=False, second_person_above=1
    ) as payment:
        await payment.start()
        await deed(payment)
        while (await payment.listed())[1] != attention:
            pass
        proposed = await payment.resolve(PaymentOutcome.EXPIRED, by="anna")
        await payment.resolve(PaymentOutcome.EXPIRED, by="berta")
        result = await payment.result()
    assert proposed.outcome is None
    assert result.outcome is PaymentOutcome.EXPIRED
    assert result.resolved is not None
    assert (result.resolved.by, result.resolved.confirmed_by) == ("anna", "berta")


async def test_a_payment_that_a_person_calls_paid_keeps_its_money_when_it_comes(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[NO_VERDICT])
    async with a_payment(skipping, alipay) as payment:
        await payment.notify(result_status="F")
        while (await payment.listed())[1] != NeedsAttention.NO_VERDICT:
            pass
        result = await payment.resolve(PaymentOutcome.PAID)
    # Late money of this attempt pays the order, and is no second charge.
    assert [one.is_paid for one in result.attempts] == [True]


async def test_a_payment_that_only_waits_for_its_customer_cannot_be_resolved(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("CANCELLED")])
    async with a_payment(skipping, alipay) as payment:
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await payment.resolve(PaymentOutcome.EXPIRED)
        await payment.result()
    assert "only a payment that needs attention" in str(refused.value.cause)


async def test_money_that_is_proven_while_a_person_decides_is_not_called_unpaid(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[NO_VERDICT])
    async with a_payment(skipping, alipay) as payment:
        await payment.notify(result_status="F")
        while (await payment.listed())[1] != NeedsAttention.NO_VERDICT:
            pass

        async def a_person_decides_meanwhile() -> None:
            await payment.handle.start_update(
                "resolve",
                {"outcome": "EXPIRED", "reason": "not in the portal", "by": "op"},
                wait_for_stage=ACCEPTED,
            )

        alipay.before_inquiry_answers = a_person_decides_meanwhile
        alipay.answers_inquiries(an_inquiry("SUCCESS"))
        result = await payment.result()
    assert result.outcome is PaymentOutcome.PAID
    assert [one.is_paid for one in result.attempts] == [True]


async def test_a_person_who_says_paid_means_the_attempt_that_alipay_reported(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[NO_VERDICT])
    async with a_payment(skipping, alipay, first_attempt=2) as payment:
        await payment.notify(payment_id="earlier")
        await payment.notify(
            payment_request_id=f"{payment.order.order_id}_2", result_status="F"
        )
        while (await payment.listed())[1] != NeedsAttention.NO_VERDICT:
            pass
        result = await payment.resolve(PaymentOutcome.PAID)
        late = skipping.client.get_workflow_handle(
            f"late-payment:{payment.order.order_id}_1"
        )
        with pytest.raises(RPCError):
            await late.describe()
    assert result.outcome is PaymentOutcome.PAID
    # The earlier attempt was reported paid: its money pays the order.
    assert [one.is_paid for one in result.attempts] == [True, False]
