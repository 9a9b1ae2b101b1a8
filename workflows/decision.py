"""The decision: facts in, next step out. Pure, and blind to the order of arrival.

The workflow only gathers facts and carries out what is decided here, so everything that
a payment may come to can be read, and tested, in this file.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

from contracts import (
    InquiryVerdict,
    PaymentOutcome,
    PayVerdict,
)
from workflows.facts import Attempt, Facts, Success

# Alipay closes a payment some seconds after its expiry; asking earlier only asks twice.
EXPIRY_MARGIN = timedelta(seconds=30)
# However many hints come in, one payment asks Alipay at most this often.
HINT_GAP = timedelta(seconds=5)
# Pauses of a question that stays open: quick while a customer may be waiting, slow
# when Alipay is down for hours, never so long that a person would not wait for it.
PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 15, 30, 60, 120, 300, 600, 1800, 3600)
)
# Answers of `pay` after which this attempt will never have a page.
PAGELESS = (
    PayVerdict.REFUSED,
    PayVerdict.ID_IS_DEAD,
    PayVerdict.ID_DIFFERS,
    PayVerdict.NO_PAGE,
)


@dataclass(frozen=True)
class Pay:
    """Ask Alipay to open the attempt, or to tell again what it answered."""

    attempt: Attempt


@dataclass(frozen=True)
class Inquire:
    """Ask Alipay what became of the attempt."""

    attempt: Attempt


@dataclass(frozen=True)
class Cancel:
    """Ask Alipay to close the attempt, so that nobody can pay it late."""

    attempt: Attempt


@dataclass(frozen=True)
class Wait:
    """Nothing to do before this time, unless news arrive."""

    until: datetime


@dataclass(frozen=True)
class Review:
    """A person must decide; the text says why and what money is at risk."""

    why: str


@dataclass(frozen=True)
class End:
    """The payment is over."""

    outcome: PaymentOutcome
    attempt: Attempt
    success: Success | None = None


Step = Pay | Inquire | Cancel | Wait | Review | End


def decide(facts: Facts, now: datetime) -> Step:
    """Say what to do next for an order's payment.

    Args:
        facts: All that is known; at least one attempt.
        now: The workflow's time.
    """
    attempt = facts.current
    if doubt := _doubt(attempt, facts):
        return Review(doubt)
    if hint := _unanswered_hint(attempt, facts, now):
        return _inquire(attempt, hint, now)
    success = next(attempt.successes, None)
    if success and not attempt.is_cancelled_by_us:
        return End(PaymentOutcome.PAID, attempt, success)
    if attempt.is_dead:
        return End(_how_it_ended(attempt, facts), attempt)
    if _shall_close(attempt, facts, now):
        return _close(attempt, facts, now)
    if not attempt.page:
        return _open(attempt, now)
    return Wait(_deadline(attempt, facts))


def _doubt(attempt: Attempt, facts: Facts) -> str | None:
    """Say what only a person can settle, if anything."""
    for success in attempt.successes:
        if not facts.matches(success, attempt):
            return (
                f"Alipay reports a success of {success.amount} as payment "
                f"{success.payment_id}; the order is over {facts.order.amount} "
                f"as payment {attempt.payment_id}"
            )
    over = attempt.verdicts(InquiryVerdict.FAIL, InquiryVerdict.CANCELLED)
    asked_success = attempt.verdicts(InquiryVerdict.SUCCESS)
    if asked_success and (over or attempt.is_cancelled_by_us):
        return "Alipay reports a success and an end without payment"
    # After our own cancel a success is refunded by Alipay (docs/protocol.md 3.6).
    if any(attempt.successes) and over and not attempt.is_cancelled_by_us:
        return "Alipay notified a success of an attempt that it had closed unpaid"
    return None


def _unanswered_hint(attempt: Attempt, facts: Facts, now: datetime) -> datetime | None:
    """Return the time of the newest reason to inquire that no inquiry has answered."""
    proven = any(attempt.successes) and not attempt.is_cancelled_by_us
    if attempt.is_dead or proven or not attempt.pays:
        return None
    hints = [heard.at for heard in attempt.heard if not heard.says_paid]
    hints += [asked.ended_at for asked in attempt.cancels]
    hints += [
        asked.ended_at
        for asked in attempt.pays
        if not asked.answer or asked.answer.verdict is not PayVerdict.OPENED
    ]
    hints += [at for at in (facts.check_wanted_at, facts.cancel_wanted_at) if at]
    hints += [deadline for deadline in [_deadline(attempt, facts)] if now >= deadline]
    newest = max(hints, default=None)
    if newest and (attempt.answered_at is None or attempt.answered_at < newest):
        return newest
    return None


def _inquire(attempt: Attempt, hint: datetime, now: datetime) -> Step:
    """Inquire now, or as soon as the pace allows it."""
    asked = [asked.at for asked in attempt.inquiries]
    if not asked:
        return Inquire(attempt)
    in_vain = sum(1 for at in asked if at >= hint)
    gap = _pause(attempt, in_vain - 1) if in_vain else HINT_GAP
    return _at(max(asked) + gap, Inquire(attempt), now)


def _open(attempt: Attempt, now: datetime) -> Step:
    """Ask for the page; again with growing pauses while there was no verdict."""
    if not attempt.pays:
        return Pay(attempt)
    last = max(asked.ended_at for asked in attempt.pays)
    return _at(last + _pause(attempt, len(attempt.pays) - 1), Pay(attempt), now)


def _shall_close(attempt: Attempt, facts: Facts, now: datetime) -> bool:
    """Whether nobody shall pay this attempt any more: unwanted, over, or pageless."""
    return (
        facts.cancel_wanted_at is not None
        or now >= _deadline(attempt, facts)
        or bool(attempt.refusals(*PAGELESS))
    )


def _close(attempt: Attempt, facts: Facts, now: datetime) -> Step:
    """Cancel; where Alipay refuses that, go on asking until Alipay has closed it."""
    deadline = _deadline(attempt, facts)
    since = deadline if now >= deadline else facts.cancel_wanted_at or attempt.begun_at
    answered = [
        asked.ended_at
        for asked in attempt.cancels
        if asked.answer and (asked.at >= since or attempt.is_cancelled_by_us)
    ]
    if not answered:
        in_vain = [asked.ended_at for asked in attempt.cancels if asked.at >= since]
        if not in_vain:
            return Cancel(attempt)
        pause = _pause(attempt, len(in_vain) - 1)
        return _at(max(in_vain) + pause, Cancel(attempt), now)
    if attempt.page and now < deadline and not attempt.is_cancelled_by_us:
        return Wait(deadline)  # the wallet does not let go; the customer may still pay
    polls = [asked.at for asked in attempt.inquiries if asked.at >= max(answered)]
    pause = _pause(attempt, len(polls) - 1) if polls else timedelta(0)
    return _at(max(polls, default=now) + pause, Inquire(attempt), now)


def _deadline(attempt: Attempt, facts: Facts) -> datetime:
    return attempt.expires_at(facts.order) + EXPIRY_MARGIN


def _how_it_ended(attempt: Attempt, facts: Facts) -> PaymentOutcome:
    if facts.cancel_wanted_at is not None:
        return PaymentOutcome.CANCELLED
    if attempt.refusals(*PAGELESS):
        return PaymentOutcome.DECLINED
    if attempt.is_cancelled_by_us:
        return PaymentOutcome.EXPIRED
    if attempt.verdicts(InquiryVerdict.CANCELLED):
        return PaymentOutcome.CANCELLED  # at Alipay's dashboard, by the merchant
    failed = attempt.verdicts(InquiryVerdict.FAIL)
    at_its_end = all(asked.at >= attempt.expires_at(facts.order) for asked in failed)
    return PaymentOutcome.EXPIRED if at_its_end else PaymentOutcome.DECLINED


def _at(due: datetime, step: Pay | Inquire | Cancel, now: datetime) -> Step:
    return step if now >= due else Wait(due)


def _pause(attempt: Attempt, tries: int) -> timedelta:
    """Return the pause after a number of tries, spread by up to a fifth either way.

    The spread comes from the attempt, not from chance, so that it replays; it keeps
    thousands of payments from asking Alipay in step when an outage ends.
    """
    spread = crc32(f"{attempt.wallet}/{attempt.begun_at}/{tries}".encode()) % 401
    return PAUSES[min(tries, len(PAUSES) - 1)] * ((800 + spread) / 1000)
