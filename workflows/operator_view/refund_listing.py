"""The search attributes of an order's refunds: those of its most urgent refund.

Temporal Cloud bills each change as an action: refunds that end at once make none.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from temporalio.common import SearchAttributeUpdate, TypedSearchAttributes

from contracts import ENDED_BY_A_PERSON, RefundStatus
from visibility import EXPIRES_AT, Listed, NeedsAttention
from workflows.operator_view.listing import Listing, changes_to
from workflows.refunds.decision import REFUND_PATIENCE, attention_of
from workflows.refunds.ledger import Ledger
from workflows.refunds.refund import Refund

# The list shows one reason: the most urgent.
GRAVEST = (
    NeedsAttention.REVIEW,
    NeedsAttention.SECOND_PERSON,
    NeedsAttention.NO_VERDICT,
    NeedsAttention.OVERDUE,
    NeedsAttention.BALANCE,
    NeedsAttention.REFUSED,
)


def attentions(
    ledger: Ledger, now: datetime
) -> Iterator[tuple[Refund, NeedsAttention]]:
    """Return the refunds that need an operator's attention, and why.

    One that Alipay has refused is among them until a person has acted: has withdrawn
    it, or has requested another refund since.
    """
    refunds = list(ledger.refunds.values())
    asked_last = max((one.asked_at for one in refunds), default=now)
    for refund in refunds:
        if attention := attention_of(refund, now):
            yield refund, attention
        elif _is_refused(refund) and asked_last <= (refund.ended_at or now):
            yield refund, NeedsAttention.REFUSED


def listing_of_refunds(ledger: Ledger, now: datetime) -> Listing:
    """Return how an order's refunds are listed."""
    needed = {attention for _, attention in attentions(ledger, now)}
    gravest = next((one for one in GRAVEST if one in needed), None)
    return Listing(Listed.REFUNDS, gravest)


def changes_of_refunds(
    listed: TypedSearchAttributes, ledger: Ledger, now: datetime
) -> list[SearchAttributeUpdate[Any]]:
    """Return the changes that bring the list up to date.

    `ExpiresAt` says from when on a refund in process needs attention: a filter by time
    then finds it even if no worker runs. It is set once Alipay has answered twice that
    the refund is in process, for most end before.
    """
    changes = changes_to(listed, listing_of_refunds(ledger, now))
    expires_at, shown = _patience_ends(ledger), listed.get(EXPIRES_AT)
    if expires_at is None and shown is not None:
        changes.append(EXPIRES_AT.value_unset())
    elif expires_at is not None and shown != expires_at:
        changes.append(EXPIRES_AT.value_set(expires_at))
    return changes


def _patience_ends(ledger: Ledger) -> datetime | None:
    since = [
        refund.taken_on_at
        for refund in ledger.open
        if refund.taken_on_at
        and refund.asked_last
        and refund.asked_last > refund.taken_on_at
    ]
    return min(since) + REFUND_PATIENCE if since else None


def _is_refused(refund: Refund) -> bool:
    refusal = refund.refusal
    return (
        refund.status is RefundStatus.REFUSED
        and refusal is not None
        and refusal.code not in ENDED_BY_A_PERSON
    )
