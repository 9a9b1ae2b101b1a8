"""The decision: facts in, next step out.

Pure; the order of arrival does not matter. The workflow only gathers facts and carries
out the step decided here, so every possible course of a payment can be read, and
tested, from here on: deadlines and outcomes in `endings`, pauses in `backoff`, doubts
that only a person can settle in `doubts`.
"""

from datetime import datetime

from contracts import InquiryVerdict, PaymentOutcome, PayVerdict
from workflows.payment.attempt import Attempt
from workflows.payment.backoff import inquire, pause, until_cancel_is_certain, when_due
from workflows.payment.doubts import (
    find_doubt,
    is_of_the_order,
    payer_of,
    reported_paid,
    second_charges,
)
from workflows.payment.endings import (
    PAGELESS,
    deadline_of,
    has_no_page,
    how_it_ended,
    may_be_asked_at,
)
from workflows.payment.facts import Facts
from workflows.payment.other_attempts import ask_about_others, leave_behind
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
from workflows.releases import (
    ATTEMPTS_END_INDEPENDENTLY,
    LOST_PAGE_OPENS_ANOTHER,
    PROOF_IS_ENOUGH,
)

# Answers to `pay` after which the next number is tried, once the attempt is dead.
WRONG_NUMBER = (PayVerdict.ID_IS_DEAD, PayVerdict.ID_DIFFERS)
# Numbers in a row that other runs may have used up before a person must decide.
MOST_WRONG_NUMBERS = 30
# Pages in a row that may get lost before the shop must request another one.
MOST_LOST_PAGES = 3


def decide(facts: Facts, now: datetime) -> Step:
    """Return the next step of an order's payment.

    Example: an order at 12:00, its first attempt not sent yet: `Pay`. Alipay has
    answered with a page that can be used until 12:14: `Wait` until 12:14:30, which is
    the expiry and a margin; from release 4 on each attempt adds its share of 30 s,
    which for this one is none. At 12:05 a signed notification says that it was paid:
    `End` as PAID. Had none come, at 12:14:30: `Inquire`; Alipay calls it unpaid:
    `Cancel`, then `Inquire` once more, and `End` as EXPIRED. Facts that arrive in
    another order lead to the same end.

    Args:
        facts: All known facts, with at least one attempt.
        now: The workflow's time.
    """
    by_new_rules = facts.order.release >= ATTEMPTS_END_INDEPENDENTLY
    if facts.resolution and by_new_rules:
        return _end_by_a_person(facts, PaymentOutcome(facts.resolution.outcome))
    if facts.resolution:
        attempt = facts.current
        outcome = PaymentOutcome(facts.resolution.outcome)
        return End(outcome, attempt, next(attempt.successes, None))
    if by_new_rules:
        step = _question_about(facts.current, facts, now) or _settle(facts, now)
        return ask_about_others(step, facts, now)
    for asked in facts.attempts:
        if question := _question_about(asked, facts, now):
            return question
    return _settle(facts, now)


def _end_by_a_person(facts: Facts, outcome: PaymentOutcome) -> Step:
    """End as a person has decided, unless Alipay has proven the order paid meanwhile.

    A success that came while the person decided is not dropped: it pays the order, or
    is left to late money where a cancel may have returned it.
    """
    payer = payer_of(facts)
    if payer and not payer.may_be_cancelled:
        if second := next(iter(second_charges(payer, facts)), None):
            return GiveBack(second)
        end = End(PaymentOutcome.PAID, payer, next(payer.successes))
        return leave_behind(end, facts)
    if payer and outcome is not PaymentOutcome.PAID:
        return LeaveToLateMoney(payer, facts.order.late_money)
    attempt = facts.current
    if outcome is PaymentOutcome.PAID:
        paid = payer or next(reversed(facts.paid), None)
        attempt = paid or reported_paid(facts) or attempt
    return leave_behind(End(outcome, attempt, next(attempt.successes, None)), facts)


def _question_about(attempt: Attempt, facts: Facts, now: datetime) -> Step | None:
    """Return the inquiry that must be answered first, or the wait until it is due."""
    if attempt.is_paid and attempt.may_be_cancelled:
        return until_cancel_is_certain(attempt, now)
    if hint := _unanswered_hint(attempt, facts, now):
        due = may_be_asked_at(attempt, hint)
        return inquire(attempt, hint, now) if now >= due else Wait(due)
    return None


