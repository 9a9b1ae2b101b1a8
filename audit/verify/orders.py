"""Checks the rules for all histories of an order together.

The data is in a temporary database on disk, so that memory does not grow with the
number of histories.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from audit.bundle.index import Entry
from audit.findings import Finding, Rule
from audit.history.claims import Claims, HandedOver
from contracts import in_words

# 2 MB of pages in memory, however large the database is.
_TABLES: Final = """
PRAGMA cache_size = -2000;
CREATE TABLE kept (order_id, request_id, workflow_id, event_id);
CREATE TABLE owed (order_id, request_id, currency, value, workflow_id, event_id);
CREATE TABLE proven (order_id, request_id, currency, value);
CREATE TABLE back (
  order_id, request_id, key, value, workflow_id, event_id, run_id,
  UNIQUE (order_id, request_id, key)
);
CREATE TABLE moved (
  order_id, request_id, workflow_id, event_id, UNIQUE (request_id, workflow_id)
);
CREATE TABLE refunds (
  order_id, name, money, workflow_id, event_id, UNIQUE (name, money)
);
CREATE TABLE seen (run_id PRIMARY KEY, sha256, bundle, file);
CREATE TABLE handed (run_id PRIMARY KEY, digest, workflow_id, order_id, is_given);
"""
# Attempts whose money is kept, and was not completely returned by another workflow.
_TWICE: Final = """
SELECT order_id, GROUP_CONCAT(DISTINCT request_id), MAX(workflow_id), MAX(event_id)
FROM kept WHERE NOT EXISTS (
  SELECT 1 FROM back
  WHERE back.order_id = kept.order_id AND back.request_id = kept.request_id
  GROUP BY back.request_id
  HAVING COUNT(*) > COUNT(value) OR SUM(value) >= COALESCE((
    SELECT MAX(value) FROM proven
    WHERE proven.order_id = kept.order_id AND proven.request_id = kept.request_id
  ), 0)
)
GROUP BY order_id HAVING COUNT(DISTINCT request_id) > 1
ORDER BY order_id
"""
_NEVER_PROVEN: Final = """
SELECT order_id, workflow_id, event_id, request_id, currency, value FROM owed
WHERE NOT EXISTS (
  SELECT 1 FROM proven
  WHERE proven.order_id = owed.order_id AND proven.request_id = owed.request_id
    AND proven.currency = owed.currency AND proven.value = owed.value
)
ORDER BY order_id
"""
# Returns of one attempt by several runs; each run was checked with its history.
_TOO_MUCH: Final = """
SELECT order_id, MAX(workflow_id), MAX(event_id), request_id,
  SUM(COALESCE(value, (
    SELECT MAX(value) FROM proven
    WHERE proven.order_id = back.order_id AND proven.request_id = back.request_id
  ))) AS given_back,
  (
    SELECT MAX(value) FROM proven
    WHERE proven.order_id = back.order_id AND proven.request_id = back.request_id
  ) AS paid
FROM back GROUP BY order_id, request_id
HAVING COUNT(DISTINCT workflow_id || ' ' || run_id) > 1 AND given_back > paid
ORDER BY order_id
"""
_TWO_OWNERS: Final = """
SELECT order_id, MAX(workflow_id), MAX(event_id), request_id,
  GROUP_CONCAT(workflow_id, ' and ')
