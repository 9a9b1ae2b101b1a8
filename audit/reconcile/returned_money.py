"""Money that Alipay took and returned by itself, for payments that are unpaid here."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from audit.reconcile.files.lines import GIVEN_UP, Movement, Row
from audit.reconcile.unknown_money import Unknown


def find_returned(
    unknown: Iterable[Unknown], unpaid: Collection[str]
) -> list[tuple[Unknown, list[Unknown]]]:
    """Find payments that Alipay took and returned, and that are unpaid here.

    Such payments balance, so nothing is to be resolved. Payments of which another
    amount was returned, or which are listed with two amounts, are not among them.

    Args:
        unknown: All movements that are not in our histories.
        unpaid: All ids of attempts that ended unpaid.

    Returns:
        Each payment, with its return.
    """
    came, backs = _by_payment(unknown, unpaid)
    gone: dict[int, list[Unknown]] = defaultdict(list)
    for one in backs:
        if payment := _payment_of(one.row, came):
            gone[id(payment)].append(one)
    found = []
    for payment in {id(one): one for ones in came.values() for one in ones}.values():
        is_sole = all(len(came[one]) == 1 for one in _own_ids(payment.row))
        returns = _returns(payment, gone[id(payment)]) if is_sole else None
        if returns is not None:
            found.append((payment, returns))
    return found


def _by_payment(
    unknown: Iterable[Unknown], unpaid: Collection[str]
) -> tuple[dict[str, list[Unknown]], list[Unknown]]:
    """Return unpaid payments by each of their ids, and all returns."""
    came: dict[str, list[Unknown]] = defaultdict(list)
    backs: list[Unknown] = []
    for one in unknown:
        ids = _own_ids(one.row)
        if one.row.movement is Movement.BACK:
            backs.append(one)
        elif one.row.movement is Movement.PAYMENT and not ids.isdisjoint(unpaid):
            for id_ in ids:
                came[id_].append(one)
    return came, backs


def _own_ids(row: Row) -> set[str]:
    return {row.request_id, row.transaction_id} - {""}


def _payment_of(row: Row, came: dict[str, list[Unknown]]) -> Unknown | None:
    ids = (row.original_request_id, row.original_id, row.request_id, row.transaction_id)
    for one in ids:
        if one in came:
            return came[one][0]
    return None


def _returns(payment: Unknown, gone: list[Unknown]) -> list[Unknown] | None:
    """Return the returns of a payment; None if it was not returned as a whole."""
    for kind, row in payment.there.items():
        listed = [one for one in gone if kind in one.there]
        lines = [one.there[kind] for one in listed]
        is_same = all(line.currency == row.currency for line in lines)
        if is_same and sum(line.amount_minor for line in lines) == row.amount_minor:
            return listed
    if not gone and payment.row.status in GIVEN_UP:
        return []
    return None
