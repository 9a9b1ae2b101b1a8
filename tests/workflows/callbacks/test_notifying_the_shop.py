"""The shop is notified of every outcome, however long it is down."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment

from contracts import (
    CallbackOutcome,
    CallbackSettlement,
    CallbackView,
    LateMoneyPolicy,
    LateOutcome,
    PaymentOutcome,
    callbacks_id,
    late_payment_id,
)
from tests.builders import (
    a_cancel,
    a_late_payment,
    a_page,
    a_refusal,
    an_inquiry,
    an_order,
)
from tests.fakes import FakeAlipay
from tests.workflows.running import RunningPayment, a_payment, a_worker
from visibility import NEEDS_ATTENTION, ORDER_ID, PAYMENT_STATUS
from workflows.callback import Callback
from workflows.late_payment import LatePayment


def callback_of(
    env: WorkflowEnvironment, payment: RunningPayment
) -> WorkflowHandle[Callback, CallbackView]:
    name = callbacks_id(payment.order.order_id)
    return env.client.get_workflow_handle_for(Callback.run, name)


@asynccontextmanager
async def a_callback_that_is_not_accepted(
    env: WorkflowEnvironment,
) -> AsyncIterator[tuple[WorkflowHandle[Callback, CallbackView], FakeAlipay]]:
    """A paid payment, and its queue of callbacks while the shop is down."""
    alipay = FakeAlipay(pay=[a_page()])
    alipay.shop_is_away = True
    async with a_payment(env, alipay, tells_shop=True) as payment:
        await payment.notify()
        assert (await payment.handle.result()).outcome is PaymentOutcome.PAID
        yield callback_of(env, payment), alipay


async def test_the_shop_is_notified_that_a_payment_is_paid(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    async with a_payment(skipping, alipay, tells_shop=True) as payment:
        await payment.notify()
        result = await payment.handle.result()
    (event,) = alipay.shop_events
    assert result.outcome is PaymentOutcome.PAID
    assert event.type == "payment.paid"
    assert event.id == f"{payment.order.order_id}_1-paid"
    assert event.amount == payment.order.amount
    assert event.paid_at == result.paid_at
    assert event.payment_id == result.attempts[0].payment_id


async def test_the_shop_is_notified_of_a_refusal_with_its_code(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_refusal("RISK_REJECT")])
    async with a_payment(skipping, alipay, tells_shop=True) as payment:
        await payment.result()
    (event,) = alipay.shop_events
    assert (event.type, event.result_code) == ("payment.declined", "RISK_REJECT")


async def test_a_shop_that_wants_no_callbacks_gets_none(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    async with a_payment(skipping, alipay) as payment:
        await payment.notify()
        await payment.handle.result()
    assert alipay.shop_events == []


async def test_a_payment_ends_while_its_shop_is_down_and_is_notified_later(
    skipping: WorkflowEnvironment,
) -> None:
    async with a_callback_that_is_not_accepted(skipping) as (callback, alipay):
        undelivered = await callback.describe()
        await skipping.fast_forward(callback, timedelta(minutes=1))
        still = await callback.query(Callback.view)
        alipay.shop_is_away = False
        await skipping.fast_forward(callback)
        delivered = await callback.result()
        at_the_end = await callback.describe()
    attributes = undelivered.typed_search_attributes
    assert attributes.get(PAYMENT_STATUS) == "CALLBACK"
    assert attributes.get(NEEDS_ATTENTION) == "CALLBACK"
    assert attributes.get(ORDER_ID) == delivered.event.order_id
    assert still.outcome is None
    assert delivered.outcome is CallbackOutcome.DELIVERED
    assert at_the_end.typed_search_attributes.get(NEEDS_ATTENTION) is None
    # Each time the same event.
    assert 4 < len(alipay.shop_events) < 8
    assert len({event.id for event in alipay.shop_events}) == 1


async def test_an_operator_has_the_event_sent_at_once(
    skipping: WorkflowEnvironment,
) -> None:
    async with a_callback_that_is_not_accepted(skipping) as (callback, alipay):
        while (await callback.describe()).raw_description.pending_activities == []:
            pass
        alipay.shop_is_away = False
        await callback.execute_update("resend")
        delivered = await callback.result()
    assert delivered.outcome is CallbackOutcome.DELIVERED


async def test_an_operator_settles_a_callback_with_name_and_reason(
    skipping: WorkflowEnvironment,
) -> None:
    async with a_callback_that_is_not_accepted(skipping) as (callback, _):
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await callback.execute_update(
                "settle",
                CallbackSettlement(reason=" ", by="anna"),
            )
        await callback.execute_update(
            "settle",
            CallbackSettlement(reason="informed them by telephone", by="anna"),
        )
        settled = await callback.result()
    assert "reason: must say why" in str(refused.value.cause)
    assert settled.outcome is CallbackOutcome.SETTLED
    assert settled.resolved is not None
    assert settled.resolved.by == "anna"


async def test_a_cancellation_while_the_shop_is_notified_loses_nothing(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])

    async with a_payment(skipping, alipay, tells_shop=True) as payment:

        async def cancelled_meanwhile() -> None:
            await payment.handle.cancel()

        alipay.before_shop_answers = cancelled_meanwhile
        await payment.notify()
        result = await payment.handle.result()
    assert result.outcome is PaymentOutcome.PAID
    assert alipay.shop_events


async def test_the_shop_is_notified_how_late_money_ended(
    skipping: WorkflowEnvironment,
) -> None:
    order = an_order()
    for policy, inquiry, sent in (
        (LateMoneyPolicy.HONOUR, "SUCCESS", ["late_payment.honoured"]),
        (LateMoneyPolicy.REFUND, "SUCCESS", ["late_payment.returned"]),
        (LateMoneyPolicy.REFUND, "CANCELLED", []),
    ):
        alipay = FakeAlipay(inquiries=[an_inquiry(inquiry)], cancels=[a_cancel()])
        late = a_late_payment(order, policy=policy, tells_shop=True)
        async with a_worker(skipping.client, alipay) as task_queue:
            result = await skipping.client.execute_workflow(
                LatePayment.run,
                late,
                id=late_payment_id(late.payment_request_id),
                task_queue=task_queue,
            )
        assert [event.type for event in alipay.shop_events] == sent
        assert (result.outcome is LateOutcome.NOT_PAID) == (not sent)
