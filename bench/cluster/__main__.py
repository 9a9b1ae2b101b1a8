"""`python -m bench.cluster`, or `make bench CLUSTER=1`: figures of a real cluster."""

import asyncio
import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench.cluster.processes import running_on_cluster
from bench.cluster.report import print_report, write_json
from bench.cluster.run import FULL, QUICK, Figures, Sizes, measure
from bench.machine import Others, describe_run
from deploy.cluster.programs import MissingProgramsError

RESULTS = Path(__file__).parent / "results.json"


def main(
    quick: Annotated[bool, typer.Option(help="Small sizes: does it run?")] = False,
) -> None:
    """Measure payments on a cluster of its own, ten minutes; --quick keeps nothing."""
    console, run, others = Console(), describe_run(), Others()
    run["command"] = " ".join(["python -m bench.cluster", *sys.argv[1:]])
    with tempfile.TemporaryDirectory(prefix="cashier-bench-") as folder:
        try:
            figures = asyncio.run(
                _measure(console, Path(folder), QUICK if quick else FULL)
            )
        except MissingProgramsError as error:
            console.print(str(error), markup=False, highlight=False, soft_wrap=True)
            sys.exit(2)
    run["machine"]["busy_with_others_percent"] = busy = round(others.percent(), 1)
    print_report(console, figures)
    console.print(f"Others kept {busy:.0f} % of the machine busy.")
    if not quick:
        write_json(RESULTS, run, figures)
        console.print(f"Written to {RESULTS}", soft_wrap=True)
    sys.stdout.flush()
    os._exit(0)  # as bench/__main__.py does, and for its reason


async def _measure(console: Console, folder: Path, sizes: Sizes) -> Figures:
    with console.status("Starting") as status:
        async with running_on_cluster(folder, status.update) as bench:
            return await measure(bench, sizes, status.update)


if __name__ == "__main__":
    typer.run(main)
