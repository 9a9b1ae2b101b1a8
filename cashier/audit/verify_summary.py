"""The summary that `cashier audit verify` prints of all histories: text or JSON."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from audit.findings import Finding
from audit.history.proofs import Settled
from audit.report.timelines import outcome_of
from audit.verify.subject import Subject
from audit.verify.verdicts import HistoryVerdict
from cashier.temporal_calls import printable
from version import VERSION

# More than a person reads at once; `--json` and the report have them all.
MOST_FINDINGS = 100


@dataclass
class Tally:
    """The verdicts on all histories, counted; only the first findings are kept."""

    histories: int = 0
    findings: int = 0
    proven: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    first: list[Finding] = field(default_factory=list)
    settled: int = 0
    against: int = 0
    first_settled: list[Settled] = field(default_factory=list)

    def add(self, verdict: HistoryVerdict) -> None:
        self.histories += 1
        self.proven += verdict.is_proven
        self.findings += len(verdict.findings)
        self.outcomes[outcome_of(verdict)] += 1
        room = MOST_FINDINGS - len(self.first)
        self.first += verdict.findings[:room]
        if settled := verdict.settled:
            self.settled += 1
            self.against += bool(settled.against)
            # Decisions that contradict Alipay are always listed, however many others
            # there are.
            if settled.against or self.settled - self.against <= MOST_FINDINGS:
                self.first_settled.append(settled)


def say_end(
    console: Console,
    tally: Tally,
    of_bundle: Sequence[Finding],
    *,
    as_json: bool,
    report: Path | None = None,
    subject: Subject | None = None,
    notes: Sequence[str] = (),
) -> None:
    """Print the findings of all histories, and the verdict last.

    Args:
        console: Where it is printed.
        tally: The verdicts on all histories.
        of_bundle: What is wrong with the bundles, or with several histories together.
        as_json: One JSON object instead of text.
        report: Where the report was written.
        subject: What was verified, with whose keys.
        notes: What these bundles cannot prove.
    """
    found = tally.findings + len(of_bundle)
    if as_json:
        whole = {
            "histories": tally.histories,
            "proven_alone": tally.proven,
            "findings": found,
            "outcomes": dict(sorted(tally.outcomes.items())),
            "bundle_findings": [_object_of(one) for one in of_bundle],
            "bundle_notes": list(notes),
            "settled": tally.settled,
            "settled_against_alipay": tally.against,
            "subject": asdict(subject) if subject else None,
            "version": VERSION,
        }
        console.file.write(json.dumps(whole, default=str) + "\n")
        return
    shown = [*of_bundle[:MOST_FINDINGS], *tally.first][:MOST_FINDINGS]
    for finding in shown:
        _say(console, finding.in_words(), style="red")
    if found > len(shown):
        _say(console, f"... and {found - len(shown):,} more: see --report or --json")
    outcomes = ", ".join(f"{n:,} {name}" for name, n in tally.outcomes.most_common())
    _say(console, f"{tally.histories:,} histories: {outcomes or 'none'}")
    if report and tally.histories:
        _say(console, f"Report: {report}")
    for note in notes:
        _say(console, f"NOTE: {printable(note, longest=2000)}", style="yellow")
    _say_settled(console, tally)
    if found:
        _say(console, f"NOT PROVEN: {found:,} findings", style="red")
    elif tally.settled:
        _say(console, f"All proven, but {_on_words(tally)}.", style="yellow")
    else:
        _say(console, "All proven.", style="green")


def _say_settled(console: Console, tally: Tally) -> None:
    """List what persons decided; decisions that contradict Alipay last, in red."""
    for one in sorted(tally.first_settled, key=lambda each: bool(each.against)):
        who = one.by + (
            f", confirmed by {one.confirmed_by}" if one.confirmed_by else ""
        )
        told = f"Decided by {who}: order {one.order_id} {one.outcome}: {one.reason}"
        if one.against:
            told += f" (contradicts Alipay: {one.against})"
        _say(
            console,
            printable(told, longest=1000),
            style="red" if one.against else "yellow",
        )
    more = tally.settled - len(tally.first_settled)
    if more:
        _say(console, f"... and {more:,} more: see --report or --json")


def _on_words(tally: Tally) -> str:
    many = "outcomes rest" if tally.settled > 1 else "outcome rests"
    return (
        f"{tally.settled:,} {many} on the decision of a person, {tally.against:,} of "
        "them contradict Alipay's signed messages"
    )


def line_of(verdict: HistoryVerdict) -> str:
    """Return one history's verdict as a line of JSON."""
    entry = verdict.entry
    told = {
        **entry.model_dump(mode="json"),
        "is_proven": verdict.is_proven,
        "findings": [_object_of(one) for one in verdict.findings],
        "notes": verdict.notes,
        "settled": asdict(verdict.settled) if verdict.settled else None,
    }
    return json.dumps(told) + "\n"


def _object_of(finding: Finding) -> dict[str, Any]:
    return asdict(finding)


def _say(console: Console, text: str, *, style: str | None = None) -> None:
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
