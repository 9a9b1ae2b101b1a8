"""The decisions a person may make about a refund, and their commands, in words."""

from collections.abc import Iterable

from contracts import (
    REFUND_DECISION_WORDS,
    REFUND_DECISIONS,
    RefundRecord,
    RefundStatus,
)

# A person fills these in.
WHO = "--by NAME --reason WHY"


def decisions_in_words(order_id: str, record: RefundRecord) -> str:
    """Return the outcomes, what they mean, and the command; empty where there are none.

    Where a person has proposed one, a second person says the same.
    """
    outcomes = REFUND_DECISIONS.get(record.status, ())
    if not outcomes:
        return ""
    named = "; ".join(f"{one}: {REFUND_DECISION_WORDS[one]}" for one in outcomes)
    usual = [record.proposed.outcome] if record.proposed else outcomes
    said = f"{named}. {resolve_command(order_id, record.refund_id, usual)}"
    match record.status:
        case RefundStatus.CONFIRMING:
            return f"{confirm_command(order_id, record.refund_id)}; or {said}"
        case RefundStatus.IN_PROCESS:
            return f"A day after Alipay accepted it: {said}"
    return said


def resolve_command(order_id: str, refund_id: str, outcomes: Iterable[str]) -> str:
    """Return the command that settles a refund in one of some ways."""
    wanted = "|".join(outcomes)
    return f"cashier refunds resolve {order_id} {refund_id} --outcome {wanted} {WHO}"


def confirm_command(order_id: str, refund_id: str) -> str:
    """Return the command with which a second person lets a refund be sent."""
    return f"cashier refunds confirm {order_id} {refund_id} {WHO}"
