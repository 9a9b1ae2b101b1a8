"""Prints and writes the results of a run."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from chaos.order_records import Column, OrderRecords


@dataclass(frozen=True)
class Run:
    """The results of one run.

    Attributes:
        settled: Whether everything ended in time.
        undocumented: Answers of our API that are not documented.
    """

    payments: int
    seed: int
    seconds: float
    settled: bool
    faults: Mapping[str, int]
    kills: Mapping[str, int]
    answers: Mapping[str, int]
    actions: Mapping[str, int]
    records: Sequence[OrderRecords]
    undocumented: Mapping[str, int]

    @property
    def columns(self) -> dict[Column, list[OrderRecords]]:
        """Return the orders with faults, by fault."""
        return {
            column: [records for records in self.records if column in records.faults()]
            for column in Column
        }

    @property
    def outcomes(self) -> Counter[str]:
        return Counter(
            words
            for records in self.records
            if records.shop
            for words in _outcomes(records)
        )

    @property
    def in_review(self) -> list[OrderRecords]:
        return [records for records in self.records if records.is_justly_in_review]

    @property
    def has_passed(self) -> bool:
        wrong = any(self.columns.values())
        return self.settled and not wrong and not self.undocumented


def print_report(console: Console, run: Run) -> None:
    """Print the counts, the verdict, and the records of each order with a fault."""
    console.print(_counts("Faults injected", run.faults))
    console.print(_counts("Processes killed", run.kills))
    console.print(_counts("Customers' actions", run.actions))
    console.print(_counts("Answers to the shop", run.answers))
    console.print(_counts("Outcomes", run.outcomes))
    for records in run.in_review:
        why = "; ".join(records.money.for_a_person)
        console.print(f"In REVIEW, rightly: {records.order_id}: {why}", highlight=False)
    verdict = Table("Must be 0", "orders", title=f"Verdict, seed {run.seed}")
    for column, wrong in run.columns.items():
        color = "red" if wrong else "green"
        verdict.add_row(column, f"[{color}]{len(wrong)}")
    console.print(verdict)
    for records in run.records:
        if records.faults():
            _print_records(console, records)
    if not run.settled:
        console.print("[red]Not everything ended in time.[/]")
    for answer, count in run.undocumented.items():
        console.print(f"[red]Undocumented, {count}x:[/] {answer}", highlight=False)
    console.print(f"{run.payments} payments in {run.seconds:.0f} s.")


def write_json(path: Path, run: Run) -> None:
    """Write everything, including the records of each order."""
    report = asdict(run) | {
        "passed": run.has_passed,
        "outcomes": run.outcomes,
        "columns": {
            column: [records.order_id for records in wrong]
            for column, wrong in run.columns.items()
        },
    }
    path.write_text(json.dumps(report, indent=1))


def _outcomes(records: OrderRecords) -> Iterable[str]:
    assert records.shop is not None  # noqa: S101 - checked by the caller
    yield records.shop.status
    for late in records.shop.late:
        yield f"late money {late.outcome or late.status}"
    for refund in records.refunds.reported or ():
        yield f"refund {refund.status}"


def _counts(title: str, counts: Mapping[str, int]) -> Table:
    table = Table(title=title, show_header=False)
    for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        table.add_row(name, str(count))
    return table


def _print_records(console: Console, records: OrderRecords) -> None:
    table = Table(title=f"{records.order_id}: {', '.join(records.faults())}")
    table.add_column("Book")
    table.add_column("says")
    table.add_row("order", f"{records.currency} {records.value}")
    table.add_row(
        "ledger", f"{records.money.held} {'; '.join(records.money.for_a_person)}"
    )
    table.add_row("workflow", str(records.workflow))
    table.add_row("shop", str(records.shop))
    table.add_row("refunds", str(records.refunds))
    console.print(table)
