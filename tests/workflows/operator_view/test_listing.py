"""The search attributes of payments: correct at any time, and rarely changed."""

from collections import Counter
from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

from contracts import Money, PaymentOutcome
from tests.builders import a_cancel, a_page, a_refusal, an_inquiry
from tests.fakes import NO_VERDICT, FakeAlipay
from tests.workflows.running import RunningPayment, a_payment
from visibility import AMOUNT_MINOR, CURRENCY, EXPIRES_AT, ORDER_ID, WALLET


async def upserts(payment: RunningPayment) -> int:
    history = await payment.handle.fetch_history()
    kinds = Counter(event.WhichOneof("attributes") for event in history.events)
    return kinds["upsert_workflow_search_attributes_event_attributes"]


async def test_a_payment_is_listed_with_what_operators_search_for(
    skipping: WorkflowEnvironment,
) -> None:
    async with a_payment(skipping, FakeAlipay(pay=[a_page()])) as payment:
        described = await payment.handle.describe()
        await payment.notify()
        await payment.handle.result()
    attributes = described.typed_search_attributes
    expires_at = attributes.get(EXPIRES_AT)
    assert attributes.get(ORDER_ID) == payment.order.order_id
    assert attributes.get(WALLET) == "GCASH"
    assert attributes.get(CURRENCY) == "PHP"
    assert attributes.get(AMOUNT_MINOR) == 131400
    assert expires_at is not None
    left = expires_at - described.start_time
    assert timedelta(minutes=13) < left <= timedelta(minutes=14, seconds=5)


async def test_a_payment_that_is_paid_as_usual_costs_no_change_of_the_list(
    skipping: WorkflowEnvironment,
) -> None:
    async with a_payment(skipping, FakeAlipay(pay=[a_page()])) as payment:
        while_open = await payment.listed()
        await payment.notify()
        result = await payment.handle.result()
        at_the_end = await payment.listed()
        changes = await upserts(payment)
        history = await payment.handle.fetch_history()
    assert while_open == at_the_end == ("ON_COURSE", None)
    assert result.outcome is PaymentOutcome.PAID
    assert changes == 0
    # Start, update, `pay`, timer and signal: only the necessary events.
    assert len(history.events) <= 19


async def test_every_outcome_but_paid_is_listed(
    skipping: WorkflowEnvironment,
) -> None:
    declined = FakeAlipay(pay=[a_refusal()])
    expired = FakeAlipay(
        pay=[a_page()],
        inquiries=[an_inquiry("PROCESSING"), an_inquiry("CANCELLED")],
        cancels=[a_cancel()],
    )
    for alipay, end in ((declined, "DECLINED"), (expired, "EXPIRED")):
        async with a_payment(skipping, alipay) as payment:
            await payment.result()
            assert await payment.listed() == (end, None)
            assert await upserts(payment) == 1


async def test_a_review_is_listed_until_it_is_resolved(
    skipping: WorkflowEnvironment,
) -> None:
    async with a_payment(skipping, FakeAlipay(pay=[a_page()])) as payment:
        await payment.notify(amount=Money(currency="PHP", value=1))
        await payment.view()
        under_review = await payment.listed()
        await payment.resolve(PaymentOutcome.PAID)
        await payment.result()
        resolved = await payment.listed()
    assert under_review == ("REVIEW", "REVIEW")
    assert resolved == ("PAID", None)


async def test_a_payment_that_alipay_does_not_answer_is_listed_until_it_does(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[NO_VERDICT, a_page()], inquiries=[NO_VERDICT])
    async with a_payment(skipping, alipay, opened=False) as payment:
        await payment.start()
        await payment.until_listed("ON_COURSE", "NO_VERDICT")
        details = await payment.details()
        alipay.answers_inquiries(an_inquiry("SUCCESS"))
        await payment.result()
        answered = await payment.listed()
    assert "Alipay does not answer" in details
    assert "Calls that ended without an answer" in details
    assert answered == ("ON_COURSE", None)


async def test_an_answer_to_another_question_does_not_close_an_open_one(
    skipping: WorkflowEnvironment,
) -> None:
    # Alipay does not answer `pay`, and says that it does not know the payment.
    alipay = FakeAlipay(
        pay=[NO_VERDICT, NO_VERDICT, a_page()],
        inquiries=[an_inquiry("NOT_EXIST"), an_inquiry("SUCCESS")],
    )
    async with a_payment(skipping, alipay, opened=False) as payment:
        await payment.start()
        await payment.until_listed("ON_COURSE", "NO_VERDICT")
        await payment.result()
        changes = await upserts(payment)
    assert changes == 2


async def test_a_payment_open_long_after_its_time_is_listed_as_overdue(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[*[an_inquiry("PROCESSING")] * 9, an_inquiry("SUCCESS")],
        cancels=[a_cancel("NOT_ALLOWED", "")],
    )
    async with a_payment(skipping, alipay) as payment:
        await payment.leap(timedelta(minutes=40))
        overdue = await payment.listed()
        details = await payment.details()
        await payment.result()
        ended = await payment.listed()
    assert overdue == ("ON_COURSE", "OVERDUE")
    assert "Its time to pay is long over" in details
    assert ended == ("ON_COURSE", None)


async def test_another_wallet_is_listed_with_its_own_time_to_pay(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[an_inquiry("PROCESSING"), an_inquiry("CANCELLED")],
        cancels=[a_cancel()],
    )
    async with a_payment(skipping, alipay) as payment:
        before = (await payment.handle.describe()).typed_search_attributes
        await payment.ask_for_page(call_id="second", wallet="TNG")
        after = (await payment.handle.describe()).typed_search_attributes
        await payment.notify(payment_request_id=f"{payment.order.order_id}_2")
        await payment.handle.result()
    first, second = before.get(EXPIRES_AT), after.get(EXPIRES_AT)
    assert after.get(WALLET) == "TNG"
    assert first is not None
    assert second != first


async def test_a_payment_that_was_begun_without_attributes_changes_none(
    skipping: WorkflowEnvironment,
) -> None:
    # Like all payments of the first release, whose histories must still replay.
    async with a_payment(
        skipping, FakeAlipay(pay=[a_refusal()]), opened=False
    ) as payment:
        await payment.start(listed=False)
        result = await payment.result()
        changes = await upserts(payment)
    assert result.outcome is PaymentOutcome.DECLINED
    assert changes == 0
