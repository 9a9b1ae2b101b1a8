"""`python -m deploy.cluster`, or `make cluster`: a real cluster until Ctrl-C."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cashier.system.folder_lock import FolderInUseError
from cashier.system.part import PartFailedError
from cashier.system.stop_signals import until_stopped
from deploy.cluster.database import DatabaseError
from deploy.cluster.programs import MissingProgramsError, Programs, find_programs
from deploy.cluster.running import Cluster, running_cluster
from deploy.cluster.services import SERVICES, USUAL_PORTS

# PostgreSQL does not run as root; its user needs access to the files.
ROOTS = Path("/var/lib/cashier-cluster")
OTHERS = Path(".cashier-cluster")


def main(
    folder: Annotated[
        Path | None,
        typer.Option(
            help=f"Where it is kept; else {OTHERS}, or as root {ROOTS}",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Run PostgreSQL and the four services of Temporal; their data are kept.

    Exit code: 0 stopped by you; 1 it failed; 2 programs are missing.
    """
    console = Console()
    folder = (folder or (ROOTS if os.geteuid() == 0 else OTHERS)).absolute()
    try:
        programs = find_programs()
    except MissingProgramsError as error:
        console.print(str(error), markup=False, highlight=False, soft_wrap=True)
        sys.exit(2)
    try:
        asyncio.run(until_stopped(_serve(console, folder, programs)))
    except (DatabaseError, FolderInUseError, PartFailedError) as error:
        console.print(str(error), style="red", markup=False, highlight=False)
        sys.exit(1)
    console.print("Stopped. Its data are kept for the next `make cluster`.")


async def _serve(console: Console, folder: Path, programs: Programs) -> None:
    with console.status("Starting") as status:
        async with running_cluster(
            folder, USUAL_PORTS, programs, status.update
        ) as cluster:
            status.stop()
            show_cluster(console, cluster, folder)
            try:
                await asyncio.Event().wait()
            finally:
                status.start()


def show_cluster(console: Console, cluster: Cluster, folder: Path) -> None:
    """Print the cluster's addresses, and commands to run on it."""
    table = Table.grid(padding=(0, 2))
    table.add_row("Temporal", cluster.address)
    for service in SERVICES:
        ports = cluster.ports.of(service)
        table.add_row(
            service,
            f"gRPC {ports.grpc}, metrics http://127.0.0.1:{ports.metrics}/metrics",
        )
    table.add_row("PostgreSQL", f"127.0.0.1:{cluster.database.port}")
    table.add_row("its password", f"$(cat {folder / 'postgres-password'})")
    table.add_row("Logs", str(folder / "logs"))
    console.print("[green]The cluster runs.[/] Ctrl-C stops it.\n")
    console.print(table, highlight=False, soft_wrap=True)
    console.print(
        "\nOn it, in another terminal:\n\n"
        f"  make demo TEMPORAL={cluster.address}\n"
        f"  make up TEMPORAL={cluster.address}",
        highlight=False,
    )


if __name__ == "__main__":
    typer.run(main)