def _settle(facts: Facts, now: datetime) -> Step:
    """Return the next step if no inquiry is needed first."""
    attempt, paid = facts.current, facts.paid
    if step := _pay_once(facts, now):
        return step
    if doubt := find_doubt(facts):
        # While a person decides, no further attempt may be paid.
        if attempt.pays and not attempt.is_dead and not any(attempt.successes):
            return _close(attempt, facts, now)
        return Review(doubt)
    is_over = attempt.is_dead or not attempt.pays or _is_left(attempt, facts)
    if paid and (attempt in paid or is_over):
        payer = payer_of(facts) or paid[-1]
        return End(PaymentOutcome.PAID, payer, next(payer.successes))
    if attempt.is_dead:
        return _begin_next(attempt, facts, now) or End(
            how_it_ended(attempt, facts), attempt
        )
    if paid or _should_close(attempt, facts, now):
        return _close(attempt, facts, now)
    if not attempt.page:
        return _open(attempt, now)
    return Wait(deadline_of(attempt))


def _pay_once(facts: Facts, now: datetime) -> Step | None:
    """Give back money that was paid beside the attempt that pays the order.

    Also where the later one is in doubt: no order keeps two charges meanwhile.
    """
    if facts.order.release < ATTEMPTS_END_INDEPENDENTLY:
        paid = facts.paid
        if len(paid) > 1 and is_of_the_order(paid[0], facts):
            return GiveBack(paid[0])
        return None
    payer = payer_of(facts)
    if payer is None:
        return None
    if payer.may_be_cancelled:
        return until_cancel_is_certain(payer, now)
    second = next(iter(second_charges(payer, facts)), None)
    return GiveBack(second) if second else None


def _is_left(attempt: Attempt, facts: Facts) -> bool:
    """Whether a `LatePayment` deals with the money of the current attempt."""
    by_new_rules = facts.order.release >= ATTEMPTS_END_INDEPENDENTLY
    return by_new_rules and attempt.given_back_at is not None


def is_kept_by_old_rules(facts: Facts, now: datetime) -> bool:
    """Whether a payment of an older release would never end by the old rules.

    It waits for an answer about an attempt that Alipay does not know, or for a person
    although one attempt has paid the order with its price.
    """
    if facts.order.release >= ATTEMPTS_END_INDEPENDENTLY or facts.resolution:
        return False
    if any(
        one.never_existed and _unanswered_hint(one, facts, now)
        for one in facts.attempts
        if one is not facts.current
    ):
        return True
    return find_doubt(facts) is not None and payer_of(facts) is not None


def _unanswered_hint(attempt: Attempt, facts: Facts, now: datetime) -> datetime | None:
    """Return the time of the newest hint that no inquiry has answered.

    Example: Alipay was asked at 12:02 and answered PROCESSING. A notification that
    proves nothing, say without a payment id, comes at 12:03: it returns 12:03, and
    Alipay is asked again. The answer to an inquiry sent at 12:03 or later answers the
    hint: then it returns None until an inquiry is requested, or the attempt expires.
    """
    if attempt is not facts.current:
        # It was certainly over when the next one began: a later message needs an
        # inquiry.
        hints = [notified.at for notified in attempt.heard]
        answered_at = attempt.settled_at
    elif attempt.pays:
        hints = [*attempt.hints, *_requested_at(facts)]
        hints += [due for due in [deadline_of(attempt)] if now >= due]
        answered_at = attempt.answered_at
    else:
        return None  # nothing was sent yet, so there is nothing to inquire
    newest = max(hints, default=None)
    if newest is None or (answered_at and answered_at >= newest):
        return None
    if attempt is facts.current and _is_settled(attempt, facts, newest):
        return None
    return newest


def _is_settled(attempt: Attempt, facts: Facts, hint: datetime) -> bool:
    """Whether no inquiry is needed any more: it is certainly dead, or proven paid.

    A requested inquiry is sent all the same, unless the payment can end as PAID without
    it: Alipay may not answer inquiries for hours.
    """
    if facts.order.release >= PROOF_IS_ENOUGH and attempt.is_paid:
        return find_doubt(facts) is None or hint != facts.check_wanted_at
    return (attempt.is_dead or attempt.is_paid) and hint != facts.check_wanted_at


def _requested_at(facts: Facts) -> list[datetime]:
    choice = facts.wallet_wish
    switch = choice if choice and facts.wallet_wanted != facts.current.wallet else None
    requested = (facts.check_wanted_at, facts.cancel_wanted_at, switch and switch.at)
    return [at for at in requested if at]


