"""Writes the report as HTML: a summary, and a timeline for each payment.

Payments are written one after the other, so that memory does not grow with them. A
small report is one file; a large one has further pages beside it.
"""

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from audit.findings import Finding
from audit.history.proofs import Settled
from audit.report import plot
from audit.report.money import MoneyOnce
from audit.report.rendering import generate, in_utc
from audit.report.timelines import (
    KINDS,
    PAYMENT,
    Pages,
    amount_of,
    kind_of,
    line_of,
    lines_of,
    money_of,
    outcome_of,
    pieces_of,
    write_whole,
)
from audit.verify.subject import Subject
from audit.verify.verdicts import HistoryVerdict
from version import VERSION

# About 2 MB of HTML, which browsers open quickly.
HISTORIES_PER_PAGE: Final = 500
# The most findings in the summary; each is also shown with its payment.
MOST_LISTED: Final = 1_000


@dataclass
class Tally:
    """The counts for the summary; grows only with days and rules."""

    histories: int = 0
    proven: int = 0
    findings: int = 0
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    proven_by: Counter[tuple[str, str]] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    days: Counter[tuple[date, str]] = field(default_factory=Counter)
    settled: int = 0
    against: int = 0
    first_settled: list[Settled] = field(default_factory=list)

    def add(self, verdict: HistoryVerdict, *, is_proven: bool) -> None:
        outcome, kind = outcome_of(verdict), verdict.entry.workflow_type
        self.histories += 1
        self.outcomes[kind, outcome] += 1
        if is_proven:
            self.proven += 1
            self.proven_by[kind, outcome] += 1
        if verdict.settled:
            self._settle(verdict.settled)
        if kind == PAYMENT:
            self.days[verdict.entry.started_at.astimezone(UTC).date(), outcome] += 1

    def _settle(self, settled: Settled) -> None:
        self.settled += 1
        self.against += bool(settled.against)
        if len(self.first_settled) < MOST_LISTED:
            self.first_settled.append(settled)

    def take_back(self, row: dict[str, Any]) -> None:
        """Count one history as not proven."""
        kind, outcome = row["type"], row["outcome"]
        self.proven -= 1
        self.proven_by[kind, outcome] -= 1

    def found(self, finding: Finding) -> None:
        self.findings += 1
        self.rules[str(finding.rule)] += 1


def write_report(
    file: Path,
    verdicts: Iterable[HistoryVerdict],
    bundle_findings: Sequence[Finding],
    *,
    made_at: datetime,
    subject: Subject | None = None,
    bundle_notes: Sequence[str] = (),
    histories_per_page: int = HISTORIES_PER_PAGE,
) -> list[Path]:
    """Write the report; an older one of that name is replaced.

    Args:
        file: The summary; payments that do not fit into it are in the folder `{file's
            name without its ending}.pages` beside it.
        verdicts: The verdicts on histories; consumed one by one.
        bundle_findings: Findings about the bundle, or about several histories together;
            may grow while the verdicts are consumed.
        made_at: The time of the verification.
        subject: The verified bundles and the keys; None leaves them out.
        bundle_notes: What the bundles cannot prove; may grow like the findings.
        histories_per_page: The number of timelines in one file.

    Returns:
        The files, the summary first.

    Raises:
        OSError: The file or the folder cannot be written.
    """
    tally, money = Tally(), MoneyOnce()
    with ExitStack() as stack:
        stack.callback(money.close)
        findings, orders, current = (
            stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8"))
            for _ in range(3)
        )
        pages = Pages(file, current, histories_per_page)
        spoiled = {one.workflow_id for one in bundle_findings}
        for verdict in verdicts:
            is_spoiled = verdict.entry.workflow_id in spoiled
            is_proven = verdict.is_proven and not is_spoiled
            tally.add(verdict, is_proven=is_proven)
            money.add(verdict, is_proven=is_proven)
            page, anchor = pages.add(verdict, is_spoiled=is_spoiled)
            orders.write(line_of(_row(verdict, page, anchor, is_proven=is_proven)))
            for finding in verdict.findings:
                tally.found(finding)
                if tally.findings <= MOST_LISTED:
                    findings.write(line_of(_listed(finding, page, anchor)))
        of_bundle = _of_bundle(bundle_findings, lines_of(orders), tally)
        for one in bundle_findings:
            money.take_back(one.workflow_id)
        pages.finish(lines_of(orders))
        listed = islice(chain(of_bundle, lines_of(findings)), MOST_LISTED)
        summary = generate(
            "summary.html",
            made_at=made_at,
            version=VERSION,
            findings=_linked(listed, pages),
            histories_here=pieces_of(current),
            folder=quote(pages.folder.name),
            pages=pages.starts,
            subject=subject,
            bundle_notes=bundle_notes,
            money=money.paid(),
            given_back=money.given_back(),
            **_counts(tally),
        )
        write_whole(file, summary)
    return [file, *pages.files]


