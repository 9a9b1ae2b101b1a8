"""Tasks that a customer waits for go before all others."""

from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from contracts import PaymentView
from tests.builders import a_cancel, a_page, an_inquiry
from tests.fakes import FakeAlipay
from tests.workflows.running import a_payment
from workflows.cashier_payment import CashierPayment

FIRST, USUAL, LAST = 1, 0, 5


async def priorities(
    handle: WorkflowHandle[CashierPayment, PaymentView],
) -> list[tuple[str, int]]:
    """Return each activity with the priority that the server was given."""
    scheduled = [
        event.activity_task_scheduled_event_attributes
        for event in (await handle.fetch_history()).events
        if event.HasField("activity_task_scheduled_event_attributes")
    ]
    return [
        (one.activity_type.name, one.priority.priority_key)
        for one in scheduled
        if one.activity_type.name != "whom_to_trust"
    ]


async def test_a_page_goes_first_and_inquiries_after_the_expiry_last(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[an_inquiry("PROCESSING")],
        cancels=[a_cancel()],
    )
    async with a_payment(skipping, alipay) as payment:
        await payment.check_now()
        alipay.answers_inquiries(an_inquiry("PROCESSING"), an_inquiry("CANCELLED"))
        await payment.result()
        assert await priorities(payment.handle) == [
            ("pay", FIRST),
            ("inquire_payment", USUAL),
            ("inquire_payment", LAST),
            ("cancel_payment", LAST),
            ("inquire_payment", LAST),
        ]


async def test_a_customer_who_takes_another_wallet_does_not_go_last(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[an_inquiry("PROCESSING"), an_inquiry("CANCELLED")],
        cancels=[a_cancel()],
    )
    async with a_payment(skipping, alipay) as payment:
        await payment.ask_for_page(call_id="second", wallet="TNG")
        assert {
            priority
            for name, priority in await priorities(payment.handle)
            if name != "pay"
        } == {USUAL}


async def test_late_money_and_callbacks_of_a_shop_that_is_down_go_last(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()], inquiries=[an_inquiry("SUCCESS")], cancels=[a_cancel()]
    )
    alipay.shop_is_away = True
    async with a_payment(skipping, alipay, tells_shop=True) as payment:
        await payment.notify(payment_id="earlier")
        await payment.notify()
        await payment.result()
        started = [
            event.start_child_workflow_execution_initiated_event_attributes
            for event in (await payment.handle.fetch_history()).events
            if event.HasField(
                "start_child_workflow_execution_initiated_event_attributes"
            )
        ]
        assert started
        assert {one.priority.priority_key for one in started} == {LAST}
