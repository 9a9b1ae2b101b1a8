"""Compares the shop's own list of orders with the histories.

A bundle cannot show histories that were left out, and Alipay's files list only paid
orders: an unpaid order that was left out is only in the shop's list.
"""

from collections.abc import Iterator

from audit.reconcile.files.order_list import Called, ListedOrder, OrderList
from audit.reconcile.our_money import OurMoney
from audit.reconcile.outcome import Difference, Kind
from contracts import Money, in_words

ORDER = "ORDER"


def compare_orders(orders: OrderList, ours: OurMoney) -> Iterator[Difference]:
    """Yield each order in which the shop's list and the histories differ.

    Raises:
        SettlementFileError: A line of the list is malformed.
    """
    lines: dict[str, int] = {}
    for one in orders:
        where = f"{orders.path.name}:{one.line}"
        if (before := lines.setdefault(one.order_id, one.line)) != one.line:
            note = f"before: {orders.path.name}:{before}"
            yield _difference(Kind.TWICE_THERE, one, ours, where, note)
        else:
            yield from _compare(one, ours, where)
    for order_id in ours.kept_orders():
        if order_id not in lines:
            yield Difference(
                Kind.ORDER_MISSING_THERE,
                ORDER,
                order_id,
                here=ours.prices.get(order_id),
                note=f"it is {_state(order_id, ours)} here, and not in the shop's "
                "list: does the list cover another period?",
            )


def _compare(one: ListedOrder, ours: OurMoney, where: str) -> Iterator[Difference]:
    order_id = one.order_id
    if order_id in ours.unreadable.orders:
        return  # which is a difference of its own
    state = _state(order_id, ours)
    if not state:
        if one.called is not Called.OPEN:
            note = f"the shop lists it as {one.called}, and no bundle has it"
            yield _difference(Kind.ORDER_MISSING_HERE, one, ours, where, note)
        return
    if not _agrees(one, ours):
        note = f"the shop lists it as {one.called}, and it is {state} here"
        yield _difference(Kind.ORDER_DIFFERS, one, ours, where, note)
    if one.refunded not in (None, ours.refunded(order_id)):
        told = _money(one.refunded, one.amount.currency)
        note = f"{_refunded(order_id, ours)} refunded here, {told} for the shop"
        yield _difference(Kind.REFUNDS_DIFFER, one, ours, where, note)
    price = ours.prices.get(order_id)
    if price is not None and price != one.amount:
        note = f"{in_words(price)} here, {in_words(one.amount)} for the shop"
        yield _difference(Kind.DIFFERENT_MONEY, one, ours, where, note)


def _agrees(one: ListedOrder, ours: OurMoney) -> bool:
    """Whether the shop's status of an order agrees with the histories."""
    keeps, went_back = ours.keeps_order(one.order_id), ours.refunded(one.order_id)
    if one.called is Called.PARTLY_REFUNDED:
        return keeps and went_back > 0
    return keeps is (one.called is Called.PAID)


def _state(order_id: str, ours: OurMoney) -> str:
    """Return the status of an order in the histories; empty without one."""
    state = ours.outcomes.get(order_id, "")
    if order_id in ours.honoured:
        state = "paid late and HONOURED"
    elif not state and order_id in ours.prices:
        state = "late money"
    if state and ours.refunded(order_id):
        state += f", {_refunded(order_id, ours)} of it refunded"
    return state


def _refunded(order_id: str, ours: OurMoney) -> str:
    price = ours.prices.get(order_id)
    return _money(ours.refunded(order_id), price.currency if price else "")


def _money(minor: int | None, currency: str) -> str:
    return in_words(Money(currency=currency, value=minor or 0))


def _difference(
    kind: Kind, one: ListedOrder, ours: OurMoney, where: str, note: str
) -> Difference:
    return Difference(
        kind,
        ORDER,
        one.order_id,
        here=ours.prices.get(one.order_id),
        there=one.amount,
        where=where,
        note=note,
    )
