"""`python -m bench`, or `make bench`: speed, cost and memory beside the floor."""

import asyncio
import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from alipay.client import open_connections
from bench.goals import Figures
from bench.machine import Others, describe_run
from bench.report import print_report, write_json
from bench.run import FULL, QUICK, Run, Sizes
from bench.systems.processes import running_bench
from bench.systems.subjects import BareCall

RESULTS = Path(__file__).parent / "results.json"


def main(
    quick: Annotated[bool, typer.Option(help="Small sizes: does it run?")] = False,
) -> None:
    """Measure everything in one run, about five minutes; --quick keeps nothing."""
    console = Console()
    run, others = describe_run(), Others()
    with tempfile.TemporaryDirectory(prefix="cashier-bench-") as folder:
        figures = asyncio.run(_measure(console, Path(folder), QUICK if quick else FULL))
    run["machine"]["busy_with_others_percent"] = busy = others.percent()
    print_report(console, figures)
    console.print(f"Others kept {busy:.0f} % of the machine busy.")
    if not quick:
        write_json(RESULTS, run, figures)
        console.print(f"Written to {RESULTS}", soft_wrap=True)
    # With the SDK's threads still at work Python sometimes aborts in its own end
    # (sdk-python issue 300), and `make` would report a failure.
    sys.stdout.flush()
    os._exit(0)


async def _measure(console: Console, folder: Path, sizes: Sizes) -> Figures:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        starting = progress.add_task("Starting server, simulator, API, workers")
        async with running_bench(folder) as bench, open_connections() as http:
            progress.update(starting, total=1, completed=1)
            alipay = bench.settings.alipay_client(http)
            bare = BareCall(alipay, notify_url=bench.settings.notify_url)
            return await Run(bench, sizes, progress, bare).measure()


if __name__ == "__main__":
    typer.run(main)
