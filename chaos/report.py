"""Prints and writes what a run has shown."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from chaos.books import Books, Column


@dataclass(frozen=True)
class Run:
    """All that one run has shown.

    Attributes:
        settled: Whether everything came to its end within the patience.
        undocumented: Answers of our API that its documentation does not know.
    """

    payments: int
    seed: int
    seconds: float
    settled: bool
    faults: Mapping[str, int]
    kills: Mapping[str, int]
    answers: Mapping[str, int]
    deeds: Mapping[str, int]
    books: Sequence[Books]
    undocumented: Mapping[str, int]

    @property
    def columns(self) -> dict[Column, list[Books]]:
        """Return the orders that are wrong, under what is wrong with them."""
        return {
            column: [books for books in self.books if column in books.faults()]
            for column in Column
        }

    @property
    def outcomes(self) -> Counter[str]:
        return Counter(
            words for books in self.books if books.shop for words in _outcomes(books)
        )

    @property
    def in_review(self) -> list[Books]:
        return [books for books in self.books if books.is_justly_in_review]

    @property
    def has_passed(self) -> bool:
        wrong = any(self.columns.values())
        return self.settled and not wrong and not self.undocumented


def print_report(console: Console, run: Run) -> None:
    """Print the counts, the verdict, and the books of every order that is wrong."""
    console.print(_counts("Faults injected", run.faults))
    console.print(_counts("Processes killed", run.kills))
    console.print(_counts("Customers' deeds", run.deeds))
    console.print(_counts("Answers to the shop", run.answers))
    console.print(_counts("Outcomes", run.outcomes))
    for books in run.in_review:
        why = "; ".join(books.money.for_a_person)
        console.print(f"In REVIEW, rightly: {books.order_id}: {why}", highlight=False)
    verdict = Table("Must be 0", "orders", title=f"Verdict, seed {run.seed}")
    for column, wrong in run.columns.items():
        color = "red" if wrong else "green"
        verdict.add_row(column, f"[{color}]{len(wrong)}")
    console.print(verdict)
    for books in run.books:
        if books.faults():
            _print_books(console, books)
    if not run.settled:
        console.print("[red]Not everything came to its end in time.[/]")
    for answer, count in run.undocumented.items():
        console.print(f"[red]Undocumented, {count}x:[/] {answer}", highlight=False)
    console.print(f"{run.payments} payments in {run.seconds:.0f} s.")


def write_json(path: Path, run: Run) -> None:
    """Write everything, the books of each order included."""
    report = asdict(run) | {
        "passed": run.has_passed,
        "outcomes": run.outcomes,
        "columns": {
            column: [books.order_id for books in wrong]
            for column, wrong in run.columns.items()
        },
    }
    path.write_text(json.dumps(report, indent=1))


def _outcomes(books: Books) -> Iterable[str]:
    assert books.shop is not None  # noqa: S101 - asked for by the caller
    yield books.shop.status
    for late in books.shop.late:
        yield f"late money {late.outcome or late.status}"
    for refund in books.refunds.told or ():
        yield f"refund {refund.status}"


def _counts(title: str, counts: Mapping[str, int]) -> Table:
    table = Table(title=title, show_header=False)
    for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        table.add_row(name, str(count))
    return table


def _print_books(console: Console, books: Books) -> None:
    table = Table(title=f"{books.order_id}: {', '.join(books.faults())}")
    table.add_column("Book")
    table.add_column("says")
    table.add_row("order", f"{books.currency} {books.value}")
    table.add_row("ledger", f"{books.money.held} {'; '.join(books.money.for_a_person)}")
    table.add_row("workflow", str(books.workflow))
    table.add_row("shop", str(books.shop))
    table.add_row("refunds", str(books.refunds))
    console.print(table)
