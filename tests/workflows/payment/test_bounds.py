"""A continued run takes over few facts, and all that decide."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from hypothesis import example, given, settings, strategies as st

from contracts import InquiryVerdict, Money, Order, PaymentOutcome
from tests.builders import (
    PAYMENT_ID,
    PRICE,
    a_cancel,
    a_notification,
    a_page,
    an_inquiry,
    an_order,
)
from workflows.payment.attempt import Asked
from workflows.payment.decision import decide
from workflows.payment.facts import Facts
from workflows.payment.steps import End

AnswerT = TypeVar("AnswerT")
START = datetime(2026, 11, 24, 12, tzinfo=UTC)
ORDER = an_order(order_id="order")
# Far below Temporal's limit of 2 MiB, and small enough to be cheap.
MOST_BYTES = 256 * 1024

floods = st.fixed_dictionaries(
    {
        "attempts": st.integers(0, 800),
        "successes": st.integers(0, 300),
        "inquiries": st.integers(0, 3000),
        "pays": st.integers(0, 1000),
        "cancels": st.integers(0, 1000),
        "says_paid": st.booleans(),
        "verdict": st.sampled_from(list(InquiryVerdict)),
    }
)


def flooded(flood: dict[str, Any]) -> Facts:
    """A payment with a page, and very many messages about it."""
    facts = Facts.of(ORDER, START)
    attempt = facts.current
    attempt.pays += [Asked(START, START, None)] * flood["pays"]
    attempt.pays.append(at(flood["pays"], a_page(expires_at=START + timedelta(days=1))))
    for number in range(flood["attempts"]):
        notify(
            facts,
            number,
            payment_request_id=f"order_{number + 2}",
            result_status="S" if flood["says_paid"] else "F",
        )
    for number in range(flood["successes"]):
        notify(facts, number, payment_id=f"another-{number}", result_message="x" * 5000)
    answer = an_inquiry(flood["verdict"], amount=Money(currency="PHP", value=7))
    attempt.inquiries += [at(n, answer) for n in range(flood["inquiries"])]
    attempt.cancels += [at(n, a_cancel("REFUSED")) for n in range(flood["cancels"])]
    return facts


def at(second: int, answer: AnswerT) -> Asked[AnswerT]:
    asked_at = START + timedelta(seconds=second)
    return Asked(asked_at, asked_at, answer)


def notify(facts: Facts, second: int, **changes: Any) -> None:
    facts.add_notification(
        a_notification(ORDER, **changes), START + timedelta(seconds=second)
    )


def size_of(order: Order) -> int:
    return len(json.dumps(order.model_dump(mode="json")))


@given(floods)
@example(
    {
        "attempts": 5000,
        "successes": 300,
        "inquiries": 8000,
        "pays": 1000,
        "cancels": 1000,
        "says_paid": True,
        "verdict": InquiryVerdict.PENDING,
    }
)
@settings(max_examples=10, deadline=None)
def test_many_messages_do_not_make_the_carried_facts_large(
    flood: dict[str, Any],
) -> None:
    assert size_of(flooded(flood).carried()) < MOST_BYTES


@given(floods, st.booleans())
@settings(max_examples=10, deadline=None)
def test_the_true_success_still_pays_after_many_messages(
    flood: dict[str, Any], is_carried_first: bool
) -> None:
    flood |= {"verdict": InquiryVerdict.PROCESSING}
    facts = flooded(flood)
    now = START + timedelta(hours=3)
    if is_carried_first:
        facts = Facts.of(facts.carried(), now)
    notify(facts, 10_000)
    if not is_carried_first:
        facts = Facts.of(facts.carried(), now)
    step = decide(facts, now)
    while not isinstance(step, End):
        # Unconfirmed successes are first left to late money, one by one.
        step.attempt.given_back_at = now  # type: ignore[union-attr]
        step = decide(facts, now)
    assert step.outcome is PaymentOutcome.PAID
    assert step.attempt is facts.current
    assert step.success is not None
    assert step.success.payment_id == PAYMENT_ID


def test_a_final_answer_is_never_displaced_by_later_ones() -> None:
    facts = Facts.of(ORDER, START)
    paid = an_inquiry("SUCCESS", amount=PRICE)
    facts.current.inquiries = [
        at(0, paid),
        *(at(n + 1, an_inquiry("PENDING", amount=None)) for n in range(500)),
    ]
    carried = Facts.of(facts.carried(), START)
    assert len(carried.current.inquiries) < 60
    assert carried.current.is_paid
    assert next(carried.current.successes).amount == PRICE


def test_every_success_that_a_new_run_has_no_room_for_is_named() -> None:
    facts = Facts.of(ORDER, START)
    for number in range(300):
        notify(facts, number, payment_request_id=f"order_{number + 2}")
    named = {one.request_id for one in facts.excess}
    carried = Facts.of(facts.carried(), START)
    kept = {one.request_id for one in carried.attempts}
    assert named | kept == {one.request_id for one in facts.attempts}
    assert not named & kept


def test_twenty_successes_of_other_payments_do_not_displace_the_true_one() -> None:
    facts = Facts.of(ORDER, START)
    facts.current.pays.append(at(0, a_page(expires_at=START + timedelta(days=1))))
    for number in range(200):
        notify(facts, number, payment_id=f"another-{number}")
    notify(facts, 300)
    step = decide(facts, START + timedelta(minutes=10))
    assert isinstance(step, End)
    assert step.outcome is PaymentOutcome.PAID
