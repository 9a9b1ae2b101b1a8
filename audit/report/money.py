"""Sums of money for the report: each payment and each return counts once.

Two runs of a payment, by a reset or by hand, are about the same money: an attempt
counts once for its order, however many histories have it. The data is on disk, because
memory must not grow with the payments.
"""

import sqlite3
from typing import Final

from alipay.wallets import format_money
from audit.report.timelines import PAYMENT, amount_of, outcome_of
from audit.verify.verdicts import HistoryVerdict

_TABLES: Final = """
PRAGMA cache_size = -2000;
CREATE TABLE paid (
  order_id, request_id, currency, value, workflow_id, is_proven,
  UNIQUE (order_id, request_id)
);
CREATE TABLE back (
  order_id, request_id, key, currency, value, is_proven, workflow_id,
  UNIQUE (order_id, request_id, key)
);
"""
_PAID: Final = """
SELECT currency, COUNT(*), SUM(value), SUM(value * is_proven)
FROM paid GROUP BY currency ORDER BY currency
"""
_BACK: Final = """
SELECT currency,
  CASE WHEN key LIKE 'cancel %' THEN 'cancelled after payment'
    WHEN key LIKE 'elsewhere %' THEN 'refunded in Alipay''s portal'
    WHEN key LIKE 'returned %' THEN 'bounced, and so not with the customer'
    ELSE 'refunded' END AS how,
  COUNT(*), SUM(value), SUM(value * is_proven)
FROM back GROUP BY 1, 2 ORDER BY 1, how != 'refunded', 2
"""

PaidRow = tuple[str, int, str, str]
BackRow = tuple[str, str, int, str, str]


class MoneyOnce:
    """Payments and returns; close it when the report is written."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("")  # a private temporary file
        self._database.executescript(_TABLES)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def add(self, verdict: HistoryVerdict, *, is_proven: bool) -> None:
        """Add the money of one history."""
        self._add_paid(verdict, is_proven=is_proven)
        self._add_back(verdict, is_proven=is_proven)

    def take_back(self, workflow_id: str) -> None:
        """Count a workflow's money as not proven."""
        for table in ("paid", "back"):
            self._database.execute(
                f"UPDATE {table} SET is_proven = 0 WHERE workflow_id = ?",  # noqa: S608 - ours
                (workflow_id,),
            )

    def paid(self) -> list[PaidRow]:
        """Return currency, number of payments, paid sum, and proven sum."""
        return [
            (currency, number, format_money(currency, all_), format_money(currency, of))
            for currency, number, all_, of in self._database.execute(_PAID)
        ]

    def given_back(self) -> list[BackRow]:
        """Return currency, kind of return, number, sum, and proven sum."""
        return [
            (
                currency,
                how,
                number,
                format_money(currency, all_),
                format_money(currency, of),
            )
            for currency, how, number, all_, of in self._database.execute(_BACK)
        ]

    def _add_paid(self, verdict: HistoryVerdict, *, is_proven: bool) -> None:
        amount, entry = amount_of(verdict), verdict.entry
        is_paid = outcome_of(verdict) == "PAID"
        if entry.workflow_type != PAYMENT or not is_paid or amount is None:
            return
        # Without a readable history, one payment of the order counts.
        kept = verdict.claims.kept if verdict.claims else ()
        for request_id in kept or ("",):
            self._database.execute(
                "INSERT INTO paid VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE "
                "SET is_proven = MIN(is_proven, excluded.is_proven)",
                (entry.order_id, request_id, *amount, entry.workflow_id, is_proven),
            )

    def _add_back(self, verdict: HistoryVerdict, *, is_proven: bool) -> None:
        claims = verdict.claims
        if claims is None:
            return
        known = {one.request_id: one.amount for one in claims.proven}
        order = amount_of(verdict)
        for one in claims.given_back:
            money = one.amount or known.get(one.request_id)
            amount = (money.currency, money.value) if money else order
            if amount is None:
                continue
            self._database.execute(
                "INSERT OR IGNORE INTO back VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    claims.order_id,
                    one.request_id,
                    one.key,
                    *amount,
                    is_proven,
                    claims.workflow_id,
                ),
            )
