"""`python -m chaos`, or `make chaos`: checks that failures and kills lose no money."""

import asyncio
import sys
import tempfile
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)

from cashier.system.folder_lock import FolderInUseError
from cashier.system.part import PartFailedError
from cashier.system.stop_signals import STOPPED, until_stopped
from chaos.report import print_report, write_json
from chaos.run import Chaos
from deploy.cluster.database import DatabaseError
from deploy.cluster.programs import MissingProgramsError


def main(
    payments: Annotated[int, typer.Option(min=1, help="How many orders")] = 300,
    seed: Annotated[int, typer.Option(help="Decides orders, faults and kills")] = 1,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Run workflows in the SDK's sandbox")
    ] = False,
    cluster: Annotated[
        bool, typer.Option("--cluster", help="On a real cluster, which is killed too")
    ] = False,
    json: Annotated[Path | None, typer.Option(help="Also write a report here")] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Keep database and logs here, to look into")
    ] = None,
) -> None:
    """Take payments while processes are killed and Alipay fails; compare records."""
    console = Console()
    columns = (
        *(TextColumn("{task.description}"), BarColumn()),
        *(MofNCompleteColumn(), TimeElapsedColumn()),
    )
    with (
        _place(folder) as place,
        Progress(*columns, console=console) as progress,
    ):
        bar = progress.add_task("Starting", total=payments)
        chaos = Chaos(
            payments,
            seed,
            Path(place).absolute(),
            sandbox=sandbox,
            on_cluster=cluster,
            say=lambda words: progress.update(bar, description=words),
            advance=lambda steps: progress.advance(bar, steps),
        )
        try:
            run = asyncio.run(until_stopped(chaos.run()))
        except (
            *(DatabaseError, FolderInUseError),
            *(MissingProgramsError, PartFailedError),
        ) as error:
            console.print(str(error), style="red", markup=False, highlight=False)
            sys.exit(2)
        if run is None:
            sys.exit(STOPPED)
    print_report(console, run)
    if json:
        write_json(json, run)
    sys.exit(0 if run.has_passed else 1)


def _place(folder: Path | None) -> AbstractContextManager[Path | str]:
    """Return the folder, or a temporary one."""
    if folder:
        return nullcontext(folder)
    return tempfile.TemporaryDirectory(prefix="cashier-chaos-")


if __name__ == "__main__":
    typer.run(main)
