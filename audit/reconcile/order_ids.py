"""Finds the order of a line of Alipay's files, by any id in it."""

from contextlib import suppress

from audit.reconcile.files.lines import REFUND, Movement, Row
from audit.reconcile.our_money import OurMoney
from contracts import order_of, order_of_refunds, refunds_id_of


class OrderIds:
    """Orders by ids: ours, and Alipay's ids that are only in files.

    A dispute names its payment only by Alipay's id; the payment's own line has both.
    """

    def __init__(self, ours: OurMoney) -> None:
        self._ours = ours
        self._learned: dict[str, str] = {}

    def learn(self, row: Row) -> None:
        """Record the order of a payment's line, if only that line contains it."""
        name = row.transaction_id
        if row.movement is Movement.PAYMENT and not self._ours.order_of(name):
            order_id = self.of(row)
            if name and order_id:
                self._learned[name] = order_id

    def of(self, row: Row) -> str:
        """Return the order of a line; empty where no id names it."""
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
    """Return the order in one of our ids; empty for other ids."""
    owner = ""
    with suppress(ValueError):
        owner = refunds_id_of(request_id) if is_refund else ""
    with suppress(ValueError):
        # A refund's id contains only a digest of a long order id.
        return order_of_refunds(owner) if owner else order_of(_of_payment(request_id))
    return ""


def _of_payment(request_id: str) -> str:
    """Return the attempt's id, without the suffix of a late refund."""
    return request_id.removesuffix("_late")
