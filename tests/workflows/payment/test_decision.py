"""The decision over random facts: invariants in any order of events."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given, settings, strategies as st

from contracts import (
    EXPIRY_MARGIN,
    EXPIRY_SPREAD,
    CancelWish,
    InquiryVerdict,
    Money,
    PaymentOutcome,
    PayVerdict,
    expiry_spread,
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
from workflows.payment.attempt import Asked, Attempt, Heard
from workflows.payment.bounds import MOST_OF_OTHERS
from workflows.payment.decision import decide
from workflows.payment.doubts import find_doubt, payer_of
from workflows.payment.endings import deadline_of
from workflows.payment.facts import Facts, WalletWish
from workflows.payment.steps import (
    Begin,
    Cancel,
    End,
    GiveBack,
    Inquire,
    LeaveToLateMoney,
    Pay,
    Review,
    Step,
    Wait,
)
from workflows.releases import EXPIRY_IS_SPREAD

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
    choice = st.builds(
        WalletWish, st.sampled_from(["GCASH", "TNG"]), times, st.just("call")
    )
    cancel_wanted_at = draw(st.none() | times)
    return Facts(
        ORDER,
        START,
        [draw(attempts(number)) for number in numbers],
        wallet_wish=draw(st.none() | choice),
        check_wanted_at=draw(st.none() | times),
        cancel_wanted_at=cancel_wanted_at,
        cancel_wish=CancelWish() if cancel_wanted_at else None,
    )


def proven(attempt: Attempt) -> bool:
    """Rule 1, written independently of the code."""
    by_notification = any(
        notified.notification.notify_type == "PAYMENT_RESULT"
        and notified.notification.result_status == "S"
        and notified.notification.amount == PRICE
        and attempt.payment_id in (None, notified.notification.payment_id)
        for notified in attempt.heard
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
    """The same facts, with each notification twice."""
    twice = [replace(one, heard=one.heard * 2) for one in facts.attempts]
    return replace(facts, attempts=twice)


def essence(step: Step) -> object:
    """The step without object identities, to compare steps of equal facts."""
    if isinstance(step, End):
        return "End", step.outcome, step.attempt.number
    if isinstance(step, Pay | Inquire | Cancel | GiveBack):
        return type(step), step.attempt.number
    if isinstance(step, LeaveToLateMoney):
        payer = step.order_paid_by
        return type(step), step.attempt.number, step.policy, payer and payer.number
    if isinstance(step, Review):
        return "Review", step.others_at
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
def test_a_success_is_never_undone_by_later_messages(
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
def test_no_payment_ends_unpaid_without_an_answer_of_alipay(
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
    # Where another attempt pays the order, this money only goes back.
    if misfit and payer_of(facts) is None:
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
def test_money_is_given_back_only_where_another_attempt_pays(
    facts: Facts, now: datetime
) -> None:
    step = decide(facts, now)
    if isinstance(step, GiveBack):
        payer = payer_of(facts)
        assert step.attempt.is_paid
        assert payer is not None
        assert payer is not step.attempt
        assert proven(payer)


@given(any_facts(), times)
def test_an_order_that_one_attempt_pays_is_never_under_review(
    facts: Facts, now: datetime
) -> None:
    if payer_of(facts) is not None:
        assert not isinstance(decide(facts, now), Review)


@given(any_facts(), times)
def test_no_question_about_another_attempt_keeps_a_paid_one_from_its_end(
    facts: Facts, now: datetime
) -> None:
    current, step = facts.current, decide(facts, now)
    asked_for = facts.check_wanted_at or facts.cancel_wanted_at or facts.wallet_wish
    if payer_of(facts) is current and not (current.may_be_cancelled or asked_for):
        assert isinstance(step, End | GiveBack | LeaveToLateMoney)


@given(any_facts(), times)
def test_a_signed_success_of_another_attempt_is_never_dropped(
    facts: Facts, now: datetime
) -> None:
    if not isinstance(decide(facts, now), End):
        return
    for one in facts.attempts[:-1]:
        notified = [notified.at for notified in one.heard if notified.says_paid]
        assert all(one.settled_at and one.settled_at >= at for at in notified)


@given(any_facts(), st.timedeltas(timedelta(days=1), timedelta(days=2)))
def test_an_order_ends_though_another_attempt_is_never_answered(
    facts: Facts, age: timedelta
) -> None:
    """Each inquiry about the other attempt ends without a verdict; the order ends.

    Its own attempt has failed, so nothing else is left to wait for.
    """
    facts.cancel_wanted_at = START  # another page would wait for the answer
    other, current = facts.attempts[0], facts.current
    if other is current or facts.paid or find_doubt(facts):
        return
    now = START + age
    failed = an_inquiry("FAIL", amount=PRICE)
    current.inquiries.append(Asked(now, now, failed))
    for _ in range(30):
        step = decide(facts, now)
        if isinstance(step, End | Begin | Review):
            return
        if isinstance(step, LeaveToLateMoney):
            step.attempt.given_back_at = now
        elif isinstance(step, Inquire):
            answer = None if step.attempt is other else failed
            step.attempt.inquiries.append(Asked(now, now, answer))
        now += timedelta(hours=2)
    raise AssertionError(f"still wants {step}")


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
    """Except for many inquiries about another attempt: then it is inquired sooner."""
    others = [one for one in facts.attempts if one is not facts.current]
    assume(
        all(max(len(one.inquiries), len(one.heard)) <= MOST_OF_OTHERS for one in others)
    )
    carried = Facts.of(facts.carried(), now)
    assert essence(decide(carried, now)) == essence(decide(facts, now))


def an_opened_payment(**changes: Any) -> Facts:
    """A payment with a page, of today's release unless changed."""
    facts = Facts.of(an_order(order_id="order", **changes), START)
    page = a_page(expires_at=START + timedelta(minutes=14))
    facts.current.pays.append(Asked(START, START, page))
    return facts


