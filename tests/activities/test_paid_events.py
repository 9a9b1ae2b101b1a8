"""A paid event is sent only if Alipay, or a person by name, has confirmed it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from temporalio.activity import Info
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment

from activities.our_runs import Origin
from activities.shop.paid_events import FRESH, ProvenPaidEvents
from cashier.demos.earlier_run import go_on_from_facts
from contracts import (
    InquiryAnswer,
    InquiryCall,
    LateMoneyPolicy,
    LateOutcome,
    Money,
    PaymentOutcome,
    PaymentStatus,
    PaymentView,
    Resolution,
    Resolved,
    ShopEvent,
    SignedEvidence,
    callbacks_id,
    late_payment_id,
    payment_request_id,
    workflow_id,
)
from tests.activities.asking import called_by
from tests.activities.foreign import a_forged_payment
from tests.alipay.gateway import Answering, a_client, failing, signed
from tests.builders import (
    PRICE,
    a_cancel,
    a_late_payment,
    a_notification,
    a_page,
    an_event,
    an_inquiry,
    an_order,
)
from tests.fakes import FakeAlipay
from tests.signing import Signer, alipays_key, signed_answer, signed_notification
from tests.workflows.running import RunningPayment, a_payment, a_worker
from workflows.cashier_payment import CashierPayment
from workflows.late_payment import LatePayment
from workflows.payment.facts import Facts

STRANGER = Signer(rsa.generate_private_key(public_exponent=65537, key_size=2048))
UNREACHABLE = failing(httpx.ConnectError("away"))
LESS = Money(currency=PRICE.currency, value=1)
# Temporal did not answer in time, as on a busy machine: the activity is tried again.
OF_THE_MOMENT = ("CALLER_UNKNOWN", "RESOLUTION_UNKNOWN")
TRIES = 20


def the_event(order_id: str, **changes: object) -> ShopEvent:
    name = f"{order_id}_1"
    event = an_event(order_id=order_id, payment_request_id=name, id=f"{name}-paid")
    return ShopEvent.model_validate({**event, **changes})


def a_late_event(order_id: str, outcome: LateOutcome, *, attempt: int = 1) -> ShopEvent:
    name, happened = payment_request_id(order_id, attempt), outcome.lower()
    return the_event(
        order_id,
        payment_request_id=name,
        id=f"{name}-late-{happened}",
        type=f"late_payment.{happened}",
        outcome=outcome,
    )


def answered(event: ShopEvent, said: InquiryAnswer, key: RSAPrivateKey) -> Answering:
    """Let Alipay answer each inquiry like this."""
    call = InquiryCall(payment_request_id=event.payment_request_id)
    evidence = signed_answer(call, said).evidence
    assert evidence is not None
    return signed(key, evidence.answer.body.encode())


def signed_ago(age: timedelta, key: RSAPrivateKey | None = None) -> Signer:
    at = str(round((datetime.now(UTC) - age).timestamp() * 1000))
    return Signer(key or alipays_key(), time=at)


def evidence_of(event: ShopEvent, signer: Signer | None = None) -> SignedEvidence:
    """Return Alipay's message that it was paid, signed just now."""
    success = a_notification(
        an_order(order_id=event.order_id), payment_request_id=event.payment_request_id
    )
    by = signer or signed_ago(timedelta(seconds=1))
    evidence = signed_notification(success, by).evidence
    assert evidence is not None
    return evidence


def caller_of(event: ShopEvent, **changes: Any) -> Info:
    """Return the activity info of a call by the event's own workflow."""
    if event.type.startswith("late_payment."):
        return called_by(late_payment_id(event.payment_request_id), **changes)
    return called_by(workflow_id(event.order_id), "CashierPayment", **changes)


async def run_of(payment: RunningPayment) -> dict[str, Any]:
    """Return the fields of activity info that identify a running payment."""
    run = await payment.handle.describe()
    return {"workflow_run_id": run.run_id, "task_queue": payment.task_queue}


