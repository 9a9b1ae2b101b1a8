"""Prints the figures of a cluster as tables, and writes them as JSON."""

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.cluster.arrivals import Arrivals, percentiles
from bench.cluster.processes import NEEDED
from bench.cluster.run import SHARE_OF_HIGHEST, Figures
from bench.measures.throughput import Throughput

# Alipay, and the measuring client.
OTHERS = ("simulator", "client")


def print_report(console: Console, figures: Figures) -> None:
    """Print one table for each question."""
    console.print(_rates(figures))
    console.print(_processes(figures))
    console.print(_arrivals(figures))
    console.print(_arrivals_in_words(figures.arrivals), highlight=False)
    idle = ", ".join(
        f"{name} {used:.1f}" for name, used in figures.idle_percent.items()
    )
    console.print(f"Idle, % of a core: {idle}", highlight=False)


def write_json(path: Path, run: dict[str, Any], figures: Figures) -> None:
    """Write the run and its figures."""
    arrivals = figures.arrivals
    content = {
        **run,
        "idle_percent_of_a_core": _rounded(figures.idle_percent),
        "beside_the_floor": [_row(row) for row in figures.by_the_client],
        "whole_payments_with_a_slow_alipay": [_row(row) for row in figures.whole],
        "arrivals": {
            "wanted_per_second": round(arrivals.wanted_per_second, 2),
            "share_of_the_highest_rate": SHARE_OF_HIGHEST,
            "seconds": arrivals.seconds,
            "payments": len(arrivals.to_paid),
            "per_second": round(arrivals.per_second, 2),
            "errors": dict(arrivals.errors),
            "to_page_ms": percentiles(arrivals.to_page),
            "to_paid_ms": percentiles(arrivals.to_paid),
            "over_after_seconds": round(arrivals.over_after, 2),
            "cpu_ms_per_payment": _rounded(arrivals.cpu_milliseconds),
            "cpu_ms_per_payment_needed": round(needed(arrivals.cpu_milliseconds), 1),
        },
    }
    path.write_text(json.dumps(content, indent=2) + "\n")


def needed(milliseconds: dict[str, float]) -> float:
    """Return the processor time of the processes that a merchant runs."""
    return sum(milliseconds[name] for name in NEEDED)


def _row(row: Throughput) -> dict[str, Any]:
    return {
        "subject": row.subject,
        "in_flight": row.in_flight,
        "payments": row.payments,
        "per_second": round(row.per_second, 2),
        "cpu_ms_per_payment": _rounded(row.cpu_milliseconds),
    }


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {name: round(figure, 2) for name, figure in figures.items()}


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right")
    return table


def _rates(figures: Figures) -> Table:
    table = _table(
        "Paid payments a second; `whole`: over HTTP, with a slow Alipay",
        *("subject", "in flight", "n", "a second", "needed, ms"),
    )
    for row in (*figures.by_the_client, *figures.whole):
        # The floor has its own worker.
        used = row.cpu_milliseconds
        own = {**used, "worker": used["floor"]} if row.subject == "floor" else used
        table.add_row(
            *(row.subject, str(row.in_flight), str(row.payments)),
            *(f"{row.per_second:.1f}", f"{needed(own):.1f}"),
        )
    return table


def _processes(figures: Figures) -> Table:
    columns = {
        **{
            f"{row.subject} {row.in_flight}": row.cpu_milliseconds
            for row in (*figures.by_the_client, *figures.whole)
        },
        "arriving": figures.arrivals.cpu_milliseconds,
    }
    table = _table("Processor milliseconds a payment", "process", *columns)
    for name in (*NEEDED, "floor", *OTHERS):
        table.add_row(name, *(f"{used[name]:.1f}" for used in columns.values()))
    return table


def _arrivals(figures: Figures) -> Table:
    arrivals = figures.arrivals
    table = _table(
        f"Customers who arrive at {SHARE_OF_HIGHEST:.0%} of `whole`'s highest rate",
        *("milliseconds", "n", "p50", "p95", "p99"),
    )
    for name, seconds in (
        ("to the page", arrivals.to_page),
        ("from Pay to paid", arrivals.to_paid),
    ):
        shown = (f"{figure:.0f}" for figure in percentiles(seconds).values())
        table.add_row(name, str(len(seconds)), *shown)
    return table


def _arrivals_in_words(arrivals: Arrivals) -> str:
    return (
        f"{arrivals.wanted_per_second:.1f} a second were planned for "
        f"{arrivals.seconds:.0f} s, {arrivals.per_second:.1f} a second were paid; "
        f"errors: {dict(arrivals.errors) or 'none'}; the last payment ended "
        f"{arrivals.over_after:.1f} s after the last arrival."
    )