def _open(attempt: Attempt, now: datetime) -> Step:
    """Send `pay`; again with growing pauses while there was no verdict."""
    if not attempt.pays:
        return Pay(attempt)
    last = max(asked.ended_at for asked in attempt.pays)
    return when_due(
        last + pause(attempt.request_id, len(attempt.pays) - 1), Pay(attempt), now
    )


def _should_close(attempt: Attempt, facts: Facts, now: datetime) -> bool:
    """Whether to close this attempt: it is not wanted, has expired, or has no page."""
    return (
        facts.cancel_wanted_at is not None
        or facts.order.is_lost
        or facts.wallet_wanted != attempt.wallet
        or now >= deadline_of(attempt)
        or bool(attempt.pay_verdicts(*PAGELESS))
    )


def _close(attempt: Attempt, facts: Facts, now: datetime) -> Step:
    """Cancel; where Alipay refuses that, inquire until Alipay has closed the attempt.

    Example: nobody has paid by the deadline, 12:14:30: `Cancel`. Alipay refuses that,
    because the payment is under way: `Inquire`, and again after growing pauses
    (`Wait`), until an answer is final. If the customer cancels at 12:05 and Alipay
    refuses, one `Inquire` is enough, and the page stays usable: `Wait` until 12:14:30.
    Where `Cancel` gets no answer at all, it is repeated after growing pauses.
    """
    if not attempt.pays:
        # No call about it has ever reached Alipay.
        return _begin_next(attempt, facts, now) or End(
            PaymentOutcome.CANCELLED, attempt
        )
    deadline = deadline_of(attempt)
    wanted = [attempt.begun_at, *_requested_at(facts)]
    since = deadline if now >= deadline else max(wanted)
    answered = [
        asked.ended_at
        for asked in attempt.cancels
        if asked.answer and (asked.at >= since or attempt.is_cancelled_by_us)
    ]
    if not answered:
        unsettled = [asked.ended_at for asked in attempt.cancels if asked.at >= since]
        if not unsettled:
            return Cancel(attempt)
        gap = pause(attempt.request_id, len(unsettled) - 1)
        return when_due(max(unsettled) + gap, Cancel(attempt), now)
    if attempt.page and now < deadline and not attempt.is_cancelled_by_us:
        return Wait(deadline)  # the cancel was refused; the customer may still pay
    polls = [asked.at for asked in attempt.inquiries if asked.at >= max(answered)]
    if not polls:
        return Inquire(attempt)
    return when_due(
        max(polls) + pause(attempt.request_id, len(polls) - 1), Inquire(attempt), now
    )


def _begin_next(attempt: Attempt, facts: Facts, now: datetime) -> Begin | None:
    """Begin the next attempt, with another wallet or an unused number."""
    if facts.cancel_wanted_at is not None or facts.paid or facts.order.is_lost:
        return None  # no customer waits for a page of a lost order
    number = _next_number(facts)
    if _lost_its_page(attempt, facts) and now < deadline_of(attempt):
        return Begin(number, facts.wallet_wanted)
    wrong = sum(1 for one in facts.attempts if one.pay_verdicts(*WRONG_NUMBER))
    choice = facts.wallet_wish
    # Also where the customer came back to a wallet whose page was being closed.
    was_replaced = choice is not None and any(
        asked.at < deadline_of(attempt) for asked in attempt.cancels
    )
    switched = facts.wallet_wanted != attempt.wallet or (
        was_replaced and attempt.is_cancelled_by_us
    )
    misnumbered = bool(attempt.pay_verdicts(*WRONG_NUMBER))
    if switched or (misnumbered and wrong < MOST_WRONG_NUMBERS):
        return Begin(number, facts.wallet_wanted)
    return None


def _next_number(facts: Facts) -> int:
    """Return the lowest number that no known attempt has used."""
    by_new_rules = facts.order.release >= ATTEMPTS_END_INDEPENDENTLY
    used = [
        one.number
        for one in facts.attempts
        if one.wallet or one.is_known_to_alipay or not by_new_rules
    ]
    return max(used) + 1


def _lost_its_page(attempt: Attempt, facts: Facts) -> bool:
    """Whether it was opened, its page never reached us, and it was not declined.

    The answer with the page was lost, and the repeat has none. Customer and shop still
    wait, so the next attempt may begin once this one is certainly closed.
    """
    if facts.order.release < LOST_PAGE_OPENS_ANOTHER:
        return False
    lost = [one for one in facts.attempts if has_no_page(one)]
    is_closed = attempt.is_cancelled_by_us or not attempt.verdicts(InquiryVerdict.FAIL)
    return has_no_page(attempt) and is_closed and len(lost) < MOST_LOST_PAGES