def _of_bundle(
    found: Sequence[Finding], rows: Iterator[dict[str, Any]], tally: Tally
) -> list[dict[str, Any]]:
    """Count the bundle's findings, and return the workflows that they are about."""
    about = {one.workflow_id for one in found}
    places: dict[str, tuple[int, str]] = {}
    for row in rows:
        if row["workflow_id"] not in about:
            continue
        places[row["workflow_id"]] = row["page"], row["anchor"]
        if row["is_proven"]:  # found only after all histories
            tally.take_back(row)
    for finding in found:
        tally.found(finding)
    return [
        _listed(one, *places.get(one.workflow_id, (0, "")))
        for one in found[:MOST_LISTED]
    ]


def _row(
    verdict: HistoryVerdict, page: int, anchor: str, *, is_proven: bool
) -> dict[str, Any]:
    entry = verdict.entry
    return {
        "page": page,
        "anchor": anchor,
        "workflow_id": entry.workflow_id,
        "order_id": entry.order_id,
        "type": entry.workflow_type,
        "kind": kind_of(entry.workflow_type),
        "outcome": outcome_of(verdict),
        "money": money_of(verdict),
        "amount": amount_of(verdict),
        "began": in_utc(entry.started_at),
        "findings": len(verdict.findings),
        "is_proven": is_proven,
    }


def _listed(finding: Finding, page: int, anchor: str) -> dict[str, Any]:
    return {
        "page": page,
        "anchor": anchor,
        "order_id": finding.order_id,
        "workflow_id": finding.workflow_id,
        "event_id": finding.event_id,
        "rule": str(finding.rule),
        "expected": finding.expected,
        "seen": finding.seen,
    }


def _linked(rows: Iterator[dict[str, Any]], pages: Pages) -> Iterator[dict[str, Any]]:
    """Add the link to each finding's payment, which depends on the number of pages."""
    for row in rows:
        folder = f"{quote(pages.folder.name)}/{row['page']:04}.html"
        place = f"{folder if pages.files else ''}#{row['anchor']}"
        yield {**row, "href": place if row["anchor"] else ""}


def _counts(tally: Tally) -> dict[str, Any]:
    """Return the tally for the template of the summary."""
    return {
        "histories": tally.histories,
        "proven": tally.proven,
        "findings_in_all": tally.findings,
        "shown_at_most": MOST_LISTED,
        "rules": tally.rules.most_common(),
        "outcomes": [
            (kind_of(kind), outcome, number, tally.proven_by[kind, outcome])
            for (kind, outcome), number in sorted(
                tally.outcomes.items(), key=lambda each: (_rank(each[0][0]), each[0])
            )
        ],
        "settled_in_all": tally.settled,
        "settled_against": tally.against,
        "settled": tally.first_settled,
        "plot": plot.plot_payments(tally.days),
        "size": {
            "width": plot.WIDTH,
            "height": plot.HEIGHT,
            "left": plot.LEFT,
            "right": plot.WIDTH - plot.RIGHT,
        },
    }


def _rank(workflow_type: str) -> int:
    """The sort key of a kind: payments first."""
    kinds = list(KINDS)
    return kinds.index(workflow_type) if workflow_type in kinds else len(kinds)
