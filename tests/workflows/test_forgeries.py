"""With all rights in Temporal, nobody can forge a paid order or give money back.

What counts as proof is tested in tests/translation/test_proof.py; here, that workflows
decide by proof only.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from temporalio.client import (
    WorkflowContinuedAsNewError,
    WorkflowFailureError,
    WorkflowHandle,
)
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from alipay.keys.rsa import AlipayKeys, fingerprint
from cashier.demos.earlier_run import go_on_from_facts
from contracts import (
    CallbackOutcome,
    CallbackView,
    InquiryCall,
    LateCarried,
    LateMoneyPolicy,
    LateOutcome,
    LatePaymentView,
    PayCall,
    PaymentFound,
    PaymentOutcome,
    PaymentState,
    PaymentStatus,
    PaymentView,
    Resolution,
    Resolved,
    callbacks_id,
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
from tests.signing import (
    CLIENT_ID,
    Signer,
    alipays_key,
    signed_answer,
    signed_notification,
    trust,
)
from tests.workflows.running import a_payment, a_worker, run_to_end
from translation.proof import serve
from workflows.cashier_payment import CashierPayment
from workflows.late_payment import LatePayment
from workflows.payment.attempt import Asked
from workflows.payment.facts import Facts

STRANGER = Signer(rsa.generate_private_key(public_exponent=65537, key_size=2048))
UNPAID = an_inquiry("PROCESSING")
NOW = datetime.now(UTC)


@pytest.mark.parametrize("release", [3, 4])
async def test_a_forged_notification_makes_for_an_inquiry_and_no_more(
    skipping: WorkflowEnvironment, release: int
) -> None:
    """Also if the payment is started by the rules of an older release."""
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
        assert alipay.shop_events == []
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


async def test_a_forged_page_is_not_shown(skipping: WorkflowEnvironment) -> None:
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
    view = await run_to_end(skipping, alipay)
    assert view.outcome is PaymentOutcome.PAID


@pytest.mark.parametrize("result", ODD_RESULTS, ids=str)
async def test_a_result_of_any_shape_is_no_shop_that_has_accepted(
    skipping: WorkflowEnvironment, result: Any
) -> None:
    """Neither in the payment nor in the queue that takes the event over."""
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("SUCCESS")])
    alipay.odd_shop_answers = [Odd(result), Odd(result)]
    async with a_payment(skipping, alipay, tells_shop=True) as payment:
        await payment.notify()
        view = await payment.handle.result()
        queue = skipping.client.get_workflow_handle(
            callbacks_id(payment.order.order_id), result_type=CallbackView
        )
        delivered: CallbackView = await queue.result()
    assert view.outcome is PaymentOutcome.PAID
    assert delivered.outcome is CallbackOutcome.DELIVERED
    assert [event.type for event in alipay.shop_events] == ["payment.paid"] * 3


async def test_facts_written_into_the_input_prove_nothing(
    skipping: WorkflowEnvironment,
) -> None:
    order = an_order()
    facts = Facts.of(order, NOW)
    facts.add_notification(a_notification(order), NOW)
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


@pytest.mark.parametrize("release", [3, 4])
async def test_facts_of_a_run_on_another_queue_prove_nothing(
    skipping: WorkflowEnvironment, release: int
) -> None:
    """The server lets another worker's run continue as a payment of ours."""
    order = an_order(release=release)
    facts = Facts.of(order, NOW)
    facts.add_notification(a_notification(order, evidence=None), NOW)
    paid = an_inquiry("SUCCESS")
    facts.current.inquiries.append(Asked(NOW, NOW, paid))
    facts.resolution = Resolution(outcome=PaymentOutcome.PAID, reason="no", by="nobody")
    assert facts.paid
    alipay = FakeAlipay(
        pay=[a_page()], inquiries=[an_inquiry("CANCELLED")], cancels=[a_cancel()]
    )
    name = workflow_id(order.order_id)
    async with a_worker(skipping.client, alipay) as task_queue:
        await go_on_from_facts(
            skipping.client,
            "CashierPayment",
            facts.carried(),
            task_queue=task_queue,
            id=name,
        )
        handle = skipping.client.get_workflow_handle(name, result_type=PaymentView)
        result: PaymentView = await handle.result()
    assert result.outcome is PaymentOutcome.CANCELLED


