"""How the payment of an order stands, as late money is told it by Temporal."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment

from activities.order_payments import OrderActivities
from contracts import (
    PaymentFound,
    PaymentLookup,
    PaymentOutcome,
    PaymentState,
    workflow_id,
)
from tests.builders import a_page, an_inquiry, an_order
from tests.fakes import NO_VERDICT, FakeAlipay
from tests.workflows.running import RunningPayment, a_payment
from workflows.cashier_payment import CashierPayment


@pytest.fixture
async def payment(skipping: WorkflowEnvironment) -> AsyncIterator[RunningPayment]:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("FAIL")])
    async with a_payment(skipping, alipay) as running:
        yield running


async def found(env: WorkflowEnvironment, order_id: str) -> PaymentFound:
    orders = OrderActivities(env.client)
    return await ActivityEnvironment().run(
        orders.find_payment, PaymentLookup(order_id=order_id)
    )


async def test_an_open_payment_names_its_attempts_and_pays_nothing_yet(
    skipping: WorkflowEnvironment, payment: RunningPayment
) -> None:
    order_id = payment.order.order_id
    # Heard of, but not its own: an attempt of another run.
    await payment.notify(payment_request_id=f"{order_id}_7", result_status="F")
    seen = await found(skipping, order_id)
    await payment.notify()
    await payment.handle.result()
    assert seen == PaymentFound(state=PaymentState.OPEN, attempts=(f"{order_id}_1",))


async def test_a_paid_payment_names_what_pays_its_order(
    skipping: WorkflowEnvironment, payment: RunningPayment
) -> None:
    order_id = payment.order.order_id
    await payment.notify()
    await payment.handle.result()
    seen = await found(skipping, order_id)
    assert (seen.state, seen.outcome) == (PaymentState.CLOSED, PaymentOutcome.PAID)
    assert seen.paid == (f"{order_id}_1",)


async def test_a_payment_that_ended_unpaid_is_paid_by_nothing(
    skipping: WorkflowEnvironment, payment: RunningPayment
) -> None:
    await payment.result()
    seen = await found(skipping, payment.order.order_id)
    assert (seen.state, seen.outcome) == (PaymentState.CLOSED, PaymentOutcome.EXPIRED)
    assert seen.paid == ()


async def test_money_of_a_payment_that_a_person_called_paid_is_not_late(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[NO_VERDICT])
    async with a_payment(skipping, alipay) as payment:
        await payment.notify(result_status="F")
        while (await payment.listed())[1] is None:
            pass
        await payment.resolve(PaymentOutcome.PAID)
    seen = await found(skipping, payment.order.order_id)
    assert seen.paid == (f"{payment.order.order_id}_1",)


async def test_a_stopped_payment_has_no_outcome(
    skipping: WorkflowEnvironment, payment: RunningPayment
) -> None:
    await payment.handle.terminate()
    seen = await found(skipping, payment.order.order_id)
    assert seen == PaymentFound(state=PaymentState.STOPPED)


async def test_an_order_without_a_payment_is_unknown(
    skipping: WorkflowEnvironment,
) -> None:
    seen = await found(skipping, f"never-{uuid4().hex}")
    assert seen == PaymentFound(state=PaymentState.UNKNOWN)


async def test_a_payment_that_no_worker_serves_does_not_answer(
    skipping: WorkflowEnvironment,
) -> None:
    order = an_order()
    handle = await skipping.client.start_workflow(
        CashierPayment.run,
        order,
        id=workflow_id(order.order_id),
        task_queue=f"nobody-{uuid4().hex}",
    )
    with pytest.raises(ApplicationError, match="does not answer"):
        await found(skipping, order.order_id)
    await handle.terminate()
