"""`python -m chaos.rollout`, or `make rollout-storm`: rolls a release under load."""

import asyncio
import sys
import tempfile
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cashier.system.part import PartFailedError
from cashier.system.stop_signals import STOPPED, until_stopped
from chaos.report import Run, print_report, write_json
from chaos.rollout.commits import ProgramFailedError
from chaos.rollout.operator import NotReachedError
from chaos.rollout.storm import RolloutStorm, Step, take_builds


def main(
    seed: Annotated[int, typer.Option(help="Decides orders, faults and kills")] = 1,
    json: Annotated[Path | None, typer.Option(help="Also write a report here")] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Keep database and logs here, to look into")
    ] = None,
) -> None:
    """Roll a release forward and back under load, with kills; compare the records."""
    console = Console()
    with _place(folder) as place:
        here = Path(place).absolute()
        here.mkdir(parents=True, exist_ok=True)
        try:
            run = asyncio.run(until_stopped(_storm(console, here, seed)))
        except (NotReachedError, PartFailedError, ProgramFailedError) as error:
            console.print(str(error), style="red", markup=False, highlight=False)
            sys.exit(2)
    if run is None:
        sys.exit(STOPPED)
    print_report(console, run)
    if json:
        write_json(json, run)
    sys.exit(0 if run.has_passed else 1)


async def _storm(console: Console, folder: Path, seed: int) -> Run:
    builds = await take_builds(folder)
    with console.status("Starting") as status:
        storm = RolloutStorm(builds, seed, folder / "system", say=status.update)
        try:
            return await storm.run()
        finally:
            # Also if a step was not reached: the table shows the last one.
            console.print(_table(storm.steps))


def _table(steps: list[Step]) -> Table:
    table = Table("After", "Done", "Customers in the shop", title="The rollout")
    for step in steps:
        table.add_row(f"{step.seconds:.0f} s", step.words, str(step.visits))
    return table


def _place(folder: Path | None) -> AbstractContextManager[Path | str]:
    """Return the folder, or a temporary one."""
    if folder:
        return nullcontext(folder)
    return tempfile.TemporaryDirectory(prefix="cashier-rollout-")


if __name__ == "__main__":
    typer.run(main)
