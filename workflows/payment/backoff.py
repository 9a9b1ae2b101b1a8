"""Pauses between calls to Alipay: short while a customer waits, long in an outage."""

from datetime import datetime, timedelta
from typing import TypeVar
from zlib import crc32

from workflows.payment.attempt import Attempt
from workflows.payment.steps import Cancel, Inquire, Pay, Wait

# However many hints arrive, one payment inquires at most this often.
HINT_GAP = timedelta(seconds=5)
# Pauses before a call is repeated that has no final answer yet.
PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 15, 30, 60, 120, 300, 600, 1800, 3600)
)


def pause(payment_request_id: str, tries: int) -> timedelta:
    """Return the pause after a number of tries, spread by up to a fifth either way.

    The spread follows from the id, not from a random number, so that it replays; it
    keeps thousands of payments from calling Alipay at the same time when an outage
    ends.
    """
    spread = crc32(f"{payment_request_id}/{tries}".encode()) % 401
    return PAUSES[min(tries, len(PAUSES) - 1)] * ((800 + spread) / 1000)


def inquire(attempt: Attempt, hint: datetime, now: datetime) -> Inquire | Wait:
    """Inquire now, or as soon as `HINT_GAP` allows: hints may come in any number."""
    asked = [asked.at for asked in attempt.inquiries]
    unsettled = sum(1 for at in asked if at >= hint)
    if not asked or (attempt.is_own_answer(hint) and not unsettled):
        return Inquire(attempt)
    gap = pause(attempt.request_id, unsettled - 1) if unsettled else HINT_GAP
    return when_due(max(asked) + gap, Inquire(attempt), now)


def until_cancel_is_certain(attempt: Attempt, now: datetime) -> Inquire | Wait:
    """Inquire once a cancel without a verdict can no longer be under way."""
    due = attempt.cancel_is_certain_at or now
    unsettled = [asked.at for asked in attempt.inquiries if asked.at >= due]
    if unsettled:
        due = max(unsettled) + pause(attempt.request_id, len(unsettled) - 1)
    return when_due(due, Inquire(attempt), now)


StepT = TypeVar("StepT", Pay, Inquire, Cancel)


def when_due(due: datetime, step: StepT, now: datetime) -> StepT | Wait:
    """Return the step, or the wait for its time."""
    return step if now >= due else Wait(due)
