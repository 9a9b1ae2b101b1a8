"""Finds the order that a line of Alipay's files belongs to, by any id in it."""

from contextlib import suppress

from audit.reconcile.files.lines import REFUND, Movement, Row
from audit.reconcile.our_money import OurMoney
from contracts import order_of, order_of_refunds, refunds_id_of


class OrderIds:
    """Orders by their ids: those that we know, and Alipay's that only files name.

    A dispute names its payment by Alipay's id alone; the payment's own line bears both.
    """

    def __init__(self, ours: OurMoney) -> None:
        self._ours = ours
        self._learned: dict[str, str] = {}

    def learn(self, row: Row) -> None:
        """Keep which order a payment's line belongs to, where only its line says so."""
        name = row.transaction_id
        if row.movement is Movement.PAYMENT and not self._ours.order_of(name):
            order_id = self.of(row)
            if name and order_id:
                self._learned[name] = order_id

    def of(self, row: Row) -> str:
        """Return the order that a line belongs to; empty where nothing names it."""
        requests = (row.request_id, row.original_request_id)
        for one in filter(None, (*requests, row.original_id, row.transaction_id)):
            known = self._ours.order_of(one) or self._learned.get(one)
            if known:
                return known
        is_refund = row.type == REFUND or row.movement is Movement.RETURNED
        for one in requests:
            if order_id := _order_in(one, is_refund=is_refund):
                return order_id
        return ""


def _order_in(request_id: str, *, is_refund: bool) -> str:
    """Return the order in an id of ours; empty where it is not, or is no such id."""
    owner = ""
    with suppress(ValueError):
        owner = refunds_id_of(request_id) if is_refund else ""
    with suppress(ValueError):
        # Of a long order id only a digest stands in a refund's.
        return order_of_refunds(owner) if owner else order_of(_of_payment(request_id))
    return ""


def _of_payment(request_id: str) -> str:
    """Return the attempt's id: that of its late money's refund has a word more."""
    return request_id.removesuffix("_late")
