"""`python -m bench.refunds`: the history of a refund, and its cost."""

import asyncio
import json
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench.machine import Others, describe_run
from bench.measures.cost import Cost
from bench.refunds.cost import FIRST, FURTHER, measure_refund_cost
from bench.systems.processes import running_bench

RESULTS = Path(__file__).parent / "results.json"
FULL, QUICK = 30, 5
# Billable actions: start, update and activity; of a further one update and activity.
MOST_ACTIONS = {FIRST: 3, FURTHER: 2}


def main(
    quick: Annotated[bool, typer.Option(help="A few: does it run?")] = False,
) -> None:
    """Refund paid orders, in full and in parts; under a minute."""
    console, run, others = Console(), describe_run(), Others()
    with tempfile.TemporaryDirectory(prefix="cashier-bench-") as folder:
        found = asyncio.run(_measure(console, Path(folder), QUICK if quick else FULL))
    run["command"] = " ".join(["python -m bench.refunds", *sys.argv[1:]])
    run["machine"]["busy_with_others_percent"] = round(others.percent(), 1)
    _print(console, found)
    if not quick:
        content = {**run, "refunds": [asdict(row) for row in found]}
        RESULTS.write_text(json.dumps(content, indent=2) + "\n")
        console.print(f"Written to {RESULTS}", soft_wrap=True)
    sys.stdout.flush()
    os._exit(0)  # as bench/__main__.py does, and for its reason


async def _measure(console: Console, folder: Path, refunds: int) -> list[Cost]:
    with console.status("Starting") as status:
        async with running_bench(folder) as bench:
            return await measure_refund_cost(bench, refunds, status.update)


def _print(console: Console, found: list[Cost]) -> None:
    table = Table(title="(k) Per refund", title_justify="left")
    for name in ("subject", "n", "events", "bytes", "billable actions", "goal"):
        table.add_column(name, justify="left" if name == "subject" else "right")
    for row in found:
        goal = MOST_ACTIONS.get(row.subject)
        met = goal is None or row.actions <= goal + 0.01
        table.add_row(
            row.subject,
            str(row.payments),
            f"{row.events:.1f}",
            f"{row.bytes:.0f}",
            f"{row.actions:.2f}",
            "" if goal is None else f"{goal}: {'met' if met else 'MISSED'}",
        )
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