EXPIRY = START + timedelta(minutes=14)


@pytest.mark.parametrize(
    ("code", "asked_at", "outcome"),
    [
        # Two clocks never agree to the second: a failure near the expiry is the expiry.
        ("PROCESS_FAIL", EXPIRY - timedelta(milliseconds=500), PaymentOutcome.EXPIRED),
        ("PROCESS_FAIL", EXPIRY - timedelta(seconds=20), PaymentOutcome.EXPIRED),
        ("", EXPIRY + timedelta(seconds=40), PaymentOutcome.EXPIRED),
        ("PROCESS_FAIL", EXPIRY - timedelta(minutes=5), PaymentOutcome.DECLINED),
        # A code that names a reason is a decline, whenever Alipay is asked for it.
        ("RISK_REJECT", EXPIRY - timedelta(seconds=20), PaymentOutcome.DECLINED),
        ("RISK_REJECT", EXPIRY + timedelta(seconds=40), PaymentOutcome.DECLINED),
    ],
)
def test_only_a_declined_payment_is_called_declined(
    code: str, asked_at: datetime, outcome: PaymentOutcome
) -> None:
    facts = an_opened_payment()
    failed = an_inquiry("FAIL", result_code=code)
    facts.current.inquiries.append(Asked(asked_at, asked_at, failed))
    step = decide(facts, asked_at)
    assert isinstance(step, End)
    assert step.outcome is outcome


def test_a_notified_decline_is_one_though_it_is_asked_for_after_the_expiry() -> None:
    facts = an_opened_payment()
    declined = a_notification(
        facts.order, result_status="F", result_code="USER_BALANCE_NOT_ENOUGH"
    )
    facts.add_notification(declined, START + timedelta(minutes=1))
    late = EXPIRY + timedelta(minutes=1)
    failed = an_inquiry("FAIL", result_code="PROCESS_FAIL")
    facts.current.inquiries.append(Asked(late, late, failed))
    step = decide(facts, late)
    assert isinstance(step, End)
    assert step.outcome is PaymentOutcome.DECLINED


