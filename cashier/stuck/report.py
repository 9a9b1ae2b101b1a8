"""Shows stuck workflows: as a table, or as JSON."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text
from temporalio.client import Client

from cashier.printing import print_line
from cashier.stuck.details import Details, details_of
from cashier.stuck.finding import Stuck, find_stuck
from cashier.stuck.money import all_at_risk, risk_in_words
from cashier.stuck.queries import COLUMNS, chapter_of, saved_views
from cashier.stuck.words import what_to_do, why
from cashier.temporal_calls import EXPLAINED, ends_within, list_of, page_of
from contracts import MoneyAtRisk
from visibility.stuck import Kind

# More than a person reads at once.
ROWS_FOR_PEOPLE = 50
# The list comes in pages; this is for all of them together.
PATIENCE = timedelta(seconds=60)
# Only so many, the oldest, are shown with details.
MOST_DESCRIBED = 500


@dataclass(frozen=True)
class Wanted:
    """Which rows the caller wants, and in which form."""

    as_json: bool = False
    limit: int | None = None
    older_than_minutes: int = 0


@dataclass(frozen=True)
class Row:
    """One row of the report."""

    stuck: Stuck
    details: Details
    now: datetime
    link: str

    @property
    def since(self) -> datetime:
        return self.details.since or self.stuck.since

    @property
    def at_risk(self) -> MoneyAtRisk:
        """As its workflow reports it; without an answer, at most the order's amount."""
        amount = self.stuck.amount
        listed = MoneyAtRisk(at_most=(amount,) if amount else ())
        return self.details.at_risk or listed

    @property
    def lasts(self) -> timedelta:
        """How long it has been stuck; never negative, whatever the clocks show."""
        return max(self.now - self.since, timedelta())


async def report_stuck(
    client: Client, console: Console, wanted: Wanted, *, ui_url: str
) -> int:
    """Print stuck workflows; return 1 if there are any, else 0.

    Raises:
        RPCError: Temporal does not answer, or lacks the search attributes.
    """
    now = datetime.now(UTC)
    async with ends_within(PATIENCE, "is Temporal's list overloaded?"):
        found = await find_stuck(client, now)
    details = await details_of(client, found.stuck[:MOST_DESCRIBED])
    details += [Details()] * (len(found.stuck) - len(details))
    rows = rows_of(
        found.stuck, details, now=now, ui_url=ui_url, namespace=client.namespace
    )
    age = timedelta(minutes=wanted.older_than_minutes)
    rows = [row for row in rows if row.lasts >= age]
    if wanted.as_json:
        console.file.write(as_json(rows[: wanted.limit]) + "\n")
    elif rows:
        show(console, rows[: wanted.limit or ROWS_FOR_PEOPLE], all_of=len(rows))
        show_totals(console, rows, is_cut=found.is_cut)
    else:
        console.print("Nothing is stuck.")
    return 1 if rows else 0


def rows_of(
    stuck: Sequence[Stuck],
    details: Sequence[Details],
    *,
    now: datetime,
    ui_url: str,
    namespace: str,
) -> list[Row]:
    """Return the rows, the longest stuck first."""
    rows = [
        Row(one, known, now, _page(one, ui_url, namespace))
        for one, known in zip(stuck, details, strict=True)
    ]
    return sorted(rows, key=lambda row: row.since)


def _page(one: Stuck, ui_url: str, namespace: str) -> str:
    """Return the address of the page that explains it: details, or else the history."""
    tab = "history" if one.kind is Kind.TASK_FAILURE else EXPLAINED
    return page_of(ui_url, namespace, one.workflow_id, one.run_id, tab=tab)


def as_json(rows: Sequence[Row]) -> str:
    """Return the rows as JSON; fields are only ever added."""
    return json.dumps([_entry(row) for row in rows], indent=1)