async def test_facts_of_a_scheduled_run_prove_nothing(
    skipping: WorkflowEnvironment,
) -> None:
    """The server says of its second run that it continues the first one."""
    order = an_order()
    facts = Facts.of(order, NOW)
    facts.add_notification(a_notification(order), NOW)
    alipay = FakeAlipay(
        pay=[a_page()], inquiries=[an_inquiry("CANCELLED")], cancels=[a_cancel()]
    )
    async with a_worker(skipping.client, alipay) as task_queue:
        first = await skipping.client.start_workflow(
            CashierPayment.run,
            facts.carried(),
            id=workflow_id(order.order_id),
            task_queue=task_queue,
            cron_schedule="* * * * *",
        )
        outcomes = []
        for _ in range(2):
            newest = await skipping.client.get_workflow_handle(first.id).describe()
            run: WorkflowHandle[CashierPayment, PaymentView] = (
                skipping.client.get_workflow_handle(first.id, run_id=newest.run_id)
            )
            with pytest.raises(WorkflowContinuedAsNewError):  # by the schedule
                await run.result(follow_runs=False)
            outcomes.append((await run.query(CashierPayment.view)).outcome)
        await skipping.client.get_workflow_handle(first.id).terminate()
    assert outcomes == [PaymentOutcome.CANCELLED] * 2


