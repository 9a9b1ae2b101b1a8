"""Shows the findings: as text, or as JSON."""

import json
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cashier.doctor.checks.findings import Finding, State
from version import VERSION

STYLES = {State.OK: "green", State.WRONG: "bold red", State.SKIPPED: "yellow"}


def as_json(findings: Sequence[Finding]) -> str:
    """Return the findings as JSON; fields are only ever added."""
    entries = [_entry(one) for one in findings]
    return json.dumps({"version": VERSION, "findings": entries}, indent=1)


def _entry(one: Finding) -> dict[str, Any]:
    return {
        "subject": one.subject,
        "name": one.name,
        "state": one.state,
        "why": one.why,
        "todo": one.todo or None,
    }


def show(console: Console, findings: Sequence[Finding]) -> None:
    """Print a line for each finding, and how many are wrong."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for one in findings:
        told = Text(one.why)
        if one.todo:
            told.append(f"\n-> {one.todo}", style="bold")
        state = Text(one.state, style=STYLES[one.state])
        table.add_row(state, Text(f"{one.subject}: {one.name}"), told)
    console.print(table, highlight=False)
    console.print(f"\n{_in_all(findings)}", markup=False, highlight=False)


def _in_all(findings: Sequence[Finding]) -> str:
    wrong = sum(one.state is State.WRONG for one in findings)
    if all(one.state is State.OK for one in findings):
        return f"Everything that can be checked from here is right ({VERSION})."
    left_out = sum(one.state is State.SKIPPED for one in findings)
    rest = f", and {left_out} could not be checked for it" if left_out else ""
    return f"Wrong: {wrong} of {len(findings)}{rest} ({VERSION})."
