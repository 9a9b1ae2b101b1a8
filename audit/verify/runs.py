"""Checks that all runs that others name exist, and that none is doubled.

The data is on disk, as in `audit.verify.orders`.
"""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from audit.findings import Finding, Rule
from audit.history.claims import Claims
from audit.verify.coverage import Coverage

_TABLES: Final = """
PRAGMA cache_size = -2000;
CREATE TABLE met (run_id PRIMARY KEY);
CREATE TABLE named (
  run_id, what, at, has_ended, workflow_id, order_id, event_id,
  UNIQUE (run_id, workflow_id)
);
CREATE TABLE ended (
  order_id, request_id, kind, run_id, workflow_id, outcome, event_id
);
CREATE TABLE attempts (order_id, number, UNIQUE (order_id, number));
CREATE TABLE later (order_id, first, workflow_id, at);
"""
_MISSING: Final = """
SELECT * FROM named WHERE NOT EXISTS (
  SELECT 1 FROM met WHERE met.run_id = named.run_id
)
ORDER BY order_id, at
"""
_DOUBLED: Final = """
SELECT order_id, request_id, MAX(workflow_id), MAX(event_id),
  GROUP_CONCAT(outcome || ' in run ' || run_id, ', ')
FROM ended GROUP BY order_id, request_id, kind
HAVING COUNT(DISTINCT run_id) > 1
ORDER BY order_id
"""
# A run whose attempts begin at n needs another run of the order with attempt n - 1.
_EARLIER: Final = """
SELECT order_id, first, workflow_id, at FROM later WHERE NOT EXISTS (
  SELECT 1 FROM attempts
  WHERE attempts.order_id = later.order_id AND number = first - 1
)
ORDER BY order_id
"""
# The most runs that one note names.
MOST_NAMED: Final = 10


class Runs:
    """The runs read so far, and the runs that they name."""

    def __init__(self, coverage: Coverage) -> None:
        self._coverage = coverage
        self._database = sqlite3.connect("")  # a private temporary file
        self._database.executescript(_TABLES)
        self._database.executescript(
            "CREATE INDEX of_ended ON ended (order_id, request_id);"
        )

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def meet(self, run_id: str) -> None:
        """Record that a run's history exists, readable or not."""
        self._database.execute("INSERT OR IGNORE INTO met VALUES (?)", (run_id,))

    def add(self, claims: Claims) -> None:
        """Add the runs that a history names, and the attempts that it ended."""
        order, workflow = claims.order_id, claims.workflow_id
        self._database.executemany(
            "INSERT OR IGNORE INTO named VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    one.run_id,
                    one.what,
                    one.at.timestamp(),
                    one.has_ended,
                    workflow,
                    order,
                    one.event_id,
                )
                for one in claims.names
            ],
        )
        self._database.executemany(
            "INSERT INTO ended VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    order,
                    one,
                    claims.workflow_type,
                    claims.run_id,
                    workflow,
                    claims.outcome,
                    claims.event_id,
                )
                for one in claims.ended
            ],
        )
        self._database.executemany(
            "INSERT OR IGNORE INTO attempts VALUES (?, ?)",
            [(order, number) for number in claims.attempts],
        )
        if claims.first_attempt > 1:
            self._database.execute(
                "INSERT INTO later VALUES (?, ?, ?, ?)",
                (order, claims.first_attempt, workflow, claims.began_at.timestamp()),
            )

    def findings(self) -> Iterator[Finding]:
        """Yield each missing run, and each doubled one."""
        for row in self._database.execute(_MISSING):
            if self._must_be_there(row):
                run_id, what, _, _, workflow, order, event_id = row
                expected = f"the history of run {run_id}: {what}"
                yield _found(Rule.RUN_MISSING, workflow, order, event_id, expected)
        for order, first, workflow, at in self._database.execute(_EARLIER):
            if self._coverage.holds_all_before(_time(at)):
                expected = f"an earlier run of the order, with attempt {first - 1}"
                yield _found(Rule.RUN_MISSING, workflow, order, 1, expected)
        for order, request_id, workflow, event_id, seen in self._database.execute(
            _DOUBLED
        ):
            yield Finding(
                Rule.RUN_DOUBLED,
                workflow,
                order,
                event_id,
                expected=f"one run with the outcome of {request_id}",
                seen=seen,
            )

    def notes(self) -> Iterator[str]:
        """Yield notes on named runs that may be in bundles that are not given."""
        absent = [
            f"order {order}: run {run_id}, {what} ({workflow} event {event_id})"
            for run_id, what, _, _, workflow, order, event_id in (
                row
                for row in self._database.execute(_MISSING)
                if not self._must_be_there(row)
            )
        ]
        absent += [
            f"order {order}: an earlier run with attempt {first - 1} ({workflow})"
            for order, first, workflow, at in self._database.execute(_EARLIER)
            if not self._coverage.holds_all_before(_time(at))
        ]
        if absent:
            more = len(absent) - MOST_NAMED
            listed = "; ".join(absent[:MOST_NAMED])
            yield (
                f"{len(absent)} runs are named but not in these bundles; they may "
                f"still be open, or be in another bundle: {listed}"
                f"{f'; and {more} more' if more > 0 else ''}"
            )

    def _must_be_there(self, row: tuple[str, str, float, int, str, str, int]) -> bool:
        return self._coverage.holds(_time(row[2]), has_ended=bool(row[3]))


def _time(timestamp: float) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)


def _found(
    rule: Rule, workflow: str, order: str, event_id: int, expected: str
) -> Finding:
    return Finding(
        rule, workflow, order, event_id, expected, "it is in none of the bundles"
    )
