"""`cashier up`: the whole system until Ctrl-C, its payments kept in a folder."""

import asyncio
import signal
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cashier.home import OPERATOR, Home, Ports
from cashier.system import PartFailedError, System, running_system


async def keep_running(console: Console, folder: Path, ports: Ports) -> int:
    """Run until SIGINT or SIGTERM; return the exit code."""
    if taken := ports.taken():
        console.print(
            f"[red]Something listens on port {taken[0]} already.[/] Stop it, or choose "
            "other ports:\n.venv/bin/cashier up --help"
        )
        return 1
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    home = Home(folder)
    try:
        with console.status("Starting") as status:
            system = running_system(
                home, ports, keep=True, shop=True, tell=status.update
            )
            async with system as up:
                status.stop()
                show_addresses(console, up)
                await stop.wait()
                status.start()
    except PartFailedError as error:
        console.print(f"[red]{error}[/]", highlight=False)
        return 1
    console.print("Stopped. Payments go on with the next `make up`.")
    return 0


def show_addresses(console: Console, system: System) -> None:
    """Print where everything is reached, and how one gets in."""
    ports, home = system.ports, system.home
    table = Table.grid(padding=(0, 2))
    table.add_row("API", f"{ports.api_url}/docs")
    table.add_row("API key", f"$(cat {_short(home.api_key)})")
    table.add_row("Temporal UI", ports.ui_url)
    table.add_row("Clear text", f"{ports.codec_url}/login")
    table.add_row(f"as {OPERATOR}", f"$(cat {_short(home.operator_password)})")
    table.add_row("Runbook", f"{ports.codec_url}/runbook")
    keys = _short(home.payload_keys)
    table.add_row("To act", f"export CASHIER_PAYLOAD_KEYS_DIR={keys}")
    table.add_row("Money moved", f"{ports.simulator_url}/control/ledger")
    table.add_row("Logs", _short(home.logs))
    console.print("[green]Everything runs.[/] Ctrl-C stops it.\n")
    console.print(f"Buy a coffee:  [bold]{ports.shop_url}[/]\n", highlight=False)
    console.print("Behind the shop:\n")
    console.print(table, highlight=False, soft_wrap=True)


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