async def test_a_payment_of_another_orders_name_ends_before_it_asks_anything(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    late = a_late_payment(an_order())
    given: list[tuple[Any, Any, str]] = [
        (CashierPayment.run, an_order(), workflow_id("another")),
        (CashierPayment.run, an_order(release=3), workflow_id("another")),
        (LatePayment.run, late, late_payment_id("another_1")),
        (
            LatePayment.run,
            late.model_copy(update={"order_id": "another"}),
            late_payment_id(late.payment_request_id),
        ),
    ]
    async with a_worker(skipping.client, alipay) as task_queue:
        for kind, start, name in given:
            with pytest.raises(WorkflowFailureError) as failed:
                await skipping.client.execute_workflow(
                    kind, start, id=name, task_queue=task_queue
                )
            assert isinstance(failed.value.cause, ApplicationError)
            assert failed.value.cause.type == "WRONG_WORKFLOW_ID"
    assert alipay.calls == []


OLD = timedelta(minutes=6)


async def test_an_old_notification_is_a_hint_for_its_money_may_have_gone_back(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[UNPAID])
    async with a_payment(skipping, alipay) as payment:
        old = a_notification(payment.order, at=datetime.now(UTC) - OLD)
        await payment.handle.signal(CashierPayment.payment_notified, old)
        view = await payment.check_now()
        assert not any(one.is_paid for one in view.attempts)
        alipay.answers_inquiries(an_inquiry("SUCCESS"))
        await payment.handle.signal(CashierPayment.payment_notified, old)
        result = await payment.handle.result()
    assert result.outcome is PaymentOutcome.PAID


async def test_an_answer_that_is_older_than_its_question_is_no_verdict(
    skipping: WorkflowEnvironment,
) -> None:
    """An attacker replays an older signed answer of Alipay."""
    order_id = f"forged-{uuid4().hex[:12]}"
    call = InquiryCall(payment_request_id=f"{order_id}_1")
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    repeated = signed_answer(call, an_inquiry("SUCCESS"), at=hour_ago)
    alipay = FakeAlipay(pay=[a_page()], inquiries=[repeated, UNPAID])
    async with a_payment(skipping, alipay, order_id=order_id) as payment:
        view = await payment.check_now()
        assert not any(one.is_paid for one in view.attempts)
        await payment.notify()
        result = await payment.handle.result()
    assert result.outcome is PaymentOutcome.PAID


UNKNOWN, KNOWN = (
    fingerprint(key.public_key()) for key in (STRANGER.key, alipays_key())
)


@pytest.mark.parametrize(
    "keys",
    [{"1": UNKNOWN}, {}, {"one": KNOWN}, {"9" * 5000: KNOWN}],
    ids=["unknown", "none", "no number", "too long"],
)
async def test_keys_that_no_worker_holds_are_not_learned_and_stop_nothing(
    skipping: WorkflowEnvironment, keys: dict[str, str]
) -> None:
    """As anybody could complete the activity that names the keys."""
    alipay = FakeAlipay(pay=[a_page()], inquiries=[UNPAID])
    alipay.trusts = trust().model_copy(update={"keys": keys})
    async with a_payment(skipping, alipay) as payment:
        await payment.handle.signal(
            CashierPayment.payment_notified,
            signed_notification(a_notification(payment.order), STRANGER),
        )
        view = await payment.check_now()
        assert not any(one.is_paid for one in view.attempts)
        await payment.notify()
        result = await payment.handle.result()
    assert result.outcome is PaymentOutcome.PAID
    assert alipay.calls.count("whom to trust") == 1


@pytest.mark.parametrize("names_its_version", [True, False])
async def test_a_key_that_came_after_the_payment_began_is_learned(
    skipping: WorkflowEnvironment, names_its_version: bool
) -> None:
    renewed = Signer(
        rsa.generate_private_key(public_exponent=65537, key_size=2048), key_version=2
    )
    alipay = FakeAlipay(pay=[a_page()], inquiries=[UNPAID])
    keys = {"1": alipays_key().public_key(), "2": renewed.key.public_key()}
    alipay.trusts = serve(CLIENT_ID, AlipayKeys(keys))
    async with a_payment(skipping, alipay) as payment:
        by_new_key = signed_notification(a_notification(payment.order), renewed)
        assert by_new_key.evidence
        header = by_new_key.evidence.signature
        if not names_its_version:
            header = header.replace("keyVersion=2,", "")
        evidence = by_new_key.evidence.model_copy(update={"signature": header})
        await payment.handle.signal(
            CashierPayment.payment_notified,
            by_new_key.model_copy(update={"evidence": evidence}),
        )
        result = await payment.handle.result()
        history = await payment.handle.fetch_history()
    assert result.outcome is PaymentOutcome.PAID
    await Replayer(
        workflows=[CashierPayment], data_converter=skipping.client.data_converter
    ).replay_workflow(history)


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
    # Its signature does not verify, so the worker is asked for newer keys.
    assert alipay.calls == ["inquire", "whom to trust", "inquire"]


async def test_malformed_names_of_other_late_money_do_not_stop_late_money(
    skipping: WorkflowEnvironment,
) -> None:
    """As anybody could complete the look at the order."""
    late = a_late_payment(an_order(), policy=LateMoneyPolicy.HONOUR)
    alipay = FakeAlipay(inquiries=[an_inquiry("SUCCESS")])
    names = ("", "none", "order_x", f"order_{'9' * 5000}")
    alipay.found = PaymentFound(state=PaymentState.CLOSED, undecided=names)
    async with a_worker(skipping.client, alipay) as task_queue:
        result: LatePaymentView = await skipping.client.execute_workflow(
            LatePayment.run,
            late,
            id=late_payment_id(late.payment_request_id),
            task_queue=task_queue,
        )
    assert result.outcome is LateOutcome.HONOURED


async def test_an_outcome_carried_over_from_another_queue_does_not_count(
    skipping: WorkflowEnvironment,
) -> None:
    """The look at an order, and a queue of callbacks, would rely on it."""
    late = a_late_payment(an_order())
    view = LatePaymentView(
        payment_request_id=late.payment_request_id,
        amount=late.amount,
        status="over",
        outcome=LateOutcome.HONOURED,
        resolved=Resolved(by="nobody", reason="forged"),
    )
    carried = LateCarried(view=view, waits_since=NOW)
    alipay = FakeAlipay(inquiries=[UNPAID])
    name = late_payment_id(late.payment_request_id)
    with skipping.with_time_skipping_disabled():
        async with a_worker(skipping.client, alipay) as task_queue:
            await go_on_from_facts(
                skipping.client,
                "LatePayment",
                late.model_copy(update={"carried": carried}),
                task_queue=task_queue,
                id=name,
            )
            handle = skipping.client.get_workflow_handle(name)
            view = await handle.query("view", result_type=LatePaymentView)
            await handle.terminate()
    assert (view.outcome, view.resolved) == (None, None)
