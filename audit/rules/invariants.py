"""Checks the rules about money for one history.

`audit.verify.orders` checks the rules for all histories of an order.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC

from temporalio.api.history.v1 import HistoryEvent

from audit.findings import Finding, Rule
from audit.history.claims import (
    Claims,
    SentRefund,
    attempts_of,
    ended_by,
    given_to_others,
    kept_by,
    taken_from_another,
)
from audit.history.named_runs import named_by, resets_of
from audit.history.proofs import Evidenced, GivenBack, Paid
from audit.history.record import Record
from audit.history.refunds import facts_of_refunds
from audit.history.refunds_given_back import moved_by
from contracts import (
    LatePaymentInput,
    Money,
    Order,
    PaymentOutcome,
    PaymentView,
    refund_named_in,
)


def claims_of(record: Record, evidenced: Evidenced) -> Claims:
    """Return the claims of a history, to compare with the order's other histories."""
    return Claims(
        workflow_id=record.workflow_id,
        order_id=record.order_id,
        event_id=record.closing.event_id if record.closing else 0,
        kept=kept_by(record),
        owed=tuple(_owed(record, evidenced)),
        proven=(*evidenced.paid, *evidenced.older),
        given_back=tuple(evidenced.given_back),
        moved=moved_by(record, evidenced),
        refunds=tuple(_refunds(record, evidenced)),
        gave=tuple(given_to_others(record)),
        took=taken_from_another(record),
        run_id=record.run_id,
        workflow_type=record.workflow_type,
        began_at=record.events[0].event_time.ToDatetime(UTC),
        outcome=str(getattr(record.result, "outcome", None) or "no outcome"),
        ended=ended_by(record, evidenced.answers),
        attempts=attempts_of(record),
        first_attempt=getattr(record.input, "first_attempt", 1),
        names=tuple(named_by(record)),
        resets=tuple(resets_of(record)),
    )


def _refunds(record: Record, evidenced: Evidenced) -> Iterator[SentRefund]:
    facts = facts_of_refunds(record, evidenced)
    for one in facts.sent if facts else ():
        name = refund_named_in(one.call.refund_request_id)
        yield SentRefund(one.event_id, name, one.call.amount)


def check_invariants(record: Record, evidenced: Evidenced) -> Iterator[Finding]:
    """Yield the broken rules of a history, even if it replays."""
    yield from _check_money_kept(record, evidenced)
    yield from _check_money_given_back(record, evidenced)


def _check_money_kept(record: Record, evidenced: Evidenced) -> Iterator[Finding]:
    result, closing = record.result, record.closing
    kept = kept_by(record)
    if closing is None:
        return
    if len(kept) > 1:
        yield record.found(
            Rule.PAID_TWICE,
            closing.event_id,
            expected="one paid attempt",
            seen=", ".join(kept),
        )
    by_a_person = getattr(result, "resolved", None)
    if by_a_person is not None and evidenced.believed:
        # Alipay has signed another amount than the order's; a person has resolved it.
        evidenced.notes.append(
            f"event {closing.event_id}: resolved by {by_a_person.by}, not by proof"
        )
        return
    is_paid = isinstance(result, PaymentView) and result.outcome is PaymentOutcome.PAID
    if is_paid and not kept:
        yield _unproven(record, closing, "")
    owed = {paid.request_id for paid in _owed(record, evidenced)}
    for request_id in kept:
        if request_id not in owed:
            yield from _check_proof(record, evidenced, closing, request_id)


def _check_proof(
    record: Record, evidenced: Evidenced, closing: HistoryEvent, request_id: str
) -> Iterator[Finding]:
    amount = _amount(record)
    if _has_payment(evidenced.paid, request_id, amount):
        return
    if not _has_payment(evidenced.unproven, request_id, amount):
        yield _unproven(record, closing, request_id)
    elif not evidenced.is_older:
        yield record.found(
            Rule.EVIDENCE_MISSING,
            closing.event_id,
            expected=f"signed proof that {request_id} was paid",
            seen="PAID, and no evidence of it",
        )


def _unproven(record: Record, closing: HistoryEvent, request_id: str) -> Finding:
    amount = _amount(record)
    money = f"{amount.currency} {amount.value}" if amount else "an amount"
    return record.found(
        Rule.PAID_WITHOUT_PROOF,
        closing.event_id,
        expected=f"signed proof that {money} (minor units) were paid",
        seen=f"{request_id or 'the order'} counts as paid",
    )


def _check_money_given_back(record: Record, evidenced: Evidenced) -> Iterator[Finding]:
    back: Counter[str] = Counter()
    known = [*evidenced.paid, *evidenced.unproven]
    for one in {one.key: one for one in evidenced.given_back}.values():
        most = max((m.value for m in _money(known, one)), default=0)
        back[one.request_id] += one.amount.value if one.amount else most
        if back[one.request_id] > most:
            yield record.found(
                Rule.REFUNDED_TOO_MUCH,
                one.event_id,
                expected=f"at most {most}, which was paid",
                seen=f"{back[one.request_id]} given back (minor units)",
            )
        elif not list(_money(evidenced.believed, one)):
            yield record.found(
                Rule.EVIDENCE_MISSING,
                one.event_id,
                expected=f"signed proof that {one.request_id} was paid",
                seen="given back, and no evidence of it",
            )


def _money(paid: list[Paid], back: GivenBack) -> Iterator[Money]:
    """Yield the payments of the attempt whose money is returned, in its currency."""
    currency = back.amount.currency if back.amount else None
    for one in paid:
        money = one.amount if one.request_id == back.request_id else None
        if money is not None and currency in (None, money.currency):
            yield money


def _owed(record: Record, evidenced: Evidenced) -> Iterator[Paid]:
    """Yield the payments that an earlier run must prove."""
    given, amount = record.input, _amount(record)
    if not isinstance(given, Order) or given.carried is None or record.closing is None:
        return
    for request_id in kept_by(record):
        if not _has_payment([*evidenced.paid, *evidenced.unproven], request_id, amount):
            yield Paid(record.closing.event_id, request_id, None, amount)


def _has_payment(paid: list[Paid], request_id: str, amount: Money | None) -> bool:
    return any(
        one.request_id == request_id and one.amount == amount and amount is not None
        for one in paid
    )


def _amount(record: Record) -> Money | None:
    given = record.input
    return given.amount if isinstance(given, Order | LatePaymentInput) else None
