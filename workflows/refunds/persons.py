"""The rules for persons: confirm a refund, settle it, record that it bounced."""

from datetime import datetime

from temporalio.exceptions import ApplicationError

from contracts import (
    RefundConfirmation,
    RefundDecision,
    RefundResolution,
    RefundReturn,
    RefundStatus,
    Refusal as Refused,
    Resolved,
)
from workflows.refunds.decision import decisions_for, why_a_person
from workflows.refunds.ledger import Ledger
from workflows.refunds.refund import Refund, Refusal
from workflows.refunds.requests import check_refund_id
from workflows.resolution import (
    check_is_said,
    check_names_and_reasons,
    check_outcome,
    check_replacement,
    check_second_person,
    confirm,
    is_same_person,
    needs_second_person,
    propose,
)


def check_confirmation(ledger: Ledger, said: RefundConfirmation) -> None:
    """Reject a confirmation that no refund waits for, or by its own requester.

    Raises:
        ApplicationError: Says why; nothing is written to history.
    """
    check_is_said(said)
    refund = _known(ledger, said.refund_id)
    if refund.status is not RefundStatus.CONFIRMING:
        raise ApplicationError(
            f"refund_id: {said.refund_id} does not wait for a second person; it is "
            f"{refund.status}",
            type=Refused.NOT_OPEN,
        )
    check_names_and_reasons(by=said.by, reason=said.reason or "confirmed")
    if is_same_person(said.by, refund.request.by):
        raise ApplicationError(
            "by: this person has asked for the refund; another one must confirm it",
            type=Refused.SECOND_PERSON_NEEDED,
        )


def check_resolution(ledger: Ledger, said: RefundResolution, now: datetime) -> None:
    """Reject a resolution of a refund that does not wait for a person, or not any more.

    Raises:
        ApplicationError: Says why; nothing is written to history.
    """
    check_is_said(said)
    refund = _known(ledger, said.refund_id)
    why = why_a_person(refund, now)
    if why is None:
        raise ApplicationError(
            f"refund_id: {said.refund_id} does not wait for a person; it is "
            f"{refund.status}",
            type=Refused.NOT_IN_REVIEW,
        )
    check_outcome(said.outcome, RefundDecision)
    possible = decisions_for(refund, now)
    if said.outcome not in possible:
        raise ApplicationError(
            f"outcome: must be one of {', '.join(possible)} while the refund is "
            f"{refund.status}",
            type=Refused.RESOLUTION_INCOMPLETE,
        )
    check_names_and_reasons(by=said.by, reason=said.reason)
    check_second_person(refund.proposed, said, why)
    check_replacement(refund.proposed, said, why)


def check_return(ledger: Ledger, said: RefundReturn) -> None:
    """Reject `returned` for a refund that has not succeeded.

    Raises:
        ApplicationError: Says why; nothing is written to history.
    """
    check_is_said(said)
    refund = _known(ledger, said.refund_id)
    if refund.status is not RefundStatus.SUCCEEDED:
        raise ApplicationError(
            "refund_id: only a refund that has succeeded can be returned; "
            f"{said.refund_id} is {refund.status}",
            type=Refused.NOT_OPEN,
        )
    check_names_and_reasons(by=said.by, reason=said.reason)


def confirm_refund(refund: Refund, said: RefundConfirmation) -> None:
    """Record that a second person has confirmed a refund."""
    refund.confirmed = Resolved(
        by=refund.request.by, reason=said.reason, confirmed_by=said.by.strip()
    )
    refund.doubt = refund.doubt or doubt_about(said.dispute_id)


def doubt_about(dispute_id: str) -> str | None:
    """Return why a person must decide about a refund; None without an open dispute."""
    if not dispute_id:
        return None
    return f"dispute {dispute_id} is open: if it is lost, the customer is paid twice"


def settle(
    refund: Refund, said: RefundResolution, now: datetime, *, above: int | None
) -> None:
    """Carry out a person's decision; above an amount, only once a second one agrees.

    Args:
        refund: The refund, as `check_resolution` has accepted it.
        said: The decision.
        now: The workflow's time.
        above: The most that one person may settle, in minor units; None for all.
    """
    why = why_a_person(refund, now) or ""
    resolved = confirm(refund.proposed, said, why)
    amount = refund.amount
    if not resolved and needs_second_person(above, amount.currency, [amount]):
        refund.proposed = propose(said, why)
        return
    refund.resolved = resolved or Resolved(by=said.by.strip(), reason=said.reason)
    refund.proposed = None
    match RefundDecision(said.outcome):
        case RefundDecision.SEND:
            refund.doubt, refund.at_once = None, True
        case RefundDecision.WITHDRAW:
            refund.is_refused(Refusal("WITHDRAWN", "by a person"), now)
        case RefundDecision.GIVEN_BACK:
            refund.has_gone_back(refund.request_id, now, None)
        case RefundDecision.NOT_GIVEN_BACK:
            refund.is_refused(Refusal("NOT_GIVEN_BACK", "by a person"), now)


def record_return(refund: Refund, said: RefundReturn) -> None:
    """Record that a refund has bounced: its amount can be refunded again."""
    refund.returned = Resolved(by=said.by.strip(), reason=said.reason)


def _known(ledger: Ledger, refund_id: str) -> Refund:
    """Return a refund by its refund_id.

    Raises:
        ApplicationError: There is none.
    """
    check_refund_id(refund_id)
    refund = ledger.refunds.get(refund_id)
    if refund is None:
        raise ApplicationError(
            f"refund_id: order {ledger.order_id} has no refund {refund_id}",
            type=Refused.UNKNOWN_REFUND,
        )
    return refund
