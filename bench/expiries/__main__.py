"""`python -m bench.expiries`: time to a page while many payments expire at once."""

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

from bench.expiries.storm import Storm, measure_storm
from bench.machine import Others, describe_run
from bench.systems.processes import running_bench

RESULTS = Path(__file__).parent / "results.json"
WITHIN_SECONDS = 30.0
PAGE_FACTOR = 2.0  # of the p95 in calm, in the same run


def main(
    payments: Annotated[int, typer.Option(help="How many expire")] = 1000,
    quick: Annotated[bool, typer.Option(help="100: does it run?")] = False,
) -> None:
    """Let payments expire within half a minute; three minutes; --quick keeps none."""
    console, run, others = Console(), describe_run(), Others()
    count = 100 if quick else payments
    with tempfile.TemporaryDirectory(prefix="cashier-bench-") as folder:
        storm = asyncio.run(_measure(console, Path(folder), count))
    run["command"] = " ".join(["python -m bench.expiries", *sys.argv[1:]])
    run["machine"]["busy_with_others_percent"] = busy = round(others.percent(), 1)
    _print(console, storm)
    console.print(f"Others kept {busy:.0f} % of the machine busy.")
    if not quick:
        RESULTS.write_text(json.dumps({**run, "storm": asdict(storm)}, indent=2) + "\n")
        console.print(f"Written to {RESULTS}", soft_wrap=True)
    sys.stdout.flush()
    os._exit(0)  # as bench/__main__.py does, and for its reason


async def _measure(console: Console, folder: Path, count: int) -> Storm:
    with console.status("Starting") as status:
        async with running_bench(folder) as bench:
            return await measure_storm(bench, count, WITHIN_SECONDS, status.update)


def _print(console: Console, storm: Storm) -> None:
    title = (
        f"(h) {storm.expiring} payments expire within {storm.within_seconds:.0f} s; "
        "ms to a new page"
    )
    table = Table(title=title, title_justify="left")
    for name in ("", "pages", "p50", "p95"):
        table.add_column(name, justify="right")
    for name, pages, p50, p95 in (
        ("none expire", storm.calm_pages, storm.calm_p50, storm.calm_p95),
        ("meanwhile", storm.storm_pages, storm.storm_p50, storm.storm_p95),
    ):
        table.add_row(name, str(pages), f"{p50:.0f}", f"{p95:.0f}")
    console.print(table)
    ratio = storm.storm_p95 / storm.calm_p95
    verdict = "met" if ratio <= PAGE_FACTOR and not storm.wrong else "MISSED"
    console.print(
        f"p95 {ratio:.1f} x that without, goal {PAGE_FACTOR} x; {storm.wrong} ended "
        f"otherwise than Alipay says: {verdict}. The last ended "
        f"{storm.over_after_seconds:.0f} s after the last expiry."
    )


if __name__ == "__main__":
    typer.run(main)
