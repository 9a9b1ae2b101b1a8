"""No malformed signal or update, and no button of the UI, stops or loses a payment."""

from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment

from contracts import (
    CallbackInput,
    CallbackOutcome,
    CallbackSettlement,
    CallbackView,
    LateOutcome,
    LatePaymentView,
    Money,
    PageWish,
    PaymentOutcome,
    callbacks_id,
    late_payment_id,
    payment_request_id,
)
from tests.builders import (
    a_cancel,
    a_late_payment,
    a_notification,
    a_page,
    an_event,
    an_inquiry,
    an_order,
)
from tests.fakes import FakeAlipay
from tests.workflows.running import RunningPayment, a_payment, a_worker
from workflows.callback import Callback
from workflows.late_payment import LatePayment

SHAPES: list[list[Any]] = [[], [None], ["text"], [{}, {}], [[]], [{"amount": "much"}]]


@pytest.mark.parametrize("args", SHAPES, ids=str)
async def test_a_signal_of_any_shape_leaves_the_payment_payable(
    skipping: WorkflowEnvironment, args: list[Any]
) -> None:
    async with a_payment(skipping, FakeAlipay(pay=[a_page()])) as payment:
        await payment.handle.signal("payment_notified", args=args)
        await payment.notify()
        result = await payment.handle.result()
    assert result.outcome is PaymentOutcome.PAID


@pytest.mark.parametrize(
    "received_at", ["2026-11-24T10:02:41", "0001-01-01T00:00:00+14:00"]
)
async def test_a_success_that_was_received_at_any_time_ends_the_payment(
    skipping: WorkflowEnvironment, received_at: str
) -> None:
    async with a_payment(skipping, FakeAlipay(pay=[a_page()])) as payment:
        success = a_notification(payment.order).model_dump(mode="json")
        sent = {**success, "received_at": received_at}
        await payment.handle.signal("payment_notified", sent)
        result = await payment.handle.result()
    assert result.outcome is PaymentOutcome.PAID


@pytest.mark.parametrize("update", ["cancel", "resolve", "cashier_page"])
@pytest.mark.parametrize("args", [[], [None], ["text"], [{}, {}]], ids=str)
async def test_an_update_of_any_shape_leaves_the_payment_payable(
    skipping: WorkflowEnvironment, update: str, args: list[Any]
) -> None:
    async with a_payment(skipping, FakeAlipay(pay=[a_page()])) as payment:
        with pytest.raises(WorkflowUpdateFailedError):
            await payment.handle.execute_update(update, args=args)
        await payment.notify()
        result = await payment.handle.result()
    assert result.outcome is PaymentOutcome.PAID


@pytest.mark.parametrize("wallet", ["", "A" * 65], ids=len)
async def test_an_invalid_wallet_leaves_the_payment_payable(
    skipping: WorkflowEnvironment, wallet: str
) -> None:
    async with a_payment(skipping, FakeAlipay(pay=[a_page()])) as payment:
        request = PageWish(amount=payment.order.amount, wallet=wallet, call_id="one")
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await payment.handle.execute_update("cashier_page", request)
        await payment.notify()
        result = await payment.handle.result()
    assert "wallet: Alipay's code has 1 to 64 characters" in str(refused.value.cause)
    assert result.outcome is PaymentOutcome.PAID


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"outcome": "PAID", "by": "anna"}, "reason: must say why"),
        ({"outcome": "PAID", "reason": "seen"}, "by: must say who decides"),
        ({"reason": "seen", "by": "anna"}, "outcome: must be one of PAID"),
        ({"outcome": "GONE", "reason": "x", "by": "anna"}, "outcome: must be one of"),
        (
            {"outcome": "PAID", "reason": "x", "by": "anna\N{ZERO WIDTH SPACE}"},
            "by: must hold printable characters only",
        ),
        ({"outcome": "PAID", "reason": "x", "by": "a" * 65}, "by: has at most 64"),
    ],
)
async def test_an_invalid_resolution_is_rejected_with_an_explanation(
    skipping: WorkflowEnvironment, said: dict[str, str], why: str
) -> None:
    async with a_payment(skipping, FakeAlipay(pay=[a_page()])) as payment:
        await payment.notify(amount=Money(currency="PHP", value=1))
        await payment.view()
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await payment.handle.execute_update("resolve", said)
        await payment.resolve(PaymentOutcome.CANCELLED)
    assert why in str(refused.value.cause)


