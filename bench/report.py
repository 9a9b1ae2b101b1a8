"""Prints the figures as tables, and writes them as JSON."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.goals import Figures, Goal, goals_of
from bench.measures.throughput import Throughput


def print_report(console: Console, figures: Figures) -> None:
    """Print one table per question, and the goals last."""
    console.print(_latency_table(figures))
    console.print(_throughput_table(figures.throughput))
    console.print(_cost_table(figures))
    console.print(_memory_table(figures))
    console.print(_goal_table(goals_of(figures)))


def write_json(path: Path, run: dict[str, Any], figures: Figures) -> None:
    """Write the run, its figures and its goals."""
    content = {
        **run,
        "latency_ms": [asdict(row) for row in figures.latency],
        "throughput": [
            {
                "subject": row.subject,
                "in_flight": row.in_flight,
                "payments": row.payments,
                "per_second": row.per_second,
                "cpu_ms_per_payment": row.cpu_milliseconds,
            }
            for row in figures.throughput
        ],
        "cost_per_payment": [asdict(row) for row in figures.cost],
        "memory": [
            {**asdict(row), "bytes_per_payment": row.bytes_per_payment}
            for row in figures.memory
        ],
        "goals": [
            {**asdict(goal), "is_met": goal.is_met} for goal in goals_of(figures)
        ],
    }
    path.write_text(json.dumps(_rounded(content), indent=2) + "\n")


def _rounded(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return round(value, 2) if isinstance(value, float) else value


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right")
    return table


def _latency_table(figures: Figures) -> Table:
    table = _table(
        "(a) Time to the cashier URL, ms", "subject", "in flight", "n", "p50", "p99"
    )
    for row in figures.latency:
        table.add_row(
            row.subject,
            str(row.in_flight),
            str(row.samples),
            f"{row.p50:.1f}",
            f"{row.p99:.1f}",
        )
    return table


def _throughput_table(rows: list[Throughput]) -> Table:
    table = _table(
        "(b) Paid payments a second, (c) processor ms a payment",
        "subject",
        "in flight",
        "n",
        "a second",
        "worker",
        "server",
        "simulator",
        "client",
    )
    for row in rows:
        used = row.cpu_milliseconds
        own_worker = used["floor" if row.subject == "floor" else "worker"]
        table.add_row(
            row.subject,
            str(row.in_flight),
            str(row.payments),
            f"{row.per_second:.1f}",
            f"{own_worker:.1f}",
            *(f"{used[name]:.1f}" for name in ("server", "simulator", "client")),
        )
    return table


def _cost_table(figures: Figures) -> Table:
    table = _table(
        "(d) Per paid payment", "subject", "n", "events", "bytes", "billable actions"
    )
    for row in figures.cost:
        table.add_row(
            row.subject,
            str(row.payments),
            f"{row.events:.1f}",
            f"{row.bytes:.0f}",
            f"{row.actions:.2f}",
        )
    return table


def _memory_table(figures: Figures) -> Table:
    table = _table(
        "(e) Worker memory", "subject", "waiting", "before MiB", "after MiB", "kB each"
    )
    for row in figures.memory:
        table.add_row(
            row.subject,
            str(row.waiting),
            f"{row.before_bytes / 2**20:.0f}",
            f"{row.after_bytes / 2**20:.0f}",
            f"{row.bytes_per_payment / 1000:.1f}",
        )
    return table


def _goal_table(goals: list[Goal]) -> Table:
    table = _table("Goals", "goal", "figure", "limit", "")
    for goal in goals:
        table.add_row(
            goal.name,
            f"{goal.figure:.1f} {goal.unit}",
            f"{'>=' if goal.at_least else '<='} {goal.limit:.1f} {goal.unit}",
            "[green]pass[/]" if goal.is_met else "[red]miss[/]",
        )
    return table
