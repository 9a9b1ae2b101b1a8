"""Money that comes after the end: returned, refunded or honoured, never lost."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import (
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateStage,
)
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from api.payments.new_payment_page import listing_of_late_money
from cashier.demos.earlier_run import go_on_from_facts
from contracts import (
    LateCarried,
    LateMoneyPolicy,
    LateOutcome,
    LatePaymentView,
    LateResolution,
    Money,
    Order,
    PaymentFound,
    PaymentOutcome,
    PaymentState,
    RefundAnswer,
    RefundVerdict,
    late_payment_id,
    late_refund_id,
)
from tests.builders import (
    PAYMENT_ID,
    a_cancel,
    a_late_payment,
    a_notification,
    an_inquiry,
    an_order,
)
from tests.fakes import NO_VERDICT, FakeAlipay
from tests.workflows.running import a_worker
from visibility import EXPIRES_AT, NEEDS_ATTENTION
from workflows.late_payment import LatePayment

DONE = RefundAnswer(verdict=RefundVerdict.REFUNDED)
IN_PROCESS = RefundAnswer(verdict=RefundVerdict.IN_PROCESS)
REFUSED = RefundAnswer(
    verdict=RefundVerdict.REFUSED, result_code="REFUND_WINDOW_EXCEED"
)
TOO_LATE = a_cancel("REFUSED", "CANCEL_WINDOW_EXCEED")
Late = WorkflowHandle[LatePayment, LatePaymentView]


@asynccontextmanager
async def late_money(
    env: WorkflowEnvironment,
    alipay: FakeAlipay,
    policy: LateMoneyPolicy = LateMoneyPolicy.REFUND,
    order: Order | None = None,
    **changes: Any,
) -> AsyncIterator[Late]:
    order = order or an_order()
    late = a_late_payment(
        order, policy=policy, notification=a_notification(order), **changes
    )
    async with a_worker(env.client, alipay) as task_queue:
        name = late_payment_id(late.payment_request_id)
        listed = listing_of_late_money(late)
        if late.carried:
            await go_on_from_facts(
                env.client,
                "LatePayment",
                late,
                task_queue=task_queue,
                id=name,
                search_attributes=listed,
            )
        else:
            await env.client.start_workflow(
                LatePayment.run,
                late,
                id=name,
                task_queue=task_queue,
                search_attributes=listed,
            )
        yield env.client.get_workflow_handle_for(LatePayment.run, name)


@asynccontextmanager
async def waiting_money(
    env: WorkflowEnvironment, alipay: FakeAlipay, **changes: Any
) -> AsyncIterator[Late]:
    """Late money whose time is only skipped when the test says so."""
    with env.with_time_skipping_disabled():
        async with late_money(env, alipay, **changes) as late:
            yield late


async def end_of(env: WorkflowEnvironment, late: Late) -> LatePaymentView:
    """Skip all waits, up to the end."""
    with suppress(RPCError):  # it has ended just now
        await env.fast_forward(late)
    return await late.result()


async def outcome_of(
    env: WorkflowEnvironment,
    alipay: FakeAlipay,
    policy: LateMoneyPolicy = LateMoneyPolicy.REFUND,
) -> LateOutcome | None:
    async with late_money(env, alipay, policy) as late:
        return (await late.result()).outcome


async def test_late_money_is_returned_by_cancel_inside_the_window(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(inquiries=[an_inquiry("SUCCESS")], cancels=[a_cancel()])
    assert await outcome_of(skipping, alipay) is LateOutcome.RETURNED
    assert alipay.calls == ["inquire", "cancel"]


async def test_late_money_is_refunded_with_a_fixed_id_after_the_window(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        inquiries=[an_inquiry("SUCCESS")],
        cancels=[TOO_LATE],
        refunds=[NO_VERDICT, NO_VERDICT, DONE],
    )
    assert await outcome_of(skipping, alipay) is LateOutcome.REFUNDED
    assert alipay.calls == ["inquire", "cancel", "refund", "refund", "refund"]
    assert len({call.refund_request_id for call in alipay.refund_calls}) == 1
    assert alipay.refund_calls[0].refund_request_id.endswith("_1_late")
    assert alipay.refund_calls[0].payment_id == PAYMENT_ID


async def test_a_refund_in_process_is_never_sent_again(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        inquiries=[an_inquiry("SUCCESS")],
        cancels=[TOO_LATE],
        refunds=[IN_PROCESS],
        refund_inquiries=[NO_VERDICT, IN_PROCESS, IN_PROCESS, DONE],
    )
    assert await outcome_of(skipping, alipay) is LateOutcome.REFUNDED
    assert alipay.calls == ["inquire", "cancel", "refund", *["inquire refund"] * 4]


async def test_late_money_is_honoured_where_the_shop_wants_it(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(inquiries=[an_inquiry("SUCCESS")])
    outcome = await outcome_of(skipping, alipay, LateMoneyPolicy.HONOUR)
    assert outcome is LateOutcome.HONOURED
    assert alipay.calls == ["inquire"]


@pytest.mark.parametrize("verdict", ["CANCELLED", "FAIL"])
async def test_a_late_success_that_alipay_does_not_confirm_moves_nothing(
    skipping: WorkflowEnvironment, verdict: str
) -> None:
    alipay = FakeAlipay(
        inquiries=[NO_VERDICT, an_inquiry("PROCESSING"), an_inquiry(verdict)]
    )
    assert await outcome_of(skipping, alipay) is LateOutcome.NOT_PAID
    assert alipay.calls == ["inquire"] * 3


async def test_a_cancel_without_a_verdict_is_repeated_before_any_refund(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        inquiries=[an_inquiry("SUCCESS")], cancels=[NO_VERDICT, a_cancel()]
    )
    assert await outcome_of(skipping, alipay) is LateOutcome.RETURNED
    assert alipay.calls == ["inquire", "cancel", "cancel"]


async def test_an_impossible_refund_waits_for_a_person(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        inquiries=[an_inquiry("SUCCESS")], cancels=[TOO_LATE], refunds=[REFUSED]
    )
    async with late_money(skipping, alipay) as late:
        while (view := await late.query(LatePayment.view)).review is None:
            pass
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await resolve(late, by=" ")
        await resolve(late, by="op")
        result = await late.result()
    assert "REFUND_WINDOW_EXCEED" in view.review
    assert "PHP 1,314.00" in view.review
    assert "by: must say who" in str(refused.value.cause)
    assert result.outcome is LateOutcome.REFUNDED
    assert result.resolved is not None
    assert result.resolved.reason == "bank transfer"


async def test_late_money_of_another_amount_waits_for_a_person(
    skipping: WorkflowEnvironment,
) -> None:
    other = an_inquiry("SUCCESS", amount=Money(currency="PHP", value=1))
    async with late_money(skipping, FakeAlipay(inquiries=[other])) as late:
        while (view := await late.query(LatePayment.view)).review is None:
            pass
        await resolve(late, by="op")
        await late.result()
    assert "1,314.00" in view.review


async def until_attention(
    env: WorkflowEnvironment,
    late: Late,
    wanted: str,
    *,
    leap: timedelta = timedelta(minutes=30),
) -> None:
    """Leap in time until the late money is listed as one that needs attention."""
    for _ in range(10):
        attributes = (await late.describe()).typed_search_attributes
        if attributes.get(NEEDS_ATTENTION) == wanted:
            return
        await env.fast_forward(late, leap)
    raise AssertionError(f"not listed as {wanted}: {attributes}")


UNKNOWN = an_inquiry("NOT_EXIST", payment_id=None, amount=None)
OTHER_MONEY = Money(currency="PHP", value=1)
UNPAID = PaymentFound(state=PaymentState.CLOSED, outcome=PaymentOutcome.EXPIRED)
PAID_OTHERWISE = PaymentFound(
    state=PaymentState.CLOSED, outcome=PaymentOutcome.PAID, paid=("order_2",)
)


@pytest.mark.parametrize(
    ("verdict", "release"), [("NOT_EXIST", 3), ("PROCESSING", 2), ("PENDING", 3)]
)
async def test_late_money_that_stays_unanswered_gets_attention_and_a_person_ends_it(
    skipping: WorkflowEnvironment, verdict: str, release: int
) -> None:
    alipay = FakeAlipay(inquiries=[an_inquiry(verdict, amount=None)])
    async with waiting_money(skipping, alipay, release=release) as late:
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await resolve(late, by="op")
        await until_attention(skipping, late, "OVERDUE")
        view = await resolve(late, by="op")
        result = await end_of(skipping, late)
    assert "only late money that needs attention" in str(refused.value.cause)
    assert view.outcome is LateOutcome.REFUNDED
    assert result.resolved is not None
    assert result.resolved.by == "op"


def an_alipay_that_never_finishes_its_refund() -> FakeAlipay:
    return FakeAlipay(
        inquiries=[an_inquiry("SUCCESS")],
        cancels=[TOO_LATE],
        refunds=[IN_PROCESS],
        refund_inquiries=[IN_PROCESS],
    )


async def test_a_refund_in_process_has_a_day_before_it_is_overdue(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = an_alipay_that_never_finishes_its_refund()
    async with waiting_money(skipping, alipay) as late:
        began = await skipping.get_current_time(late)
        await skipping.fast_forward(late, timedelta(minutes=30))
        attributes = (await late.describe()).typed_search_attributes
        with pytest.raises(WorkflowUpdateFailedError):
            await resolve(late, by="op")
        alipay.answers_refund_inquiries(DONE)
        await end_of(skipping, late)
    overdue_from = attributes.get(EXPIRES_AT)
    assert overdue_from is not None
    assert overdue_from - began > timedelta(hours=23)
    assert attributes.get(NEEDS_ATTENTION) is None
    assert alipay.calls.count("refund") == 1


async def test_a_refund_in_process_gets_attention_after_a_day_and_can_be_ended(
    skipping: WorkflowEnvironment,
) -> None:
    """It continues a run of yesterday, for skipping a day takes long."""
    alipay = an_alipay_that_never_finishes_its_refund()
    order = an_order()
    carried = LateCarried(
        view=LatePaymentView(
            payment_request_id=f"{order.order_id}_1",
            amount=order.amount,
            status="wait until Alipay has refunded the money",
        ),
        waits_since=datetime.now(UTC) - timedelta(hours=23, minutes=50),
        refund_is_in_process=True,
    )
    async with waiting_money(skipping, alipay, carried=carried) as late:
        with pytest.raises(WorkflowUpdateFailedError):
            await resolve(late, by="op")
        await until_attention(skipping, late, "OVERDUE")
        await resolve(late, by="op")
        await end_of(skipping, late)
    assert alipay.refund_calls == []


async def test_money_that_pays_its_order_is_not_late_and_is_not_touched(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(inquiries=[an_inquiry("SUCCESS")], cancels=[a_cancel()])
    async with a_worker(skipping.client, alipay) as task_queue:
        order = an_order()
        late = a_late_payment(order)
        alipay.found = PaymentFound(
            state=PaymentState.CLOSED,
            outcome=PaymentOutcome.PAID,
            attempts=(late.payment_request_id,),
            paid=(late.payment_request_id,),
        )
        result = await skipping.client.execute_workflow(
            LatePayment.run,
            late,
            id=late_payment_id(late.payment_request_id),
            task_queue=task_queue,
        )
    assert result.outcome is LateOutcome.NOT_LATE
    assert alipay.calls == ["inquire"]


async def test_money_of_an_open_payment_is_left_to_it(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(inquiries=[an_inquiry("SUCCESS")], cancels=[a_cancel()])
    order = an_order()
    late = a_late_payment(order)
    alipay.found = PaymentFound(
        state=PaymentState.OPEN, attempts=(late.payment_request_id,)
    )
    with skipping.with_time_skipping_disabled():
        async with a_worker(skipping.client, alipay) as task_queue:
            handle = await skipping.client.start_workflow(
                LatePayment.run,
                late,
                id=late_payment_id(late.payment_request_id),
                task_queue=task_queue,
            )
            await skipping.fast_forward(handle, timedelta(minutes=5))
            before = list(alipay.calls)
            alipay.found = PaymentFound(
                state=PaymentState.CLOSED, outcome=PaymentOutcome.EXPIRED
            )
            result = await end_of(skipping, handle)
    assert before == ["inquire"]
    assert result.outcome is LateOutcome.RETURNED


@pytest.mark.parametrize("state", [PaymentState.UNKNOWN, PaymentState.STOPPED])
async def test_money_of_an_order_with_an_unknown_outcome_needs_a_person(
    skipping: WorkflowEnvironment, state: PaymentState
) -> None:
    alipay = FakeAlipay(inquiries=[an_inquiry("SUCCESS")], cancels=[a_cancel()])
    alipay.found = PaymentFound(state=state)
    async with waiting_money(skipping, alipay) as late:
        await until_attention(skipping, late, "REVIEW")
        await resolve(late, by="op")
        await end_of(skipping, late)
    assert alipay.calls == ["inquire"]


async def test_other_money_goes_back_by_itself_where_the_order_is_paid_otherwise(
    skipping: WorkflowEnvironment,
) -> None:
    other = an_inquiry("SUCCESS", amount=OTHER_MONEY)
    alipay = FakeAlipay(inquiries=[other], cancels=[TOO_LATE], refunds=[DONE])
    alipay.found = PAID_OTHERWISE
    outcome = await outcome_of(skipping, alipay, LateMoneyPolicy.HONOUR)
    assert outcome is LateOutcome.REFUNDED
    assert [call.amount for call in alipay.refund_calls] == [OTHER_MONEY]


async def test_other_money_in_review_goes_back_once_the_order_is_paid_otherwise(
    skipping: WorkflowEnvironment,
) -> None:
    other = an_inquiry("SUCCESS", amount=OTHER_MONEY)
    alipay = FakeAlipay(inquiries=[other], cancels=[TOO_LATE], refunds=[DONE])
    async with waiting_money(skipping, alipay, tells_shop=True) as late:
        await until_attention(skipping, late, "REVIEW")
        alipay.found = PAID_OTHERWISE
        result = await end_of(skipping, late)
    assert result.outcome is LateOutcome.REFUNDED
    assert result.resolved is None
    assert result.review is None
    assert [event.type for event in alipay.shop_events] == [
        "late_payment.review",
        "late_payment.refunded",
    ]
    assert alipay.shop_events[0].review is not None
    assert "PHP 0.01" in alipay.shop_events[0].review
    assert alipay.shop_events[1].amount == OTHER_MONEY


async def test_a_shop_notified_of_a_review_is_notified_that_it_was_unpaid(
    skipping: WorkflowEnvironment,
) -> None:
    other = an_inquiry("SUCCESS", amount=OTHER_MONEY)
    alipay = FakeAlipay(inquiries=[other])
    async with waiting_money(skipping, alipay, tells_shop=True) as late:
        await until_attention(skipping, late, "REVIEW")
        await resolve(late, by="op", outcome=LateOutcome.NOT_PAID)
        await end_of(skipping, late)
    assert [event.type for event in alipay.shop_events] == [
        "late_payment.review",
        "late_payment.not_paid",
    ]


@pytest.mark.parametrize(
    ("ended", "outcome"),
    [
        (PAID_OTHERWISE, LateOutcome.RETURNED),
        (UNPAID, LateOutcome.HONOURED),
    ],
)
async def test_late_money_is_not_honoured_while_the_order_is_being_paid_again(
    skipping: WorkflowEnvironment, ended: PaymentFound, outcome: LateOutcome
) -> None:
    alipay = FakeAlipay(inquiries=[an_inquiry("SUCCESS")], cancels=[a_cancel()])
    alipay.found = PaymentFound(state=PaymentState.OPEN, attempts=("order_2",))
    async with waiting_money(skipping, alipay, policy=LateMoneyPolicy.HONOUR) as late:
        await skipping.fast_forward(late, timedelta(minutes=2))
        while_open = await late.query(LatePayment.view)
        alipay.found = ended
        result = await end_of(skipping, late)
    assert while_open.outcome is None
    assert result.outcome is outcome


async def test_of_two_that_come_late_only_one_is_honoured(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(inquiries=[an_inquiry("SUCCESS")], cancels=[a_cancel()])
    alipay.found = UNPAID.model_copy(update={"undecided": ("order_0",)})
    async with waiting_money(skipping, alipay, policy=LateMoneyPolicy.HONOUR) as late:
        await skipping.fast_forward(late, timedelta(minutes=2))
        waiting = await late.query(LatePayment.view)
        alipay.found = UNPAID.model_copy(update={"honoured": ("order_0",)})
        result = await end_of(skipping, late)
    assert waiting.outcome is None
    assert result.outcome is LateOutcome.RETURNED


async def test_late_money_of_a_paid_order_goes_back_though_another_one_waits(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(inquiries=[an_inquiry("SUCCESS")], cancels=[a_cancel()])
    alipay.found = PAID_OTHERWISE.model_copy(update={"undecided": ("order_0",)})
    outcome = await outcome_of(skipping, alipay, LateMoneyPolicy.HONOUR)
    assert outcome is LateOutcome.RETURNED


async def test_late_money_looks_at_the_order_after_alipay_has_answered(
    skipping: WorkflowEnvironment,
) -> None:
    """Its look at the order is not older than Alipay's answer."""
    alipay = FakeAlipay(
        inquiries=[NO_VERDICT, an_inquiry("SUCCESS")], cancels=[a_cancel()]
    )
    alipay.found = PaymentFound(state=PaymentState.OPEN, attempts=("order_2",))
    async with waiting_money(skipping, alipay) as late:
        view = await late.query(LatePayment.view)
        # Meanwhile the open payment was notified of the money, and is paid by it.
        alipay.found = PaymentFound(
            state=PaymentState.CLOSED,
            outcome=PaymentOutcome.PAID,
            paid=(view.payment_request_id,),
        )
        result = await end_of(skipping, late)
    assert result.outcome is LateOutcome.NOT_LATE
    assert "cancel" not in alipay.calls


