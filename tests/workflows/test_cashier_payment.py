"""The payment's paths, in skipped time: what is asked of Alipay, and how it ends."""

from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

from contracts import CancelWish, PaymentOutcome, PaymentStatus
from tests.builders import (
    a_cancel,
    a_notification,
    a_page,
    a_refusal,
    an_inquiry,
    an_order,
)
from tests.fakes import NO_VERDICT, FakeAlipay
from tests.workflows.running import a_worker, ask_for_page, start
from workflows.cashier_payment import CashierPayment


async def test_a_notified_payment_is_paid_without_asking(
    skipping: WorkflowEnvironment,
) -> None:
    alipay, order = FakeAlipay(pay=[a_page()]), an_order()
    async with a_worker(skipping.client, alipay) as queue:
        with skipping.with_time_skipping_disabled():
            opened = await ask_for_page(skipping.client, order, queue)
        payment = skipping.client.get_workflow_handle_for(
            CashierPayment.run, f"payment:{order.order_id}"
        )
        await payment.signal(CashierPayment.payment_notified, a_notification(order))
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
    async with a_worker(skipping.client, alipay) as queue:
        result = await (await start(skipping.client, an_order(), queue)).result()
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
    async with a_worker(skipping.client, alipay) as queue:
        payment = await start(skipping.client, an_order(), queue)
        result = await payment.result()
    assert result.outcome is PaymentOutcome.EXPIRED
    assert alipay.calls == ["pay", "inquire", "cancel", "inquire"]
    assert result.closed_at is not None
    assert result.started_at is not None
    assert result.closed_at - result.started_at >= timedelta(minutes=14)
