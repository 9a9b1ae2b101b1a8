"""Attempts beside the current one: of earlier runs, or known from notifications only.

Alipay is asked about them, for their money may pay the order. But such an inquiry does
not delay a proven outcome, and a success that Alipay has signed is never dropped: one
that an inquiry does not confirm in time is left to late money.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from contracts import LateMoneyPolicy, PaymentOutcome
from workflows.payment.attempt import NOT_EXIST_TRIES, Attempt
from workflows.payment.backoff import HINT_GAP, inquire, when_due
from workflows.payment.facts import Facts
from workflows.payment.steps import (
    Begin,
    End,
    Inquire,
    LeaveToLateMoney,
    Pay,
    Review,
    Step,
    Wait,
)


def ask_about_others(step: Step, facts: Facts, now: datetime) -> Step:
    """Inquire about other attempts where the order's own step allows it.

    Args:
        step: The step that follows from the current attempt and all answers.
        facts: All known facts.
        now: The workflow's time.
    """
    if isinstance(step, End) and step.outcome is PaymentOutcome.PAID:
        unasked = (one for one in _taken_up(facts) if not one.inquiries)
        return next((Inquire(one) for one in unasked), None) or leave_behind(
            step, facts
        )
    for one, _ in _in_question(facts):
        if _is_unconfirmed(one, is_end=isinstance(step, End)):
            return _left(one, step, facts)
    if isinstance(step, End):
        # Unpaid so far: wait a little for a success of another attempt, and for
        # Alipay's answer about an attempt of a stopped run.
        return _question(facts, now, only_paid=True) or step
    question = _question(facts, now)
    match step:
        case _ if question is None:
            return step
        case Begin() | Pay(attempt=Attempt(pays=[])):
            return question  # no second attempt is opened while another one may be paid
        case Pay(attempt=attempt) if _may_be_unsent(attempt, facts):
            return question
        case Pay() | Wait() | Review() if isinstance(question, Inquire):
            return question
        case Wait() | Review() if isinstance(question, Wait):
            return replace(step, others_at=question.until)
    return step


def leave_behind(end: End, facts: Facts) -> Step:
    """Before the end, leave each unconfirmed success to late money."""
    for one, _ in _in_question(facts):
        if _says_paid(one) and one is not end.attempt:
            return _left(one, end, facts)
    return end


def _left(attempt: Attempt, step: Step, facts: Facts) -> LeaveToLateMoney:
    if not isinstance(step, End):
        # The current attempt is still to pay the order: this one is not needed.
        return LeaveToLateMoney(attempt, LateMoneyPolicy.REFUND)
    if step.outcome is PaymentOutcome.PAID:
        # Paid by a person's decision alone: any of the money may be meant.
        payer = step.attempt if step.success else None
        return LeaveToLateMoney(attempt, LateMoneyPolicy.REFUND, payer)
    return LeaveToLateMoney(attempt, facts.order.late_money)


def _question(
    facts: Facts, now: datetime, *, only_paid: bool = False
) -> Inquire | Wait | None:
    """Return the first due inquiry; one at a time, however many hints there are."""
    taken_up = _taken_up(facts)
    asked = [one.at for other in _others(facts) for one in other.inquiries]
    questions = [
        (index, inquire(one, hint, now))
        for index, (one, hint) in enumerate(_in_question(facts))
        if _says_paid(one) or not only_paid or one in taken_up
    ]
    if not questions:
        return None
    _, first = min(questions, key=lambda it: (_due(it[1], now), it[0]))
    if isinstance(first, Wait) or not asked:
        return first
    return when_due(max(asked) + HINT_GAP, first, now)


def _due(question: Inquire | Wait, now: datetime) -> datetime:
    return question.until if isinstance(question, Wait) else now


def _in_question(facts: Facts) -> Iterator[tuple[Attempt, datetime]]:
    """Return the attempts with an unanswered hint, and the time of that hint.

    If Alipay answers NOT_EXIST, that settles a notified failure or a pending payment,
    but not a success: Alipay has signed it.
    """
    for one in _others(facts):
        notified = [
            it
            for it in one.heard
            if one.given_back_at is None or it.at > one.given_back_at
        ]
        newest = max((it.at for it in notified), default=None)
        if newest is None or (one.settled_at and one.settled_at >= newest):
            continue
        says_paid = any(it.says_paid for it in notified)
        is_answered = one.answered_at is not None and one.answered_at >= newest
        if not says_paid and (one.given_back_at or (one.never_existed and is_answered)):
            continue
        yield one, newest


def _may_be_unsent(attempt: Attempt, facts: Facts) -> bool:
    """Whether the attempt may never have been sent by its stopped run."""
    is_answered = any(asked.answer for asked in attempt.pays)
    return facts.order.stopped is not None and not is_answered


def _taken_up(facts: Facts) -> list[Attempt]:
    """Return the attempts that a stopped run may have sent: they may be paid."""
    if facts.order.stopped is None:
        return []
    if facts.order.is_lost:
        return _others(facts)
    sent = {one.number for one in facts.order.stopped.attempts if one.wallet}
    return [one for one in _others(facts) if one.number in sent]


def _others(facts: Facts) -> list[Attempt]:
    return [one for one in facts.attempts if one is not facts.current]


def _says_paid(attempt: Attempt) -> bool:
    return any(notified.says_paid for notified in attempt.heard)


def _is_unconfirmed(attempt: Attempt, *, is_end: bool) -> bool:
    """Whether enough inquiries have failed to confirm a signed success."""
    if not _says_paid(attempt):
        return False
    if attempt.never_existed or attempt.given_back_at is not None:
        return True
    since = max(notified.at for notified in attempt.heard)
    asked = [one for one in attempt.inquiries if one.at >= since]
    return is_end and len(asked) >= NOT_EXIST_TRIES