def test_the_expiry_is_the_whole_second_that_alipay_is_sent() -> None:
    begun = START + timedelta(microseconds=734_000)
    facts = Facts.of(an_order(order_id="order", expires_in_minutes=5), begun)
    before = Facts.of(an_order(order_id="order", release=2), begun)
    assert facts.current.expires_at == START + timedelta(minutes=5)
    assert before.current.expires_at.microsecond == 734_000


def a_lost_page(facts: Facts, at: datetime) -> None:
    """Let the current attempt exist without a page, and be closed for certain."""
    facts.current.pays += [
        Asked(at, at, None),
        Asked(at, at, a_refusal("PAYMENT_IN_PROCESS", verdict=PayVerdict.NO_PAGE)),
    ]
    facts.current.cancels.append(Asked(at, at, a_cancel()))
    gone = an_inquiry("CANCELLED", amount=PRICE)
    facts.current.inquiries.append(Asked(at, at, gone))


def test_a_page_that_got_lost_is_followed_by_the_next_attempt() -> None:
    facts = Facts.of(ORDER, START)
    a_lost_page(facts, START + timedelta(seconds=10))
    assert decide(facts, START + timedelta(seconds=11)) == Begin(2, "GCASH")


def test_a_lost_page_of_an_expired_attempt_is_not_a_decline() -> None:
    facts = Facts.of(ORDER, START)
    a_lost_page(facts, START + timedelta(seconds=10))
    step = decide(facts, START + timedelta(minutes=20))
    assert isinstance(step, End)
    assert step.outcome is PaymentOutcome.EXPIRED


def test_pages_that_keep_getting_lost_end_the_payment_as_expired() -> None:
    facts = Facts.of(ORDER, START)
    for number in (1, 2, 3):
        now = START + timedelta(seconds=10 * number)
        a_lost_page(facts, now)
        step = decide(facts, now)
        if isinstance(step, Begin):
            facts.begin_attempt(step.number, step.wallet, now)
    assert number == facts.current.number == 3
    assert isinstance(step, End)
    assert step.outcome is PaymentOutcome.EXPIRED


def test_a_payment_that_failed_without_a_page_is_declined() -> None:
    facts = Facts.of(ORDER, START)
    a_lost_page(facts, START + timedelta(seconds=10))
    facts.current.cancels.clear()
    failed = an_inquiry("FAIL", result_code="RISK_REJECT")
    now = START + timedelta(seconds=11)
    facts.current.inquiries = [Asked(now, now, failed)]
    step = decide(facts, now)
    assert isinstance(step, End)
    assert step.outcome is PaymentOutcome.DECLINED


def test_a_success_that_alipay_never_knew_is_left_to_late_money() -> None:
    facts = an_opened_payment()
    facts.add_notification(a_notification(ORDER, payment_request_id="order_2"), START)
    unknown = an_inquiry("NOT_EXIST", payment_id=None, amount=None)
    for second in (0, 20, 50):
        at = START + timedelta(seconds=second)
        facts.attempts[0].inquiries.append(Asked(at, at, unknown))
    step = decide(facts, START + timedelta(seconds=51))
    assert isinstance(step, LeaveToLateMoney)
    assert step.attempt.request_id == "order_2"
    step.attempt.given_back_at = START + timedelta(seconds=51)
    assert decide(facts, START + timedelta(seconds=52)) == Wait(
        deadline_of(facts.current)
    )


