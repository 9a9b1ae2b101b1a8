"""The search attributes of a payment, changed only where it leaves its usual course.

Temporal Cloud bills each change as an action, so a payment that is paid in the usual
way makes none: `ON_COURSE` and *Completed* together mean PAID.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from temporalio.common import SearchAttributeUpdate, TypedSearchAttributes

from contracts import PaymentOutcome
from visibility import (
    EXPIRES_AT,
    NEEDS_ATTENTION,
    OVERDUE_AFTER,
    PAYMENT_STATUS,
    WALLET,
    Listed,
    NeedsAttention,
)
from workflows.payment.attempt import Attempt
from workflows.payment.doubts import find_doubt
from workflows.payment.endings import deadline_of
from workflows.payment.facts import Facts
from workflows.payment.steps import End, Step


@dataclass(frozen=True)
class Listing:
    """The values of one payment in the list; None where an attribute is unset."""

    status: str
    needs_attention: str | None = None


def listing_of(facts: Facts, step: Step, now: datetime) -> Listing:
    """Return how a payment is listed."""
    match step:
        case End(outcome=outcome):
            return Listing(outcome)
        case _ if find_doubt(facts):
            return Listing(Listed.REVIEW, NeedsAttention.REVIEW)
    return Listing(Listed.ON_COURSE, _attention_of(facts, now))


def _attention_of(facts: Facts, now: datetime) -> NeedsAttention | None:
    if now >= deadline_of(facts.current) + OVERDUE_AFTER:
        return NeedsAttention.OVERDUE
    if facts.current.lacks_a_verdict:
        return NeedsAttention.NO_VERDICT
    return None


def changes_to(
    listed: TypedSearchAttributes, listing: Listing
) -> list[SearchAttributeUpdate[Any]]:
    """Return the changes that bring the list up to date."""
    changes: list[SearchAttributeUpdate[Any]] = []
    status, attention = listed.get(PAYMENT_STATUS), listed.get(NEEDS_ATTENTION)
    says_paid = listing.status == PaymentOutcome.PAID and status == Listed.ON_COURSE
    if status != listing.status and not says_paid:
        changes.append(PAYMENT_STATUS.value_set(listing.status))
    if listing.needs_attention is None and attention is not None:
        changes.append(NEEDS_ATTENTION.value_unset())
    elif listing.needs_attention != attention and listing.needs_attention is not None:
        changes.append(NEEDS_ATTENTION.value_set(listing.needs_attention))
    return changes


def changes_for_an_attempt(attempt: Attempt) -> list[SearchAttributeUpdate[Any]]:
    """Return the changes for a further attempt: its wallet and its expiry."""
    return [
        WALLET.value_set(attempt.wallet),
        EXPIRES_AT.value_set(attempt.begun_at + attempt.lasts),
    ]