class FakeCallers:
    """Where every caller comes from."""

    def __init__(self, *, ours: bool = True) -> None:
        self._origin = Origin(is_ours=ours)

    async def origin_of(self, caller: Info) -> Origin:
        return self._origin


class Checking:
    """Checks events against an Alipay with scripted answers."""

    def __init__(
        self,
        env: WorkflowEnvironment,
        merchant_key: RSAPrivateKey,
        alipay_key: RSAPrivateKey,
    ) -> None:
        self._env = env
        self._keys = (merchant_key, alipay_key)

    async def check(self, event: ShopEvent, *, tries: int = TRIES, **how: Any) -> None:
        """Check an event as the activity does, which Temporal tries more than once."""
        for _ in range(tries - 1):
            try:
                await self._try(event, **how)
            except ApplicationError as error:
                if error.type not in OF_THE_MOMENT:
                    raise
            else:
                return
        await self._try(event, **how)

    async def _try(
        self,
        event: ShopEvent,
        *,
        evidence: SignedEvidence | None = None,
        alipay: Answering | InquiryAnswer = UNREACHABLE,
        **caller: Any,
    ) -> None:
        if isinstance(alipay, InquiryAnswer):
            alipay = answered(event, alipay, self._keys[1])
        client = a_client(alipay, *self._keys)
        env = ActivityEnvironment()
        env.info = caller_of(event, **caller)
        # Only calls that name a run of theirs are looked up.
        callers = None if "workflow_run_id" in caller else FakeCallers()
        paid = ProvenPaidEvents(client, self._env.client, callers)
        await env.run(paid.check, event, evidence)

    async def refusal(self, event: ShopEvent, **how: Any) -> str | None:
        with pytest.raises(ApplicationError) as refused:
            await self.check(event, **how)
        return refused.value.type


@pytest.fixture
def events(
    skipping: WorkflowEnvironment,
    merchant_key: RSAPrivateKey,
    alipay_key: RSAPrivateKey,
) -> Checking:
    return Checking(skipping, merchant_key, alipay_key)


async def test_a_signed_success_is_sent_without_an_inquiry(
    events: Checking,
) -> None:
    event = the_event("signed-1")
    await events.check(event, evidence=evidence_of(event))


async def test_no_payment_without_proof_is_notified(
    events: Checking,
) -> None:
    event, unpaid = the_event("unproven-1"), an_inquiry("PROCESSING")
    forged = evidence_of(event, STRANGER)
    other = evidence_of(the_event("another-1"))
    for evidence in (None, forged, other):
        refused = await events.refusal(event, evidence=evidence, alipay=unpaid)
        assert refused == "NOT_PROVEN_PAID"


async def test_alipay_is_asked_where_an_event_has_no_evidence(
    events: Checking,
) -> None:
    """Events of older releases have none, and those of a continued run."""
    event = the_event("older-1")
    await events.check(event, alipay=an_inquiry("SUCCESS"))
    other = await events.refusal(event, alipay=an_inquiry("SUCCESS", amount=LESS))
    assert other == "NOT_PROVEN_PAID"


async def test_while_alipay_does_not_answer_the_event_waits(events: Checking) -> None:
    assert await events.refusal(the_event("silent-1")) == "NoVerdictError"


async def test_evidence_that_is_not_fresh_is_asked_for_again(
    events: Checking,
) -> None:
    """The money may have gone back since: late money does so within minutes."""
    event = the_event("aged-1")
    old = evidence_of(event, signed_ago(FRESH + timedelta(minutes=1)))
    early = evidence_of(event, signed_ago(-FRESH - timedelta(minutes=1)))
    for evidence in (old, early):
        assert await events.refusal(event, evidence=evidence) == "NoVerdictError"
        for gone in (
            an_inquiry("CANCELLED"),
            an_inquiry("SUCCESS", is_refunded=True),
        ):
            refused = await events.refusal(event, evidence=evidence, alipay=gone)
            assert refused == "NOT_PROVEN_PAID"
        await events.check(event, evidence=evidence, alipay=an_inquiry("SUCCESS"))