def _entry(row: Row) -> dict[str, Any]:
    stuck = row.stuck
    return {
        "kind": stuck.kind,
        "kinds": list(stuck.kinds),
        "order_id": stuck.order_id,
        "workflow_id": stuck.workflow_id,
        "run_id": stuck.run_id,
        "workflow_type": stuck.workflow_type,
        "wallet": stuck.wallet or None,
        "currency": stuck.amount.currency if stuck.amount else None,
        "amount_minor": stuck.amount.value if stuck.amount else None,
        "at_risk": row.at_risk.model_dump(mode="json"),
        "since": row.since.astimezone(UTC).isoformat(timespec="seconds"),
        "seconds": int(row.lasts.total_seconds()),
        "why": why(stuck, row.details),
        "todo": what_to_do(stuck, row.details),
        "runbook": f"docs/runbook.md#{chapter_of(stuck)}",
        "link": row.link,
    }


def show(console: Console, rows: Sequence[Row], *, all_of: int) -> None:
    """Print the rows as a table, and the money at risk.

    Args:
        console: Where they are printed.
        rows: The rows that are shown.
        all_of: How many stuck workflows there are.
    """
    table = Table(show_lines=True, header_style="bold")
    table.add_column("Order", overflow="fold", ratio=3)
    table.add_column("At risk", overflow="fold", ratio=2)
    table.add_column("For", no_wrap=True)
    table.add_column("Why, what to do, and the page", overflow="fold", ratio=8)
    for row in rows:
        table.add_row(
            Text.assemble(
                (row.stuck.order_id, "bold"), "\n", row.stuck.wallet or "wallet unknown"
            ),
            _money(row),
            in_words(row.lasts),
            Text.assemble(
                (f"{row.stuck.kind}: ", "red"),
                why(row.stuck, row.details),
                "\n",
                (what_to_do(row.stuck, row.details), "green"),
                "\n",
                (row.link, f"dim link {row.link}"),
            ),
        )
    console.print(table)
    if all_of > len(rows):
        console.print(f"... and {all_of - len(rows)} more; see --limit")


def show_totals(console: Console, rows: Sequence[Row], *, is_cut: bool) -> None:
    """Print how many are stuck, and their money by currency."""
    kinds = Counter(row.stuck.kind for row in rows)
    counted = ", ".join(f"{kind} {number}" for kind, number in kinds.most_common())
    money = risk_in_words(all_at_risk(row.at_risk for row in rows))
    at_least = "at least " if is_cut else ""
    more = ", and the amount of some is unknown" if any(map(_lacks, rows)) else ""
    console.print(f"Stuck: {at_least}{len(rows)} ({counted})", highlight=False)
    console.print(f"Money at risk: {at_least}{money}{more}", highlight=False)


def show_queries(console: Console, *, ui_url: str, namespace: str) -> None:
    """Print the filters to be kept as saved views in the Temporal UI."""
    print_line(
        console,
        "Filters for the Temporal UI. Open a link, then keep it with *Save as New* "
        "under *Saved Views*. No filter contains a time, so saved views stay valid. "
        "Add these columns to the list (the gear "
        f"above it, *Custom Search Attributes*): {', '.join(COLUMNS)}.\n",
    )
    for view in saved_views():
        console.print(f"[bold]{view.name}[/]: {view.finds}", highlight=False)
        for line in (view.query, list_of(ui_url, namespace, view.query)):
            console.print(
                f"  {line}", markup=False, highlight=False, soft_wrap=True, no_wrap=True
            )
        console.print()


def in_words(lasts: timedelta) -> str:
    """Write a duration as text: `45 s`, `3 min`, `2 h 10 min`, `4 d 3 h`."""
    minutes, seconds = divmod(int(lasts.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{seconds} s"


def _money(row: Row) -> str:
    return "unknown" if _lacks(row) else risk_in_words(row.at_risk)


def _lacks(row: Row) -> bool:
    """Whether the money at risk is unknown: no worker answers, or an old release."""
    return row.details.at_risk is None and row.stuck.amount is None
