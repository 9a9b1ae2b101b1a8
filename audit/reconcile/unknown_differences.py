"""Reports money that is only in Alipay's files, with remarks on its order."""

from audit.reconcile.files.lines import MONEY_MOVED, REFUND, Movement, Row
from audit.reconcile.order_ids import OrderIds
from audit.reconcile.our_money import OurMoney
from audit.reconcile.outcome import (
    Difference,
    Kind,
    Reconciliation,
    Returned,
    joined,
)
from audit.reconcile.returned_money import find_returned
from audit.reconcile.unknown_money import Unknown, UnknownMoney
from audit.reconcile.unknown_refunds import about_refund


def report_unknown(
    unknown: UnknownMoney, ours: OurMoney, orders: OrderIds, result: Reconciliation
) -> None:
    """Add each such movement to the result: as a difference, or as returned.

    Only once all lines are known: an order's id may be in the last one.
    """
    done: set[int] = set()
    for payment, returns in find_returned(unknown, ours.unpaid):
        done |= {id(one) for one in (payment, *returns)}
        result.returned.append(_returned(payment, returns, orders))
    for one in unknown:
        if id(one) not in done:
            row = one.row
            sums = result.sums[row.currency, row.movement or row.type]
            sums.there += 1
            sums.there_minor += row.amount_minor
            result.differences.append(_difference(one, ours, orders))


def _returned(payment: Unknown, returns: list[Unknown], orders: OrderIds) -> Returned:
    row = payment.row
    lines = [line for one in (payment, *returns) for line in one.there.values()]
    return Returned(
        orders.of(row),
        row.request_id or row.transaction_id,
        row.money,
        ", ".join(line.where for line in lines),
    )


def _difference(one: Unknown, ours: OurMoney, orders: OrderIds) -> Difference:
    row, order_id = one.row, orders.of(one.row)
    kind, note = about_refund(row, order_id, ours)
    if kind is not Kind.MISSING_HERE:
        return _of_refund(kind, row, order_id, note)
    return Difference(
        kind,
        row.movement or row.type,
        order_id,
        row.request_id or row.transaction_id,
        there=row.money,
        where=row.where,
        note=joined(_note_on(one, order_id, ours), note),
    )


def _of_refund(kind: Kind, row: Row, order_id: str, note: str) -> Difference:
    return Difference(
        kind,
        row.movement or row.type,
        order_id,
        row.request_id or row.transaction_id,
        there=row.money,
        where=row.where,
        note=note,
    )


def _note_on(unknown: Unknown, order_id: str, ours: OurMoney) -> str:
    row, notes = unknown.row, []
    outcome = ours.outcomes.get(order_id)
    if outcome:
        notes.append(f"the order is {outcome} here")
    if order_id and order_id in ours.unreadable.orders:
        which = "one of its histories" if outcome else "its history"
        notes.append(f"{which} cannot be read")
    elif not outcome and order_id and row.request_id not in ours.not_confirmed:
        notes.append("no such order in the bundles")
    if row.movement is Movement.PAYMENT and row.request_id in ours.not_confirmed:
        notes.append("its late money ended NOT_PAID, and no line returns all of it")
    if row.movement is Movement.BACK and row.type != REFUND:
        notes.append(f"a {row.type}")
    if row.status not in MONEY_MOVED:
        notes.append(f"its status is {row.status}")
    if unknown.like:
        notes.append(f"its ids are those of {unknown.like.where}, too")
    return joined(*notes)
