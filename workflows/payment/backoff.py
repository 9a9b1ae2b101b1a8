"""How often Alipay is asked: quickly while a customer may wait, slowly in an outage."""

from datetime import datetime, timedelta
from typing import TypeVar
from zlib import crc32

from workflows.payment.attempt import Attempt
from workflows.payment.steps import Cancel, Inquire, Pay, Wait

# However many hints come in, one payment asks Alipay at most this often.
HINT_GAP = timedelta(seconds=5)
# Pauses of a question that stays open; never so long that nobody would wait for it.
PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 15, 30, 60, 120, 300, 600, 1800, 3600)
)


def pause(payment_request_id: str, tries: int) -> timedelta:
    """Return the pause after a number of tries, spread by up to a fifth either way.

    The spread comes from the id, not from chance, so that it replays; it keeps
    thousands of payments from asking Alipay in step when an outage ends.
    """
    spread = crc32(f"{payment_request_id}/{tries}".encode()) % 401
    return PAUSES[min(tries, len(PAUSES) - 1)] * ((800 + spread) / 1000)


def inquire(attempt: Attempt, hint: datetime, now: datetime) -> Inquire | Wait:
    """Inquire now, or as soon as the pace allows it: hints from outside may flood."""
    asked = [asked.at for asked in attempt.inquiries]
    in_vain = sum(1 for at in asked if at >= hint)
    if not asked or (attempt.is_own_answer(hint) and not in_vain):
        return Inquire(attempt)
    gap = pause(attempt.request_id, in_vain - 1) if in_vain else HINT_GAP
    return when_due(max(asked) + gap, Inquire(attempt), now)


def until_cancel_is_certain(attempt: Attempt, now: datetime) -> Inquire | Wait:
    """Inquire once a cancel without a verdict cannot be under way any more."""
    due = attempt.cancel_is_certain_at or now
    in_vain = [asked.at for asked in attempt.inquiries if asked.at >= due]
    if in_vain:
        due = max(in_vain) + pause(attempt.request_id, len(in_vain) - 1)
    return when_due(due, Inquire(attempt), now)


StepT = TypeVar("StepT", Pay, Inquire, Cancel)


def when_due(due: datetime, step: StepT, now: datetime) -> StepT | Wait:
    """Return the step, or the wait for its time."""
    return step if now >= due else Wait(due)
