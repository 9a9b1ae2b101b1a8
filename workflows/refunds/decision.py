"""What comes next for one refund: a pure function over its facts and the time.

Money rules: nothing is sent twice under two ids unless the first was definitely
refused; no verdict is not a verdict, so the same id is sent again, with an inquiry
before each; nothing fails by age.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

from contracts import RefundDecision, RefundStatus
from visibility import NeedsAttention
from workflows.refunds.refund import MOST_UNKNOWN, Refund


def _minutes(*pauses: float) -> tuple[timedelta, ...]:
    return tuple(timedelta(minutes=pause) for pause in pauses)


# Of a refund without an answer, as Alipay recommends it (docs/protocol.md 3.7).
NO_VERDICT_PAUSES = _minutes(2, 10, 10, 60)
# Alipay may know a refund only some seconds later.
UNKNOWN_PAUSE = timedelta(seconds=15)
# Of one that Alipay has taken on. No longest time is documented; a notice comes first.
IN_PROCESS_PAUSES = _minutes(1, 5, 15, 60)
# Until the merchant's balance has been topped up.
BALANCE_PAUSES = _minutes(10, 30, 60)
# When a refund that Alipay has taken on gets attention.
REFUND_PATIENCE = timedelta(days=1)


@dataclass(frozen=True)
class Send:
    """Ask Alipay to give the money back: the same id gives it back once."""


@dataclass(frozen=True)
class Inquire:
    """Ask what became of the present try."""


@dataclass(frozen=True)
class Wait:
    """Wait until then, or until news come."""

    until: datetime
    what_for: str


@dataclass(frozen=True)
class AskPerson:
    """Wait for a person, without a time."""


@dataclass(frozen=True)
class Over:
    """It has gone back, or was refused."""


Step = Send | Inquire | Wait | AskPerson | Over


def next_step(refund: Refund, now: datetime) -> Step:
    """Return what comes next."""
    match refund.status:
        case RefundStatus.SUCCEEDED | RefundStatus.REFUSED | RefundStatus.RETURNED:
            return Over()
        case RefundStatus.CONFIRMING | RefundStatus.REVIEW:
            return AskPerson()
        case RefundStatus.WAITING:
            pauses, step = BALANCE_PAUSES, Send()
            tries, words = refund.times_short - 1, "The balance was too low; send again"
        case RefundStatus.IN_PROCESS:
            since = refund.taken_on_at or now
            tries = int((now - since) / timedelta(minutes=5)) if now > since else 0
            return _when_due(
                refund, IN_PROCESS_PAUSES, tries, Inquire(), "Ask about the refund", now
            )
        case _ if refund.sent_at is None:
            return Send()
        case _ if refund.unknown >= MOST_UNKNOWN:
            return Send()
        case _ if refund.unknown:
            pauses, tries = (UNKNOWN_PAUSE,), 0
            return _when_due(refund, pauses, tries, Inquire(), "Ask once more", now)
        case _:
            pauses, tries = NO_VERDICT_PAUSES, max(0, refund.unanswered - 1)
            return _when_due(refund, pauses, tries, Inquire(), "Ask again", now)
    return _when_due(refund, pauses, tries, step, words, now)


def _when_due(
    refund: Refund,
    pauses: tuple[timedelta, ...],
    tries: int,
    step: Send | Inquire,
    words: str,
    now: datetime,
) -> Step:
    if refund.at_once or refund.asked_last is None:
        return step
    usual = pauses[min(tries, len(pauses) - 1)]
    # Spread by the id, not by chance, so that it replays: many do not ask in step.
    spread = crc32(f"{refund.request_id}/{tries}".encode()) % 201
    due = refund.asked_last + usual * ((1000 + spread) / 1000)
    return step if now >= due else Wait(due, words)


def attention_of(refund: Refund, now: datetime) -> NeedsAttention | None:
    """Say why an operator should look at a refund, if at all."""
    match refund.status:
        case RefundStatus.CONFIRMING:
            return NeedsAttention.SECOND_PERSON
        case RefundStatus.REVIEW:
            return NeedsAttention.REVIEW
        case RefundStatus.WAITING:
            return NeedsAttention.BALANCE
        case RefundStatus.SENT:
            return NeedsAttention.NO_VERDICT
        case RefundStatus.IN_PROCESS:
            since = refund.taken_on_at or now
            return NeedsAttention.OVERDUE if now - since >= REFUND_PATIENCE else None
    return None


def decisions_for(refund: Refund, now: datetime) -> tuple[RefundDecision, ...]:
    """Return what a person may decide; nothing while a refund takes its course.

    What may have moved is not withdrawn, and what was never sent has not moved.
    """
    match refund.status:
        case RefundStatus.CONFIRMING:
            return (RefundDecision.WITHDRAW,)
        case RefundStatus.REVIEW | RefundStatus.WAITING:
            return (RefundDecision.SEND, RefundDecision.WITHDRAW)
        case RefundStatus.SENT | RefundStatus.IN_PROCESS if attention_of(refund, now):
            return (
                RefundDecision.SEND,
                RefundDecision.GIVEN_BACK,
                RefundDecision.NOT_GIVEN_BACK,
            )
    return ()


def why_a_person(refund: Refund, now: datetime) -> str | None:
    """Say what a person decides about; two persons decide about the same words."""
    if not decisions_for(refund, now):
        return None
    return refund.doubt or f"{refund.refund_id}: {refund.status}"
