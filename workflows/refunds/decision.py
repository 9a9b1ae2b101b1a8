"""The next step of one refund: a pure function of its facts and the time.

Money rules: nothing is sent twice under two ids unless the first was definitely
refused; without a verdict the same id is sent again, with an inquiry before each try;
no refund fails by age.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

from contracts import REFUND_DECISIONS, RefundDecision, RefundStatus
from visibility import NeedsAttention
from workflows.refunds.refund import MOST_UNKNOWN, Refund


def _minutes(*pauses: float) -> tuple[timedelta, ...]:
    return tuple(timedelta(minutes=pause) for pause in pauses)


# For a refund without an answer, as Alipay recommends (docs/protocol.md 3.7).
NO_VERDICT_PAUSES = _minutes(2, 10, 10, 60)
# Alipay may find a refund only some seconds after it was sent.
UNKNOWN_PAUSE = timedelta(seconds=15)
# For a refund in process. No longest time is documented; as a rule a notice ends it.
IN_PROCESS_PAUSES = _minutes(1, 5, 15, 60)
# Until the merchant's balance has been topped up.
BALANCE_PAUSES = _minutes(10, 30, 60)
# How long a refund may be in process before it needs attention.
REFUND_PATIENCE = timedelta(days=1)


@dataclass(frozen=True)
class Send:
    """Send the refund: Alipay executes the same id only once."""


@dataclass(frozen=True)
class Inquire:
    """Inquire the state of the present try."""


@dataclass(frozen=True)
class Wait:
    """Wait until then, or until there are new facts."""

    until: datetime
    what_for: str


@dataclass(frozen=True)
class AskPerson:
    """Wait for a person, without a time limit."""


@dataclass(frozen=True)
class Over:
    """The refund has succeeded, or was refused."""


Step = Send | Inquire | Wait | AskPerson | Over


def next_step(refund: Refund, now: datetime) -> Step:
    """Return the next step of a refund."""
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
    # Spread by the id, not at random, so that it replays: not all call at the same
    # time.
    spread = crc32(f"{refund.request_id}/{tries}".encode()) % 201
    due = refund.asked_last + usual * ((1000 + spread) / 1000)
    return step if now >= due else Wait(due, words)


def attention_of(refund: Refund, now: datetime) -> NeedsAttention | None:
    """Return why a refund needs an operator's attention; None if it does not."""
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
    """Return the decisions a person may take; none while nothing needs one."""
    if attention_of(refund, now) is None:
        return ()
    return REFUND_DECISIONS.get(refund.status, ())


def why_a_person(refund: Refund, now: datetime) -> str | None:
    """Return the text a person decides about; two persons must see the same text."""
    if not decisions_for(refund, now):
        return None
    return refund.doubt or f"{refund.refund_id}: {refund.status}"