async def test_money_that_an_open_payment_counts_is_left_to_it(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(inquiries=[an_inquiry("SUCCESS")], cancels=[a_cancel()])
    async with waiting_money(skipping, alipay) as late:
        name = (await late.query(LatePayment.view)).payment_request_id
        alipay.found = PaymentFound(state=PaymentState.OPEN, counted=(name,))
        await skipping.fast_forward(late, timedelta(minutes=2))
        waiting = await late.query(LatePayment.view)
        alipay.found = UNPAID
        await end_of(skipping, late)
    assert waiting.outcome is None or alipay.calls == ["inquire", "cancel"]


async def test_money_of_an_order_only_a_person_called_paid_needs_a_person(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(inquiries=[an_inquiry("SUCCESS")], cancels=[a_cancel()])
    alipay.found = PAID_OTHERWISE.model_copy(update={"is_proven": False})
    async with waiting_money(skipping, alipay) as late:
        await until_attention(skipping, late, "REVIEW")
        await resolve(late, by="op", outcome=LateOutcome.NOT_LATE)
        result = await end_of(skipping, late)
    assert result.outcome is LateOutcome.NOT_LATE
    assert "cancel" not in alipay.calls


@pytest.mark.parametrize("policy", list(LateMoneyPolicy))
async def test_money_that_a_lost_run_has_refunded_ends_as_it_did_with_the_same_call(
    skipping: WorkflowEnvironment, policy: LateMoneyPolicy
) -> None:
    """Temporal has an older database, or a new one: Alipay knows the refund's id."""
    order = an_order()
    own = (late_refund_id(f"{order.order_id}_1"),)
    refunded = an_inquiry("SUCCESS", is_refunded=True, refunded_by=own)
    alipay = FakeAlipay(inquiries=[refunded], refunds=[DONE])
    async with late_money(skipping, alipay, policy, order) as late:
        assert (await late.result()).outcome is LateOutcome.REFUNDED
    assert alipay.calls == ["inquire", "refund"]
    assert alipay.refund_calls[0].refund_request_id == own[0]


async def test_money_that_was_refunded_in_the_portal_is_not_honoured(
    skipping: WorkflowEnvironment,
) -> None:
    refunded = an_inquiry("SUCCESS", is_refunded=True)
    alipay = FakeAlipay(inquiries=[refunded], cancels=[a_cancel()])
    async with waiting_money(skipping, alipay, policy=LateMoneyPolicy.HONOUR) as late:
        await until_attention(skipping, late, "REVIEW")
        await resolve(late, by="op")
        await end_of(skipping, late)
    assert alipay.calls == ["inquire"]


async def test_money_in_review_that_turns_out_to_pay_the_order_is_not_touched(
    skipping: WorkflowEnvironment,
) -> None:
    other = an_inquiry("SUCCESS", amount=OTHER_MONEY)
    alipay = FakeAlipay(inquiries=[other], cancels=[a_cancel()])
    async with waiting_money(skipping, alipay) as late:
        await until_attention(skipping, late, "REVIEW")
        name = (await late.query(LatePayment.view)).payment_request_id
        alipay.found = PAID_OTHERWISE.model_copy(update={"paid": (name,)})
        result = await end_of(skipping, late)
    assert result.outcome is LateOutcome.NOT_LATE
    assert "cancel" not in alipay.calls


async def test_a_persons_outcome_does_not_hide_that_money_has_gone_back(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(inquiries=[an_inquiry("SUCCESS")], cancels=[NO_VERDICT])
    async with waiting_money(skipping, alipay) as late:
        await until_attention(skipping, late, "NO_VERDICT")

        async def a_person_decides_meanwhile() -> None:
            await late.start_update(
                "resolve",
                LateResolution(outcome=LateOutcome.HONOURED, reason="sent", by="op"),
                wait_for_stage=WorkflowUpdateStage.ACCEPTED,
            )

        alipay.before_cancel_answers = a_person_decides_meanwhile
        alipay.answers_cancels(a_cancel())
        result = await end_of(skipping, late)
    assert result.outcome is LateOutcome.RETURNED
    assert result.resolved is None


async def test_a_person_who_has_decided_is_not_overruled_by_a_later_answer(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(inquiries=[UNKNOWN], cancels=[a_cancel()])
    async with waiting_money(skipping, alipay) as late:
        await until_attention(skipping, late, "OVERDUE")
        alipay.answers_inquiries(an_inquiry("SUCCESS"))
        view = await resolve(late, by="op", outcome=LateOutcome.HONOURED)
        await end_of(skipping, late)
    assert view.outcome is LateOutcome.HONOURED
    assert "cancel" not in alipay.calls


async def resolve(
    late: Late, *, by: str, outcome: LateOutcome = LateOutcome.REFUNDED
) -> LatePaymentView:
    return await late.execute_update(
        LatePayment.resolve,  # type: ignore[arg-type]
        LateResolution(outcome=outcome, reason="bank transfer", by=by),
    )