async def test_an_answer_that_reports_a_refund_is_not_fresh_evidence(
    events: Checking,
) -> None:
    event, refunded = the_event("refunded-1"), an_inquiry("SUCCESS", is_refunded=True)
    call = InquiryCall(payment_request_id=event.payment_request_id)
    said = signed_answer(call, refunded, signed_ago(timedelta(seconds=1)))
    assert said.evidence is not None
    answer = said.evidence.answer
    refused = await events.refusal(event, evidence=answer, alipay=refunded)
    assert refused == "NOT_PROVEN_PAID"


@pytest.mark.parametrize("late", [False, True])
async def test_a_proven_success_is_not_sent_for_a_workflow_of_another_queue(
    events: Checking, skipping: WorkflowEnvironment, late: bool
) -> None:
    """Money reported a second ago may be going back, and anybody may start that id."""
    order = an_order()
    view = {"order_id": order.order_id}
    with skipping.with_time_skipping_disabled():
        async with a_forged_payment(skipping.client, view) as payment:
            run = await payment.describe()
            paid = the_event(order.order_id)
            if late:
                paid = a_late_event(order.order_id, LateOutcome.HONOURED)
            how: dict[str, Any] = {
                "evidence": evidence_of(paid),
                "alipay": an_inquiry("SUCCESS"),
                "workflow_run_id": run.run_id,
            }
            refused = await events.refusal(paid, **how, task_queue="ours")
            if not late:
                await events.check(paid, **how, task_queue=run.task_queue)
    assert refused == "EVENT_MISFIT"


async def test_fresh_evidence_of_money_that_was_called_late_is_not_enough(
    events: Checking, skipping: WorkflowEnvironment
) -> None:
    """A run that was reset to an earlier point can get the same success again."""
    alipay = FakeAlipay(inquiries=[an_inquiry("SUCCESS")], cancels=[a_cancel()])
    late = a_late_payment(an_order())
    async with a_worker(skipping.client, alipay) as queue:
        await skipping.client.execute_workflow(
            LatePayment.run,
            late,
            id=late_payment_id(late.payment_request_id),
            task_queue=queue,
        )
        event = the_event(late.order_id)
        how: dict[str, Any] = {"evidence": evidence_of(event), "task_queue": queue}
        gone = await events.refusal(event, alipay=an_inquiry("CANCELLED"), **how)
        await events.check(event, alipay=an_inquiry("SUCCESS"), **how)
    assert gone == "NOT_PROVEN_PAID"


async def test_an_event_is_sent_only_by_the_workflow_it_is_about(
    events: Checking,
) -> None:
    """A success of one order does not prove another one."""
    mine = the_event("mine-1")
    victim = mine.model_copy(update={"order_id": "victim-1"})
    evidence = evidence_of(mine)
    assert await events.refusal(victim, evidence=evidence) == "EVENT_MISFIT"
    other = {"workflow_id": workflow_id("victim-1")}
    assert await events.refusal(mine, evidence=evidence, **other) == "EVENT_MISFIT"


@pytest.mark.parametrize("outcome", ["EXPIRED", "CANCELLED", "DECLINED"])
async def test_an_event_that_has_nothing_delivered_needs_no_proof_but_our_worker(
    events: Checking, skipping: WorkflowEnvironment, outcome: str
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("PROCESSING")])
    async with a_payment(skipping, alipay) as payment:
        name, happened = payment.order.order_id, outcome.lower()
        event = the_event(
            name,
            id=f"{name}_1-{happened}",
            type=f"payment.{happened}",
            outcome=outcome,
        )
        caller = await run_of(payment)
        await events.check(event, **caller)
        elsewhere = {**caller, "task_queue": "another"}
        assert await events.refusal(event, **elsewhere) == "EVENT_MISFIT"


