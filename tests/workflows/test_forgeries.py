"""Whoever may do anything in Temporal makes no order paid, and gives no money back.

What counts as proof is tested in tests/translation/test_proof.py; here, that workflows
rest on nothing else.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from temporalio.testing import WorkflowEnvironment

from contracts import (
    InquiryCall,
    LateOutcome,
    LatePaymentView,
    PayCall,
    PaymentOutcome,
    PaymentStatus,
    late_payment_id,
    workflow_id,
)
from tests.builders import (
    a_cancel,
    a_late_payment,
    a_notification,
    a_page,
    an_inquiry,
    an_order,
)
from tests.fakes import FakeAlipay, Odd
from tests.signing import Signer, signed_answer, signed_notification
from tests.workflows.running import a_payment, a_worker, play
from workflows.cashier_payment import CashierPayment
from workflows.late_payment import LatePayment
from workflows.payment.facts import Facts

STRANGER = Signer(rsa.generate_private_key(public_exponent=65537, key_size=2048))
UNPAID = an_inquiry("PROCESSING")
NOW = datetime.now(UTC)


@pytest.mark.parametrize("release", [3, 4])
async def test_a_forged_notification_makes_for_an_inquiry_and_no_more(
    skipping: WorkflowEnvironment, release: int
) -> None:
    """Also where whoever starts the payment asks for the rules of an older release."""
    alipay = FakeAlipay(pay=[a_page()], inquiries=[UNPAID])
    changes: dict[str, Any] = {"tells_shop": True, "release": release}
    async with a_payment(skipping, alipay, **changes) as payment:
        for forged in (
            a_notification(payment.order, evidence=None),
            signed_notification(a_notification(payment.order), STRANGER),
        ):
            await payment.handle.signal(CashierPayment.payment_notified, forged)
        view = await payment.check_now()
        assert view.outcome is None
        assert not any(one.is_paid for one in view.attempts)
        assert alipay.calls.count("inquire") >= 1
        assert alipay.shop_heard == []
        await payment.notify()
        result = await payment.handle.result()
    assert result.outcome is PaymentOutcome.PAID


def by_a_stranger(order_id: str, verdict: str) -> Any:
    """Return an answer as `temporal activity complete` could write it."""
    call = InquiryCall(payment_request_id=f"{order_id}_1")
    return signed_answer(call, an_inquiry(verdict), STRANGER)


@pytest.mark.parametrize("verdict", ["SUCCESS", "FAIL", "CANCELLED"])
async def test_a_forged_answer_ends_no_payment(
    skipping: WorkflowEnvironment, verdict: str
) -> None:
    order_id = f"forged-{uuid4().hex[:12]}"
    alipay = FakeAlipay(
        pay=[a_page()], inquiries=[by_a_stranger(order_id, verdict), UNPAID]
    )
    async with a_payment(skipping, alipay, order_id=order_id) as payment:
        await payment.handle.signal(
            CashierPayment.payment_notified,
            a_notification(payment.order, evidence=None),
        )
        await payment.until_status(PaymentStatus.CHECKING)
        view = await payment.check_now()
        assert view.outcome is None
        assert not any(one.is_paid for one in view.attempts)
        await payment.notify()
        result = await payment.handle.result()
    assert result.outcome is PaymentOutcome.PAID


async def test_a_forged_page_is_shown_to_nobody(skipping: WorkflowEnvironment) -> None:
    order_id = f"forged-{uuid4().hex[:12]}"
    call = PayCall(order=an_order(), payment_request_id=f"{order_id}_1", wallet="GCASH")
    forged = signed_answer(call, a_page(), STRANGER)
    alipay = FakeAlipay(pay=[forged, a_page()], inquiries=[UNPAID])
    async with a_payment(skipping, alipay, order_id=order_id, opened=False) as payment:
        await payment.start()
        while alipay.calls.count("pay") < 1:
            view = await payment.view()
        assert view.attempts[-1].cashier is None
        await payment.leap(timedelta(minutes=1))
        view = await payment.view()
    assert view.attempts[-1].cashier is not None


ODD_RESULTS: Sequence[Any] = [None, "text", {}, [1, 2], {"verdict": "SPLENDID"}]


@pytest.mark.parametrize("result", ODD_RESULTS, ids=str)
async def test_a_result_of_any_shape_is_no_verdict(
    skipping: WorkflowEnvironment, result: Any
) -> None:
    """As `temporal activity complete --result null` leaves it."""
    alipay = FakeAlipay(pay=[a_page()], inquiries=[Odd(result), an_inquiry("SUCCESS")])
    view = await play(skipping, alipay)
    assert view.outcome is PaymentOutcome.PAID


async def test_facts_that_somebody_writes_into_the_input_prove_nothing(
    skipping: WorkflowEnvironment,
) -> None:
    order = an_order()
    facts = Facts.of(order, NOW)
    facts.hear(a_notification(order), NOW)
    assert facts.paid
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[UNPAID, an_inquiry("CANCELLED")],
        cancels=[a_cancel()],
    )
    for release in (3, 4):
        forged = facts.carried().model_copy(update={"release": release})
        async with a_worker(skipping.client, alipay) as task_queue:
            result = await skipping.client.execute_workflow(
                CashierPayment.run,
                forged,
                id=workflow_id(order.order_id),
                task_queue=task_queue,
            )
        assert result.outcome is PaymentOutcome.CANCELLED


async def test_a_forged_success_gives_no_money_back(
    skipping: WorkflowEnvironment,
) -> None:
    late = a_late_payment(an_order())
    call = InquiryCall(payment_request_id=late.payment_request_id)
    forged = signed_answer(call, an_inquiry("SUCCESS"), STRANGER)
    alipay = FakeAlipay(inquiries=[forged, an_inquiry("FAIL")])
    async with a_worker(skipping.client, alipay) as task_queue:
        result: LatePaymentView = await skipping.client.execute_workflow(
            LatePayment.run,
            late,
            id=late_payment_id(late.payment_request_id),
            task_queue=task_queue,
        )
    assert result.outcome is LateOutcome.NOT_PAID
    assert alipay.calls == ["inquire", "inquire"]
