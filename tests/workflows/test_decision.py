"""The decision over random facts: what must hold whatever happens, in any order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given, settings, strategies as st

from contracts import (
    CancelWish,
    InquiryVerdict,
    Money,
    PaymentOutcome,
    PayVerdict,
)
from tests.builders import (
    PRICE,
    a_cancel,
    a_notification,
    a_page,
    a_refusal,
    an_inquiry,
    an_order,
)
from workflows.attempt import Asked, Attempt, Heard
from workflows.decision import (
    Begin,
    Cancel,
    End,
    GiveBack,
    Inquire,
    Pay,
    Review,
    Step,
    Wait,
    deadline_of,
    decide,
)
from workflows.facts import Facts, WalletWish

START = datetime(2026, 11, 24, 12, tzinfo=UTC)
ORDER = an_order(order_id="order")
OTHER_MONEY = Money(currency="PHP", value=1)

Fact = Asked[object] | Heard

times = st.integers(0, 3600).map(lambda seconds: START + timedelta(seconds=seconds))
pages = st.builds(
    lambda minutes: a_page(expires_at=START + timedelta(minutes=minutes)),
    st.integers(1, 14),
)
pay_answers = st.one_of(
    st.none(),
    pages,
    st.builds(
        lambda verdict, certain: a_refusal(verdict=verdict, certain=certain),
        st.sampled_from([verdict for verdict in PayVerdict if verdict != "OPENED"]),
        st.booleans(),
    ),
)
money = st.sampled_from([PRICE, PRICE, PRICE, OTHER_MONEY])
inquiry_answers = st.one_of(
    st.none(),
    st.builds(
        lambda verdict, amount: an_inquiry(verdict, amount=amount),
        st.sampled_from(list(InquiryVerdict)),
        money,
    ),
)
cancel_answers = st.one_of(
    st.none(), st.sampled_from(["CANCELLED", "REFUSED", "NOT_ALLOWED"]).map(a_cancel)
)
notifications = st.builds(
    lambda kind, status, amount, payment_id: a_notification(
        ORDER,
        notify_type=kind,
        result_status=status,
        amount=amount,
        **({"payment_id": payment_id} if payment_id else {}),
    ),
    st.sampled_from(["PAYMENT_RESULT", "PAYMENT_PENDING", "CAPTURE_RESULT"]),
    st.sampled_from(["S", "F", "U", ""]),
    money,
    st.sampled_from([None, None, None, "another"]),
)


def asked(answers: st.SearchStrategy[object]) -> st.SearchStrategy[Asked[object]]:
    return st.builds(
        lambda at, answer: Asked(at, at + timedelta(seconds=1), answer), times, answers
    )


@st.composite
def attempts(draw: st.DrawFn, number: int = 1) -> Attempt:
    return Attempt(
        f"order_{number}",
        number,
        draw(st.sampled_from(["GCASH", "TNG"])),
        START,
        opened_by="call",
        pays=draw(st.lists(asked(pay_answers), max_size=3)),  # type: ignore[arg-type]
        inquiries=draw(st.lists(asked(inquiry_answers), max_size=6)),  # type: ignore[arg-type]
        cancels=draw(st.lists(asked(cancel_answers), max_size=3)),  # type: ignore[arg-type]
        heard=draw(st.lists(st.builds(Heard, times, notifications), max_size=4)),
    )


@st.composite
def any_facts(draw: st.DrawFn) -> Facts:
    numbers = range(1, draw(st.integers(1, 2)) + 1)
    wish = st.builds(
        WalletWish, st.sampled_from(["GCASH", "TNG"]), times, st.just("call")
    )
    cancel_wanted_at = draw(st.none() | times)
    return Facts(
        ORDER,
        START,
        [draw(attempts(number)) for number in numbers],
        wallet_wish=draw(st.none() | wish),
        check_wanted_at=draw(st.none() | times),
        cancel_wanted_at=cancel_wanted_at,
        cancel_wish=CancelWish() if cancel_wanted_at else None,
    )


def proven(attempt: Attempt) -> bool:
    """Rule 1, said once more in its own words."""
    by_notification = any(
        heard.notification.notify_type == "PAYMENT_RESULT"
        and heard.notification.result_status == "S"
        and heard.notification.amount == PRICE
        and attempt.payment_id in (None, heard.notification.payment_id)
        for heard in attempt.heard
    )
    by_inquiry = any(
        one.answer is not None
        and one.answer.verdict == "SUCCESS"
        and one.answer.amount == PRICE
        and attempt.payment_id in (None, one.answer.payment_id)
        for one in attempt.inquiries
    )
    return by_notification or by_inquiry


def shuffled(facts: Facts, seed: int) -> Facts:
    """The same facts as if they had come in another order."""
    random = Random(seed)

    def mixed(attempt: Attempt) -> Attempt:
        return replace(
            attempt,
            pays=random.sample(attempt.pays, len(attempt.pays)),
            inquiries=random.sample(attempt.inquiries, len(attempt.inquiries)),
            cancels=random.sample(attempt.cancels, len(attempt.cancels)),
            heard=random.sample(attempt.heard, len(attempt.heard)),
        )

    return replace(facts, attempts=[mixed(attempt) for attempt in facts.attempts])


def doubled(facts: Facts) -> Facts:
    """The same facts, each notification heard twice."""
    twice = [replace(one, heard=one.heard * 2) for one in facts.attempts]
    return replace(facts, attempts=twice)


def essence(step: Step) -> object:
    """What a step means, apart from which of equal objects it holds."""
    if isinstance(step, End):
        return "End", step.outcome, step.attempt.number
    if isinstance(step, Pay | Inquire | Cancel | GiveBack):
        return type(step), step.attempt.number
    if isinstance(step, Review):
        return "Review"
    return step


@given(any_facts(), times, st.integers())
def test_the_decision_does_not_depend_on_the_order_of_arrival(
    facts: Facts, now: datetime, seed: int
) -> None:
    assert essence(decide(shuffled(facts, seed), now)) == essence(decide(facts, now))


@given(any_facts(), times)
def test_duplicates_change_nothing(facts: Facts, now: datetime) -> None:
    assert essence(decide(doubled(facts), now)) == essence(decide(facts, now))


@given(any_facts(), times)
def test_only_rule_one_makes_a_payment_paid(facts: Facts, now: datetime) -> None:
    step = decide(facts, now)
    if isinstance(step, End) and step.outcome is PaymentOutcome.PAID:
        assert proven(step.attempt)
        assert step.success is not None
        assert step.success.amount == PRICE


@given(any_facts(), times, st.lists(st.builds(Heard, times, notifications)))
def test_a_success_is_never_undone_by_what_is_heard_later(
    facts: Facts, now: datetime, more: list[Heard]
) -> None:
    step = decide(facts, now)
    if not (isinstance(step, End) and step.outcome is PaymentOutcome.PAID):
        return
    step.attempt.heard.extend(more)
    later = decide(facts, now)
    assert isinstance(later, Inquire | Wait | Review) or (
        isinstance(later, End) and later.outcome is PaymentOutcome.PAID
    )


@given(any_facts(), times)
def test_nothing_ends_unpaid_without_a_word_of_alipay(
    facts: Facts, now: datetime
) -> None:
    step = decide(facts, now)
    if isinstance(step, End) and step.outcome is not PaymentOutcome.PAID:
        assert facts.current.is_dead or not facts.current.pays


@given(any_facts(), st.timedeltas(timedelta(days=1), timedelta(days=400)))
def test_nothing_ends_by_age_alone(facts: Facts, age: timedelta) -> None:
    early, late = decide(facts, START + timedelta(hours=2)), decide(facts, START + age)
    assert isinstance(late, End) == isinstance(early, End)
    assert essence(late) == essence(early) or not isinstance(late, End)


@given(any_facts(), times)
def test_money_that_does_not_fit_is_never_the_end(facts: Facts, now: datetime) -> None:
    misfit = any(
        success.amount != PRICE
        for attempt in facts.attempts
        for success in attempt.successes
    )
    if misfit:
        assert not isinstance(decide(facts, now), End | Begin | Pay)


@given(any_facts(), times)
def test_the_next_attempt_begins_only_when_the_last_is_over(
    facts: Facts, now: datetime
) -> None:
    step = decide(facts, now)
    if isinstance(step, Begin):
        assert facts.current.is_dead or not facts.current.pays
        assert not any(attempt.is_paid for attempt in facts.attempts)
        assert step.number == facts.current.number + 1


@given(any_facts(), times)
def test_two_successes_of_one_order_are_never_both_kept(
    facts: Facts, now: datetime
) -> None:
    step = decide(facts, now)
    kept = [
        attempt
        for attempt in facts.attempts
        if attempt.is_paid
        and (attempt is facts.current or attempt.verdicts(InquiryVerdict.SUCCESS))
    ]
    if len(kept) > 1:
        assert not isinstance(step, End)


@given(any_facts(), times)
def test_money_is_given_back_only_where_a_later_attempt_is_paid(
    facts: Facts, now: datetime
) -> None:
    step = decide(facts, now)
    if isinstance(step, GiveBack):
        assert step.attempt is not facts.current
        assert step.attempt.is_paid
        assert facts.current.is_paid


@given(any_facts(), times)
def test_a_cancel_that_may_have_taken_effect_is_asked_about_before_paid(
    facts: Facts, now: datetime
) -> None:
    step = decide(facts, now)
    if isinstance(step, End) and step.outcome is PaymentOutcome.PAID:
        assert not step.attempt.may_be_cancelled


@given(any_facts(), times)
def test_a_payment_always_knows_what_to_do_next(facts: Facts, now: datetime) -> None:
    step = decide(facts, now)
    if isinstance(step, Wait):
        assert step.until > now


@given(any_facts(), times)
@settings(max_examples=50)
def test_facts_survive_the_change_of_runs(facts: Facts, now: datetime) -> None:
    carried = Facts.of(facts.carried(), now)
    assert essence(decide(carried, now)) == essence(decide(facts, now))


def test_a_silent_payment_is_asked_about_only_after_its_expiry() -> None:
    facts = Facts.of(ORDER, START)
    page = a_page(expires_at=START + timedelta(minutes=14))
    facts.current.pays.append(Asked(START, START, page))
    deadline = deadline_of(facts.current)
    assert decide(facts, START) == Wait(deadline)
    assert decide(facts, deadline - timedelta(milliseconds=1)) == Wait(deadline)
    assert decide(facts, deadline) == Inquire(facts.current)