async def test_an_event_is_sent_that_a_named_person_has_called_paid(
    events: Checking, skipping: WorkflowEnvironment
) -> None:
    """As the payment itself records it: an event could name any person."""
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("PROCESSING")])
    async with a_payment(skipping, alipay) as payment:
        event = the_event(payment.order.order_id)
        how: dict[str, Any] = {
            "alipay": an_inquiry("FAIL"),
            "task_queue": payment.task_queue,
        }
        before = await events.refusal(event, **how)
        await payment.notify(amount=LESS)
        await payment.resolve(PaymentOutcome.PAID)
        await events.check(event, **how)
        more = event.model_copy(update={"amount": Money(currency="PHP", value=2)})
        other_money = await events.refusal(more, **how)
    assert (before, other_money) == ("NOT_PROVEN_PAID", "NOT_PROVEN_PAID")


async def test_an_inquiry_is_enough_where_the_payment_does_not_answer(
    events: Checking, skipping: WorkflowEnvironment
) -> None:
    order, nobody = an_order(), f"nobody-{uuid4()}"
    handle = await skipping.client.start_workflow(
        CashierPayment.run,
        order,
        id=workflow_id(order.order_id),
        task_queue=nobody,
    )
    event = the_event(order.order_id)
    await events.check(event, alipay=an_inquiry("SUCCESS"), task_queue=nobody)
    unpaid = await events.refusal(
        event, alipay=an_inquiry("FAIL"), task_queue=nobody, tries=1
    )
    await handle.terminate()
    assert unpaid == "RESOLUTION_UNKNOWN"


async def test_a_resolution_in_the_result_of_another_worker_is_not_believed(
    events: Checking, skipping: WorkflowEnvironment
) -> None:
    order = an_order()
    forged = PaymentView(
        order_id=order.order_id,
        amount=order.amount,
        status=PaymentStatus.PAID,
        outcome=PaymentOutcome.PAID,
        attempts=a_view_of(order.order_id),
        resolved=Resolved(by="Ann", reason="forged"),
    )
    event, unpaid = the_event(order.order_id), an_inquiry("FAIL")
    with skipping.with_time_skipping_disabled():
        async with a_forged_payment(
            skipping.client, forged.model_dump(mode="json")
        ) as payment:
            theirs = (await payment.describe()).task_queue
            # It would be believed, if it were on our queue.
            await events.check(event, alipay=unpaid, task_queue=theirs)
            refused = await events.refusal(event, alipay=unpaid, task_queue="ours")
    assert refused == "NOT_PROVEN_PAID"


def a_view_of(order_id: str) -> tuple[Any, ...]:
    return ({"payment_request_id": f"{order_id}_1", "wallet": "GCASH"},)


async def test_a_resolution_carried_over_from_another_queue_is_not_believed(
    events: Checking, skipping: WorkflowEnvironment
) -> None:
    """A run there may be continued as one of ours, with forged facts."""
    order, alipay = an_order(), FakeAlipay(pay=[a_page()])
    facts = Facts.of(order, datetime.now(UTC))
    facts.resolution = Resolution(outcome="PAID", reason="forged", by="Ann")
    async with a_worker(skipping.client, alipay) as ours:
        await go_on_from_facts(
            skipping.client,
            "CashierPayment",
            facts.carried(),
            task_queue=ours,
            id=workflow_id(order.order_id),
        )
        event, unpaid = the_event(order.order_id), an_inquiry("FAIL")
        refused = await events.refusal(event, alipay=unpaid, task_queue=ours)
        handle = skipping.client.get_workflow_handle(workflow_id(order.order_id))
        if (await handle.describe()).close_time is None:
            await handle.terminate()
    assert refused == "NOT_PROVEN_PAID"


