"""Texts on stuck refunds: why a refund does not progress, and what to do."""

from cashier.refund_decisions import confirm_command, resolve_command
from contracts import (
    ENDED_BY_A_PERSON,
    REFUND_DECISIONS,
    RefundRecord,
    RefundStatus,
    RefundsView,
    in_words,
)
from visibility.stuck import Kind

# The status of a refund that is stuck, by kind.
_STANDS = {
    Kind.REVIEW: RefundStatus.REVIEW,
    Kind.SECOND_PERSON: RefundStatus.CONFIRMING,
    Kind.NO_VERDICT: RefundStatus.SENT,
    Kind.OVERDUE: RefundStatus.IN_PROCESS,
    Kind.BALANCE: RefundStatus.WAITING,
    Kind.REFUSED: RefundStatus.REFUSED,
}


def refunds_meant(kind: Kind, view: RefundsView | None) -> tuple[RefundRecord, ...]:
    """Return the refunds stuck in one way, the oldest first; none without a view.

    A refund that a person has withdrawn is refused, and not stuck.
    """
    refunds = view.refunds if view else ()
    return tuple(
        one
        for one in refunds
        if one.status is _STANDS.get(kind) and one.result_code not in ENDED_BY_A_PERSON
    )


def why(kind: Kind, meant: tuple[RefundRecord, ...]) -> str:
    """Return why a refund does not progress: one sentence."""
    which = _named(meant)
    first = meant[0] if meant else None
    code = f"{first.result_code} {first.result_message}".strip() if first else ""
    match kind:
        case Kind.SECOND_PERSON:
            by = f", which {first.by} has asked for," if first else ""
            return (
                f"{which}{by} waits for a second person's confirmation; it was not "
                "sent."
            )
        case Kind.REVIEW:
            doubt = f": {first.review}" if first and first.review else ""
            return f"{which} waits for a person's decision{doubt}."
        case Kind.NO_VERDICT:
            return f"Alipay has not reported the outcome of {which}."
        case Kind.BALANCE:
            return f"The merchant's balance at Alipay is too low for {which}."
        case Kind.REFUSED:
            return (
                f"{which} was refused{f': {code}' if code else ''}. Nothing was "
                "refunded."
            )
        case _:
            return (
                f"Alipay accepted {which} more than a day ago, and has not completed "
                "it."
            )


def what_to_do(kind: Kind, order_id: str, meant: tuple[RefundRecord, ...]) -> str:
    """Return the first thing to do: a sentence with the command to run."""
    first = meant[0] if meant else None
    name = first.refund_id if first else "REFUND"
    if first and first.proposed:
        by, proposed = first.proposed.by, [first.proposed.outcome]
        command = resolve_command(order_id, name, proposed)
        return f"As another person than {by}: {command}"
    resolve = resolve_command(order_id, name, REFUND_DECISIONS.get(_STANDS[kind], ()))
    match kind:
        case Kind.SECOND_PERSON:
            confirm = confirm_command(order_id, name)
            return f"As another person: {confirm}. If it shall not go back: {resolve}"
        case Kind.REVIEW:
            return f"Look the dispute up in Alipay's portal, then: {resolve}"
        case Kind.BALANCE:
            return (
                "Top up the merchant's balance at Alipay; it is sent again by itself. "
                f"At once, or not at all: {resolve}"
            )
        case Kind.REFUSED:
            return (
                "Once the cause is removed, request it under another id: cashier "
                "refunds start "
                f"{order_id} --refund-id NEW --by NAME; or pay the customer in "
                "another way."
            )
        case _:
            return (
                "Never refund it a second time meanwhile. To ask Alipay at once, or "
                f"where its portal says how it ended: {resolve}"
            )


def _named(meant: tuple[RefundRecord, ...]) -> str:
    if not meant:
        return "A refund"
    first, others = meant[0], len(meant) - 1
    more = f" and {others} more" if others else ""
    return f"{first.refund_id} over {in_words(first.amount)}{more}"
