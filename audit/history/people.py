"""Resolutions by persons, and contradictions to Alipay's signed messages."""

from collections.abc import Iterator

from audit.history.proofs import Evidenced, Settled
from audit.history.record import Record
from audit.history.refunds import facts_of_refunds
from audit.history.settled_refunds import refunds_settled_by_persons
from contracts import (
    LateOutcome,
    LatePaymentInput,
    LatePaymentView,
    Money,
    Order,
    PaymentOutcome,
    PaymentView,
    in_words,
)

_KEPT = (PaymentOutcome.PAID, LateOutcome.HONOURED)


def settled_by_a_person(record: Record, evidenced: Evidenced) -> Settled | None:
    """Return how a person resolved this run; None where nobody had to."""
    result, closing = record.result, record.closing
    if facts := facts_of_refunds(record, evidenced):
        return refunds_settled_by_persons(facts, record)
    if not isinstance(result, PaymentView | LatePaymentView) or closing is None:
        return None
    if (resolved := result.resolved) is None or result.outcome is None:
        return None
    return Settled(
        workflow_id=record.workflow_id,
        order_id=record.order_id,
        event_id=closing.event_id,
        outcome=str(result.outcome),
        by=resolved.by,
        confirmed_by=resolved.confirmed_by,
        reason=resolved.reason,
        against=_against(record, evidenced, is_kept=result.outcome in _KEPT),
    )


def _against(record: Record, evidenced: Evidenced, *, is_kept: bool) -> str:
    back = {one.request_id for one in evidenced.given_back}
    paid = {one.request_id: one.amount for one in evidenced.paid}
    if not is_kept:
        left = [
            f"{in_words(amount)} for {request_id}"
            for request_id, amount in paid.items()
            if request_id not in back
        ]
        if not left:
            return ""
        return f"Alipay has signed that it was paid, and no return: {', '.join(left)}"
    if _price(record) in list(_amounts(evidenced)):
        return ""
    said = ", ".join(in_words(one) for one in _amounts(evidenced)) or "nothing"
    return f"Alipay has signed no payment of this amount: {said}"


def _amounts(evidenced: Evidenced) -> Iterator[Money]:
    for one in evidenced.paid:
        if one.amount is not None:
            yield one.amount


def _price(record: Record) -> Money | None:
    given = record.input
    return given.amount if isinstance(given, Order | LatePaymentInput) else None