FROM moved GROUP BY request_id HAVING COUNT(*) > 1
ORDER BY order_id
"""
_TWO_AMOUNTS: Final = """
SELECT order_id, MAX(workflow_id), MAX(event_id), name, GROUP_CONCAT(money, ' and ')
FROM refunds GROUP BY name HAVING COUNT(*) > 1
ORDER BY order_id
"""


@dataclass(frozen=True)
class Seen:
    """Where a run's history was read first.

    Attributes:
        bundle: The index of the bundle, from 0.
    """

    sha256: str
    bundle: int
    file: str


class Ledger:
    """The claims of all histories; `close` yields the final findings."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("")  # a private temporary file
        self._database.executescript(_TABLES)
        self._database.executescript(
            "CREATE INDEX of_proven ON proven (order_id, request_id);"
            "CREATE INDEX of_kept ON kept (order_id);"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._database.close()

    def note(self, entry: Entry, bundle: int) -> Seen | None:
        """Record where a history was read; return where it was read before, if so."""
        row = self._database.execute(
            "SELECT sha256, bundle, file FROM seen WHERE run_id = ?", (entry.run_id,)
        ).fetchone()
        if row is None:
            self._database.execute(
                "INSERT INTO seen VALUES (?, ?, ?, ?)",
                (entry.run_id, entry.sha256, bundle, entry.file),
            )
            return None
        return Seen(*row)

    def add(self, claims: Claims) -> Iterator[Finding]:
        """Add one history's claims; yield contradictions to earlier ones."""
        order, workflow, event_id = claims.order_id, claims.workflow_id, claims.event_id
        write = self._database.executemany
        write(
            "INSERT INTO kept VALUES (?, ?, ?, ?)",
            [(order, request_id, workflow, event_id) for request_id in claims.kept],
        )
        write(
            "INSERT INTO owed VALUES (?, ?, ?, ?, ?, ?)",
            [
                (order, one.request_id, m.currency, m.value, workflow, event_id)
                for one in claims.owed
                if (m := one.amount)
            ],
        )
        write(
            "INSERT INTO proven VALUES (?, ?, ?, ?)",
            [
                (order, one.request_id, m.currency, m.value)
                for one in claims.proven
                if (m := one.amount)
            ],
        )
        write(
            "INSERT OR IGNORE INTO back VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    order,
                    one.request_id,
                    one.key,
                    one.amount.value if one.amount else None,
                    workflow,
                    one.event_id,
                    claims.run_id,
                )
                for one in claims.given_back
            ],
        )
        write(
            "INSERT OR IGNORE INTO moved VALUES (?, ?, ?, ?)",
            [(order, request_id, workflow, event_id) for request_id in claims.moved],
        )
        write(
            "INSERT OR IGNORE INTO refunds VALUES (?, ?, ?, ?, ?)",
            [
                (order, one.name, in_words(one.amount), workflow, one.event_id)
                for one in claims.refunds
            ],
        )
        for given in claims.gave:
            yield from self._hand_over(claims, given, is_given=True)
        if claims.took:
            yield from self._hand_over(claims, claims.took, is_given=False)

    def _hand_over(
        self, claims: Claims, handed: HandedOver, *, is_given: bool
    ) -> Iterator[Finding]:
        row = self._database.execute(
            "SELECT digest, workflow_id, order_id FROM handed "
            "WHERE run_id = ? AND is_given != ?",
            (handed.run_id, is_given),
        ).fetchone()
        if row is None:
            self._database.execute(
                "INSERT OR IGNORE INTO handed VALUES (?, ?, ?, ?, ?)",
                (
                    handed.run_id,
                    handed.digest,
                    claims.workflow_id,
                    claims.order_id,
                    is_given,
                ),
            )
        elif row[0] != handed.digest:
            taker = (row[1], row[2]) if is_given else None
            workflow_id, order_id = taker or (claims.workflow_id, claims.order_id)
            giver = claims.workflow_id if is_given else row[1]
            yield Finding(
                Rule.INPUT_DIFFERS,
                workflow_id,
                order_id,
                1,
                expected=f"the input that {giver} has given",
                seen=f"run {handed.run_id} started with another one",
            )

    def close(self) -> Iterator[Finding]:
        """Yield the findings that only all histories together show."""
        rows = self._database.execute
        for order, requests, workflow, event_id in rows(_TWICE):
            yield Finding(
                Rule.PAID_TWICE,
                workflow,
                order,
                event_id,
                expected="one paid attempt",
                seen=requests,
            )
        for order, workflow, event_id, request_id, currency, value in rows(
            _NEVER_PROVEN
        ):
            yield Finding(
                Rule.PAID_WITHOUT_PROOF,
                workflow,
                order,
                event_id,
                expected=f"signed proof of {currency} {value} in an earlier run",
                seen=f"{request_id} counts as paid",
            )
        for order, workflow, event_id, request_id, back, paid in rows(_TOO_MUCH):
            yield Finding(
                Rule.REFUNDED_TOO_MUCH,
                workflow,
                order,
                event_id,
                expected=f"at most {paid}, which was paid for {request_id}",
                seen=f"{back} returned by several runs",
            )
        for order, workflow, event_id, request_id, owners in rows(_TWO_OWNERS):
            yield Finding(
                Rule.TWO_OWNERS,
                workflow,
                order,
                event_id,
                expected=f"one workflow that gives money of {request_id} back",
                seen=owners,
            )
        for order, workflow, event_id, name, amounts in rows(_TWO_AMOUNTS):
            yield Finding(
                Rule.REFUNDED_TWICE,
                workflow,
                order,
                event_id,
                expected=f"one amount for {name}, in all runs",
                seen=amounts,
            )
