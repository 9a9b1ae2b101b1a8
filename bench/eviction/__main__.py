"""`python -m bench.eviction`: more payments wait than a worker caches."""

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

from bench.eviction.waiting import Eviction, Sizes, measure_eviction
from bench.machine import Others, describe_run
from bench.systems.processes import running_bench

RESULTS = Path(__file__).parent / "results.json"
FULL = Sizes(waiting=5000, cached=500, rounds=4, batch=50)
QUICK = Sizes(waiting=200, cached=50, rounds=2, batch=20)
MOST_GROWTH = 1.1  # counts as flat: an allocator does not return all memory
SPEED_FACTOR = 0.5


def main(
    quick: Annotated[bool, typer.Option(help="200: does it run?")] = False,
) -> None:
    """Leave 5,000 payments waiting with 500 in memory; some minutes."""
    console, run, others = Console(), describe_run(), Others()
    with tempfile.TemporaryDirectory(prefix="cashier-bench-") as folder:
        found = asyncio.run(_measure(console, Path(folder), QUICK if quick else FULL))
    run["command"] = " ".join(["python -m bench.eviction", *sys.argv[1:]])
    run["machine"]["busy_with_others_percent"] = busy = round(others.percent(), 1)
    _print(console, found)
    console.print(f"Others kept {busy:.0f} % of the machine busy.")
    if not quick:
        content = {**run, "eviction": asdict(found)}
        RESULTS.write_text(json.dumps(content, indent=2) + "\n")
        console.print(f"Written to {RESULTS}", soft_wrap=True)
    sys.stdout.flush()
    os._exit(0)  # as bench/__main__.py does, and for its reason


async def _measure(console: Console, folder: Path, sizes: Sizes) -> Eviction:
    with console.status("Starting") as status:
        async with running_bench(folder) as bench:
            return await measure_eviction(bench, sizes, status.update)


def _print(console: Console, found: Eviction) -> None:
    title = f"(i) {found.waiting} wait, {found.cached} of them in memory"
    table = Table(title=title, title_justify="left")
    for name in ("waiting", "worker, MiB"):
        table.add_column(name, justify="right")
    for waiting, resident in found.memory.items():
        table.add_row(str(waiting), f"{resident / 2**20:.0f}")
    console.print(table)
    flat = "met" if found.growth <= MOST_GROWTH else "MISSED"
    fast = "met" if found.speed >= SPEED_FACTOR else "MISSED"
    console.print(
        f"Memory with all waiting: {found.growth:.2f} x that with a fifth, goal "
        f"{MOST_GROWTH} x: {flat}. Evicted ones are paid at {found.speed:.2f} x the "
        f"speed of remembered ones, goal {SPEED_FACTOR} x: {fast}."
    )


if __name__ == "__main__":
    typer.run(main)
