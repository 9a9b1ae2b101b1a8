"""Reports runs without an end: open when they were exported, or cut.

A history cut before a decision replays without findings: only the bundle's selection,
or a person who knows the order, can distinguish it from an open one.
"""

from collections.abc import Iterator
from typing import Final

from audit.bundle.describing import RUNNING
from audit.bundle.index import Entry
from audit.bundle.manifest import Selection
from audit.findings import Finding, Rule
from audit.verify.verdicts import HistoryVerdict
from contracts import in_words

# The most runs that one note names.
MOST_NAMED: Final = 10
REFUNDS: Final = "OrderRefunds"


def without_an_end(entry: Entry, selection: Selection) -> Iterator[Finding]:
    """Yield a finding for an open run in a bundle of closed runs."""
    is_asked_for = selection.include_open or selection.from_files
    if entry.status == RUNNING and not is_asked_for:
        yield Finding(
            Rule.NOT_CLOSED,
            entry.workflow_id,
            entry.order_id,
            expected="only closed runs, by the bundle's selection",
            seen=f"run {entry.run_id} has no end",
        )


class OpenRuns:
    """The runs without an end; those with paid money first."""

    def __init__(self) -> None:
        self._number = 0
        self._with_money = 0
        self._named: list[str] = []

    def add(self, verdict: HistoryVerdict) -> None:
        """Add a history's verdict."""
        if verdict.entry.status != RUNNING:
            return
        self._number += 1
        # Owners of refunds may stay open without open refunds.
        is_of_refunds = verdict.entry.workflow_type == REFUNDS
        paid = verdict.claims.proven if verdict.claims and not is_of_refunds else ()
        self._with_money += bool(paid)
        if paid and len(self._named) < MOST_NAMED:
            money = ", ".join(dict.fromkeys(in_words(one.amount) for one in paid))
            self._named.append(f"order {verdict.entry.order_id}: {money}")

    def notes(self) -> Iterator[str]:
        """Yield notes with their number, and the names of those with paid money."""
        if self._number:
            yield (
                f"runs without an end: {self._number}; they were open when the bundle "
                "was made, or their histories were cut: ask for their outcomes"
            )
        if self._with_money:
            more = self._with_money - len(self._named)
            yield (
                "Alipay has signed that these were paid, and their outcome is not in "
                f"these bundles: {'; '.join(self._named)}"
                f"{f'; and {more} more' if more else ''}"
            )