async def test_full_width_letters_make_no_second_person(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    async with a_payment(skipping, alipay, second_person_above=1) as payment:
        await payment.notify(amount=Money(currency="PHP", value=1))
        await payment.view()
        await payment.resolve(PaymentOutcome.PAID, by="anna")
        wide = "".join(chr(ord(letter) + 0xFEE0) for letter in "anna")
        with pytest.raises(WorkflowUpdateFailedError):
            await payment.resolve(PaymentOutcome.PAID, by=wide)
        await payment.resolve(PaymentOutcome.PAID, by="berta")


async def test_the_first_of_two_decisions_stays_on_record(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    async with a_payment(skipping, alipay, tells_shop=True) as payment:
        refusals: list[str] = []

        async def another_decides() -> None:
            if alipay.shop_events[-1].type == "payment.review":
                return
            with pytest.raises(WorkflowUpdateFailedError) as refused:
                await payment.resolve(PaymentOutcome.CANCELLED, by="bob")
            refusals.append(str(refused.value.cause))

        alipay.before_shop_answers = another_decides
        await payment.notify(amount=Money(currency="PHP", value=1))
        await payment.view()
        await payment.resolve(PaymentOutcome.PAID, by="anna")
        result = await payment.handle.result()
    assert result.outcome is PaymentOutcome.PAID
    assert result.resolved is not None
    assert result.resolved.by == "anna"
    assert result.resolved.by == "anna"
    assert "settled already: PAID" in refusals[0]


async def late_of(
    env: WorkflowEnvironment, payment: RunningPayment, attempt: int
) -> LatePaymentView:
    name = payment_request_id(payment.order.order_id, attempt)
    handle: WorkflowHandle[LatePayment, LatePaymentView] = (
        env.client.get_workflow_handle(
            late_payment_id(name), result_type=LatePaymentView
        )
    )
    return await handle.result()


async def test_a_success_while_the_shop_is_notified_of_the_end_is_not_lost(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[an_inquiry("FAIL"), an_inquiry("SUCCESS")],
        cancels=[a_cancel()],
    )
    async with a_payment(skipping, alipay, tells_shop=True) as payment:

        async def paid_after_all() -> None:
            alipay.before_shop_answers = None
            await payment.notify()

        alipay.before_shop_answers = paid_after_all
        await payment.notify(result_status="F")
        result = await payment.result()
        late = await late_of(skipping, payment, 1)
    assert result.outcome is PaymentOutcome.DECLINED
    assert late.outcome is LateOutcome.RETURNED


async def test_a_second_success_while_the_first_is_notified_goes_back(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()], inquiries=[an_inquiry("SUCCESS")], cancels=[a_cancel()]
    )
    async with a_payment(
        skipping, alipay, tells_shop=True, first_attempt=2, late_money="HONOUR"
    ) as payment:
        earlier = a_notification(payment.order)

        async def the_earlier_one_too() -> None:
            alipay.before_shop_answers = None
            await payment.handle.signal("payment_notified", earlier)

        alipay.before_shop_answers = the_earlier_one_too
        await payment.notify(payment_request_id=f"{payment.order.order_id}_2")
        result = await payment.handle.result()
        late = await late_of(skipping, payment, 1)
    assert result.outcome is PaymentOutcome.PAID
    assert late.outcome is LateOutcome.RETURNED


async def test_a_cancelled_callback_is_delivered_all_the_same(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    alipay.shop_is_away = True
    async with a_payment(skipping, alipay, tells_shop=True) as payment:
        await payment.notify()
        await payment.handle.result()
        callback = skipping.client.get_workflow_handle(
            callbacks_id(payment.order.order_id), result_type=CallbackView
        )
        await callback.cancel()
        assert (await callback.query(Callback.view)).outcome is None
        alipay.shop_is_away = False
        await callback.execute_update("resend")
        delivered = await callback.result()
    assert delivered.outcome is CallbackOutcome.DELIVERED


@pytest.mark.parametrize(
    "args",
    [
        *SHAPES,
        [{"event": an_event(order_id="another", id="another_1-paid")}],
        [{"event": an_event(occurred_at="2026-11-24T10:02:41")}],
    ],
    ids=str,
)
async def test_a_signal_of_any_shape_leaves_callbacks_deliverable(
    skipping: WorkflowEnvironment, args: list[Any]
) -> None:
    alipay = FakeAlipay()
    alipay.shop_is_away = True
    callback = CallbackInput.model_validate({"event": an_event()})
    async with a_worker(skipping.client, alipay) as task_queue:
        with skipping.with_time_skipping_disabled():
            queue = await skipping.client.start_workflow(
                Callback.run,
                callback,
                id=callbacks_id(f"misuse-{uuid4().hex}"),
                task_queue=task_queue,
            )
            await queue.signal("also_tell", args=args)
            await queue.query(Callback.view)
            said = CallbackSettlement(reason="by phone", by="anna")
            await queue.execute_update("settle", said)
            result = await queue.result()
    assert result.outcome is CallbackOutcome.SETTLED
    assert (result.waiting, result.ended) == ((), ())


async def test_cancelled_late_money_is_dealt_with_all_the_same(
    skipping: WorkflowEnvironment,
) -> None:
    order = an_order()
    late = a_late_payment(order)
    alipay = FakeAlipay(inquiries=[an_inquiry("SUCCESS")], cancels=[a_cancel()])
    async with a_worker(skipping.client, alipay) as task_queue:
        handle = await skipping.client.start_workflow(
            LatePayment.run,
            late,
            id=late_payment_id(late.payment_request_id),
            task_queue=task_queue,
        )
        await handle.cancel()
        result = await handle.result()
    assert result.outcome is LateOutcome.RETURNED
