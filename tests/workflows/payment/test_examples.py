"""The examples in the docstrings of the decision, step by step."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts import CancelWish, InquiryVerdict, PaymentOutcome, expiry_spread
from tests.builders import a_cancel, a_notification, a_page, an_inquiry, an_order
from workflows.payment.attempt import Asked
from workflows.payment.decision import decide
from workflows.payment.facts import Facts
from workflows.payment.steps import Cancel, End, Inquire, Pay, Wait

# Its attempt has no share of the spread (`expiry_spread`), for simple numbers.
ORDER = an_order(order_id="order-1812")


def at(minute: int, second: int = 0) -> datetime:
    return datetime(2026, 11, 24, 12, minute, second, tzinfo=UTC)


DEADLINE = at(14, 30)


def test_an_attempt_waits_up_to_half_a_minute_longer_by_its_id() -> None:
    assert expiry_spread(f"{ORDER.order_id}_1") == timedelta()
    spreads = [expiry_spread(f"order-{number}_1") for number in range(1000)]
    assert timedelta(seconds=29) < max(spreads) < timedelta(seconds=30)


@pytest.fixture
def facts() -> Facts:
    """An order at 12:00 whose attempt Alipay has opened until 12:14."""
    facts = Facts.of(ORDER, at(0))
    page = a_page(expires_at=at(14))
    facts.current.pays.append(Asked(at(0), at(0, 1), page))
    return facts


def ask(facts: Facts, verdict: InquiryVerdict, when: datetime) -> None:
    facts.current.inquiries.append(Asked(when, when, an_inquiry(verdict)))


def cancel(facts: Facts, verdict: str | None, when: datetime) -> None:
    answer = a_cancel(verdict) if verdict else None
    facts.current.cancels.append(Asked(when, when, answer))


def test_an_attempt_that_was_not_sent_is_opened() -> None:
    assert isinstance(decide(Facts.of(ORDER, at(0)), at(0)), Pay)


def test_an_open_attempt_waits_until_its_expiry_and_a_margin(facts: Facts) -> None:
    assert decide(facts, at(1)) == Wait(DEADLINE)


def test_a_signed_success_ends_the_payment_as_paid(facts: Facts) -> None:
    facts.add_notification(a_notification(ORDER), at(5))
    end = decide(facts, at(5))
    assert isinstance(end, End)
    assert end.outcome is PaymentOutcome.PAID


def test_an_unpaid_attempt_is_asked_about_cancelled_asked_about_and_expired(
    facts: Facts,
) -> None:
    assert isinstance(decide(facts, DEADLINE), Inquire)
    ask(facts, InquiryVerdict.PROCESSING, DEADLINE)
    assert isinstance(decide(facts, DEADLINE), Cancel)
    cancel(facts, "CANCELLED", at(14, 31))
    assert isinstance(decide(facts, at(14, 31)), Inquire)
    ask(facts, InquiryVerdict.CANCELLED, at(14, 32))
    end = decide(facts, at(14, 32))
    assert isinstance(end, End)
    assert end.outcome is PaymentOutcome.EXPIRED


def test_a_hint_is_answered_by_a_question_that_is_put_after_it(facts: Facts) -> None:
    ask(facts, InquiryVerdict.PROCESSING, at(2))
    assert decide(facts, at(2)) == Wait(DEADLINE)
    facts.add_notification(a_notification(ORDER, payment_id="another"), at(3))
    assert isinstance(decide(facts, at(3)), Inquire)
    ask(facts, InquiryVerdict.PROCESSING, at(3))
    assert decide(facts, at(3)) == Wait(DEADLINE)


def let_expire(facts: Facts) -> None:
    ask(facts, InquiryVerdict.PROCESSING, DEADLINE)


def test_a_refused_cancel_after_the_expiry_is_followed_by_questions(
    facts: Facts,
) -> None:
    let_expire(facts)
    assert isinstance(decide(facts, DEADLINE), Cancel)
    cancel(facts, "REFUSED", at(14, 31))
    assert isinstance(decide(facts, at(14, 31)), Inquire)
    ask(facts, InquiryVerdict.PROCESSING, at(14, 32))
    pause = decide(facts, at(14, 32))
    assert isinstance(pause, Wait)
    assert isinstance(decide(facts, pause.until), Inquire)


def test_a_refused_cancel_before_the_expiry_leaves_the_page_usable(
    facts: Facts,
) -> None:
    facts.cancel_wanted_at, facts.cancel_wish = at(5), CancelWish()
    ask(facts, InquiryVerdict.PROCESSING, at(5))
    assert isinstance(decide(facts, at(5)), Cancel)
    cancel(facts, "REFUSED", at(5, 1))
    assert isinstance(decide(facts, at(5, 1)), Inquire)
    ask(facts, InquiryVerdict.PROCESSING, at(5, 2))
    assert decide(facts, at(5, 2)) == Wait(DEADLINE)


def test_a_cancel_without_an_answer_is_repeated_after_a_pause(facts: Facts) -> None:
    let_expire(facts)
    cancel(facts, None, DEADLINE)
    pause = decide(facts, DEADLINE)
    assert isinstance(pause, Wait)
    assert isinstance(decide(facts, pause.until), Cancel)