def test_no_page_is_opened_while_another_attempt_may_be_paid() -> None:
    facts = Facts.of(ORDER, START)
    facts.add_notification(a_notification(ORDER, payment_request_id="order_2"), START)
    asked = decide(facts, START)
    other = facts.attempts[0]
    other.inquiries.append(Asked(START, START, an_inquiry("PROCESSING", amount=None)))
    waiting = decide(facts, START + timedelta(seconds=1))
    other.inquiries.append(
        Asked(START, START + timedelta(seconds=2), an_inquiry("CANCELLED"))
    )
    assert asked == Inquire(other)
    assert isinstance(waiting, Wait)
    assert decide(facts, START + timedelta(seconds=3)) == Pay(facts.current)


def test_payments_that_expire_together_are_asked_about_one_after_the_other() -> None:
    page = a_page(expires_at=START)
    by_release = {}
    for release in (EXPIRY_IS_SPREAD - 1, EXPIRY_IS_SPREAD):
        facts = [
            Facts.of(an_order(order_id=f"o-{number}", release=release), START)
            for number in range(1000)
        ]
        for one in facts:
            one.current.pays.append(Asked(START, START, page))
        waits = [deadline_of(one.current) - START for one in facts]
        assert all(
            decide(one, START + wait) == Inquire(one.current)
            for one, wait in zip(facts, waits, strict=True)
        )
        by_release[release] = sorted(waits)
    before, now = by_release.values()
    assert {*before} == {EXPIRY_MARGIN}
    assert min(now) >= EXPIRY_MARGIN
    assert max(now) < EXPIRY_MARGIN + EXPIRY_SPREAD
    for second in range(30):
        begins = EXPIRY_MARGIN + timedelta(seconds=second)
        together = [one for one in now if begins <= one < begins + timedelta(seconds=1)]
        assert len(together) < 60


def notified_of_expiry(release: int) -> tuple[Facts, datetime]:
    """Return a payment of which Alipay notifies right after its expiry, and then."""
    order = an_order(order_id="order-7", release=release)
    facts, notified_at = Facts.of(order, START), START + timedelta(seconds=3)
    page = a_page(expires_at=START)
    facts.current.pays.append(Asked(START, START, page))
    facts.add_notification(
        a_notification(order, result_status="F", result_code=""), notified_at
    )
    return facts, notified_at


def test_inquiries_after_many_notified_expiries_are_spread() -> None:
    facts, notified_at = notified_of_expiry(EXPIRY_IS_SPREAD)
    due = START + 2 * expiry_spread("order-7_1")
    assert notified_at < due <= deadline_of(facts.current)
    assert decide(facts, notified_at) == Wait(due)
    assert decide(facts, due) == Inquire(facts.current)
    before, notified_at = notified_of_expiry(EXPIRY_IS_SPREAD - 1)
    assert decide(before, notified_at) == Inquire(before.current)


def test_an_inquiry_requested_after_the_expiry_does_not_wait_for_the_spread() -> None:
    facts, notified_at = notified_of_expiry(EXPIRY_IS_SPREAD)
    facts.check_wanted_at = asked_at = notified_at + timedelta(seconds=1)
    assert decide(facts, asked_at) == Inquire(facts.current)


def test_a_decline_before_the_expiry_is_asked_about_at_once() -> None:
    order = an_order(order_id="order-7", release=EXPIRY_IS_SPREAD)
    facts = Facts.of(order, START)
    page = a_page(expires_at=START + timedelta(minutes=1))
    facts.current.pays.append(Asked(START, START, page))
    facts.add_notification(a_notification(order, result_status="F"), START)
    assert decide(facts, START) == Inquire(facts.current)


def test_a_silent_payment_is_asked_about_only_after_its_expiry() -> None:
    facts = Facts.of(ORDER, START)
    page = a_page(expires_at=START + timedelta(minutes=14))
    facts.current.pays.append(Asked(START, START, page))
    deadline = deadline_of(facts.current)
    assert decide(facts, START) == Wait(deadline)
    assert decide(facts, deadline - timedelta(milliseconds=1)) == Wait(deadline)
    assert decide(facts, deadline) == Inquire(facts.current)
