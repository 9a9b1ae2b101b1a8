"""Shows what is stuck: a table for people, a list for programs."""

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

from alipay.wallets import format_money
from cashier.stuck.details import Details, details_of
from cashier.stuck.finding import Stuck, find_stuck
from cashier.stuck.queries import RUNBOOK, saved_views
from cashier.stuck.words import what_to_do, why
from cashier.temporal_calls import list_of, page_of

# More than a person reads at one sitting.
ROWS_FOR_PEOPLE = 50
# The oldest of these are described; the rest is told from the list alone.
MOST_DESCRIBED = 500


@dataclass(frozen=True)
class Wanted:
    """What the caller wants to see, and how."""

    as_json: bool = False
    limit: int | None = None
    older_than_minutes: int = 0


@dataclass(frozen=True)
class Row:
    """One line of the report."""

    stuck: Stuck
    details: Details
    now: datetime
    link: str

    @property
    def since(self) -> datetime:
        return self.details.since or self.stuck.since

    @property
    def lasts(self) -> timedelta:
        """How long it is stuck; never negative, whatever the clocks say."""
        return max(self.now - self.since, timedelta())


async def report_stuck(
    client: Client, console: Console, wanted: Wanted, *, ui_url: str
) -> int:
    """Print what is stuck; return 1 if anything is, else 0.

    Raises:
        RPCError: Temporal does not answer, or lacks the search attributes.
    """
    now = datetime.now(UTC)
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
        show_totals(console, [row.stuck for row in rows], is_cut=found.is_cut)
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
    """Return the lines, what is stuck for longest first."""
    rows = [
        Row(one, known, now, page_of(ui_url, namespace, one.workflow_id, one.run_id))
        for one, known in zip(stuck, details, strict=True)
    ]
    return sorted(rows, key=lambda row: row.since)


def as_json(rows: Sequence[Row]) -> str:
    """Return the lines for programs; fields are only ever added."""
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
        "since": row.since.astimezone(UTC).isoformat(timespec="seconds"),
        "seconds": int(row.lasts.total_seconds()),
        "why": why(stuck, row.details),
        "todo": what_to_do(stuck, row.details),
        "runbook": f"docs/runbook.md#{RUNBOOK[stuck.kind]}",
        "link": row.link,
    }


def show(console: Console, rows: Sequence[Row], *, all_of: int) -> None:
    """Print the lines as a table, and how much money is at risk.

    Args:
        console: Where to.
        rows: Those that are shown.
        all_of: How many there are.
    """
    table = Table(show_lines=True, header_style="bold")
    table.add_column("Order", overflow="fold", ratio=3)
    table.add_column("At risk", overflow="fold", ratio=2)
    table.add_column("For", no_wrap=True)
    table.add_column("Why, what to do, and its page", overflow="fold", ratio=8)
    for row in rows:
        table.add_row(
            Text.assemble(
                (row.stuck.order_id, "bold"), "\n", row.stuck.wallet or "wallet unknown"
            ),
            _money(row.stuck),
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


def show_totals(console: Console, stuck: Sequence[Stuck], *, is_cut: bool) -> None:
    """Print how many are stuck, and their money by currency."""
    totals: Counter[str] = Counter()
    for one in stuck:
        if one.amount:
            totals[one.amount.currency] += one.amount.value
    kinds = Counter(one.kind for one in stuck)
    counted = ", ".join(f"{kind} {number}" for kind, number in kinds.most_common())
    money = ", ".join(format_money(*each) for each in sorted(totals.items()))
    at_least = "at least " if is_cut else ""
    console.print(f"Stuck: {at_least}{len(stuck)} ({counted})", highlight=False)
    console.print(f"Money at risk: {at_least}{money or 'unknown'}", highlight=False)


def show_queries(
    console: Console, *, now: datetime, ui_url: str, namespace: str
) -> None:
    """Print the filters to be kept as saved views in the Temporal UI."""
    console.print(
        f"Filters for the Temporal UI as of {now:%Y-%m-%d %H:%M:%S} UTC. Open a link, "
        "then keep it with *Save as New* under *Saved Views*.\n",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    for view in saved_views(now):
        console.print(f"[bold]{view.name}[/]: {view.finds}", highlight=False)
        for line in (view.query, list_of(ui_url, namespace, view.query)):
            console.print(
                f"  {line}", markup=False, highlight=False, soft_wrap=True, no_wrap=True
            )
        console.print()


def in_words(lasts: timedelta) -> str:
    """Write a duration for people: `45 s`, `3 min`, `2 h 10 min`, `4 d 3 h`."""
    minutes, seconds = divmod(int(lasts.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{seconds} s"


def _money(stuck: Stuck) -> str:
    if stuck.amount is None:
        return "unknown"
    return format_money(stuck.amount.currency, stuck.amount.value)
