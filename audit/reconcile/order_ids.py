"""Finds the order that a line of Alipay's files belongs to, by any id in it."""

from audit.reconcile.files.lines import Movement, Row
from audit.reconcile.our_money import OurMoney
from contracts import order_of


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
        for one in requests:
            try:
                return order_of(one.removesuffix("_late"))
            except ValueError:
                continue
        return ""