async def test_late_money_is_not_called_kept_where_the_order_is_paid_otherwise(
    events: Checking, skipping: WorkflowEnvironment
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("PROCESSING")])
    async with a_payment(skipping, alipay) as payment:
        order_id, queue = payment.order.order_id, payment.task_queue
        await payment.notify()
        await payment.handle.result()
        second = a_late_event(order_id, LateOutcome.HONOURED, attempt=2)
        evidence = evidence_of(second)
        refused = await events.refusal(second, evidence=evidence, task_queue=queue)
        unpaid = a_late_event(f"{order_id}-x", LateOutcome.HONOURED)
        await events.check(unpaid, evidence=evidence_of(unpaid), task_queue=queue)
    assert refused == "PAID_OTHERWISE"


@pytest.mark.parametrize("late", [False, True])
async def test_a_queue_sends_no_event_of_money_that_no_run_has_kept(
    events: Checking, skipping: WorkflowEnvironment, late: bool
) -> None:
    """Anybody may start a queue while late money that was paid is going back."""
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[an_inquiry("PROCESSING"), an_inquiry("CANCELLED")],
        cancels=[a_cancel()],
    )
    async with a_payment(skipping, alipay) as payment:
        view = await payment.cancel()
        name, queue = payment.order.order_id, payment.task_queue
        event = a_late_event(name, LateOutcome.HONOURED) if late else the_event(name)
        caller = in_queue(event, queue)
        paid, evidence = an_inquiry("SUCCESS"), evidence_of(event)
        for how in ({"alipay": paid}, {"evidence": evidence}):
            assert await events.refusal(event, **how, **caller) == "NOT_ENDED_SO"
    assert view.outcome is PaymentOutcome.CANCELLED


async def test_a_queue_sends_events_of_money_that_a_run_has_kept(
    events: Checking, skipping: WorkflowEnvironment
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("SUCCESS")])
    async with a_payment(skipping, alipay) as payment:
        order, queue = payment.order, payment.task_queue
        await payment.notify()
        await payment.handle.result()
        paid = the_event(order.order_id)
        for how in ({"evidence": evidence_of(paid)}, {"alipay": an_inquiry("SUCCESS")}):
            await events.check(paid, **how, **in_queue(paid, queue))
        kept = a_late_payment(an_order(), policy=LateMoneyPolicy.HONOUR)
        await skipping.client.execute_workflow(
            LatePayment.run,
            kept,
            id=late_payment_id(kept.payment_request_id),
            task_queue=queue,
        )
        event = a_late_event(kept.order_id, LateOutcome.HONOURED)
        caller = in_queue(event, queue)
        await events.check(event, alipay=an_inquiry("SUCCESS"), **caller)


async def test_a_payment_refunded_by_the_merchant_is_still_notified(
    events: Checking, skipping: WorkflowEnvironment
) -> None:
    """The shop was down for longer than evidence is fresh; the order was paid."""
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("SUCCESS")])
    refunded = an_inquiry("SUCCESS", is_refunded=True)
    async with a_payment(skipping, alipay) as payment:
        await payment.notify()
        await payment.handle.result()
        event = the_event(payment.order.order_id)
        old = evidence_of(event, signed_ago(FRESH + timedelta(minutes=1)))
        how: dict[str, Any] = {"evidence": old, **in_queue(event, payment.task_queue)}
        await events.check(event, alipay=refunded, **how)
        cancelled = await events.refusal(event, alipay=an_inquiry("CANCELLED"), **how)
        late = a_late_payment(payment.order)
        handle = await skipping.client.start_workflow(
            LatePayment.run,
            late,
            id=late_payment_id(late.payment_request_id),
            task_queue="another",
        )
        called_late = await events.refusal(event, alipay=refunded, **how)
        await handle.terminate()
    assert (cancelled, called_late) == ("NOT_PROVEN_PAID", "NOT_PROVEN_PAID")


def in_queue(event: ShopEvent, task_queue: str) -> dict[str, Any]:
    """Return the fields of activity info that identify the order's queue."""
    name = callbacks_id(event.order_id)
    return {"workflow_id": name, "workflow_type": "Callback", "task_queue": task_queue}
