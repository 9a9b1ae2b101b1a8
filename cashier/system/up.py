"""`cashier up`: the whole system until Ctrl-C, its payments kept in a folder."""

import asyncio
import shlex
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from cashier.printing import print_line
from cashier.system.folder_lock import FolderInUseError
from cashier.system.home import OPERATOR, SHOPKEEPER, Home
from cashier.system.part import PartFailedError
from cashier.system.ports import Ports
from cashier.system.processes import PortTakenError, System, running_system
from cashier.system.stop_signals import until_stopped


async def keep_running(
    console: Console,
    folder: Path,
    ports: Ports,
    settings: Mapping[str, str],
    *,
    cluster: str | None = None,
) -> int:
    """Run until stopped by a signal; return the exit code.

    Args:
        console: Where addresses are printed.
        folder: The folder with keys, payments and logs.
        ports: The ports of the processes.
        settings: Further settings of the processes, by their environment variables.
        cluster: Address of a running Temporal; None starts one.
    """
    try:
        await until_stopped(_serve(console, Home(folder), ports, settings, cluster))
    except PortTakenError as error:
        console.print(
            f"[red]{error}[/] Stop it, or choose "
            "other ports:\n.venv/bin/cashier up --help"
        )
        return 1
    except (FolderInUseError, PartFailedError) as error:
        console.print(str(error), style="red", markup=False, highlight=False)
        return 1
    console.print("Stopped. Payments continue with the next `make up`.")
    return 0


async def _serve(
    console: Console,
    home: Home,
    ports: Ports,
    settings: Mapping[str, str],
    cluster: str | None,
) -> None:
    with console.status("Starting") as status:
        async with running_system(
            home,
            ports,
            keep=True,
            shop=True,
            cluster=cluster,
            settings=settings,
            tell=status.update,
        ) as system:
            status.stop()
            show_addresses(console, system)
            try:
                await asyncio.Event().wait()
            finally:
                status.update("Stopping")
                status.start()


def show_addresses(console: Console, system: System) -> None:
    """Print all addresses, and where the passwords and keys are.

    Each line can be copied whole, however narrow the terminal is.
    """
    ports, home = system.ports, system.home
    has_shop = "storefront" in system.parts
    rows = [
        *(_of_the_shop(system) if has_shop else ()),
        ("API", f"{ports.api_url}/docs"),
        ("API key", f"$(cat {_short(home.api_key)})"),
        ("Temporal", system.cluster)
        if system.cluster
        else ("Temporal UI", ports.ui_url),
        ("Clear text", f"{ports.codec_url}/login"),
        (f"as {OPERATOR}", f"$(cat {_short(home.operator_password)})"),
        ("Runbook", f"{ports.codec_url}/runbook"),
        ("To act", f". {_in_a_shell(home.settings_file)}"),
        ("Money moved", f"{ports.simulator_url}/control/ledger"),
        ("Logs", _short(home.logs)),
    ]
    console.print("[green]Everything runs.[/] Ctrl-C stops it.\n")
    if has_shop:
        console.print(f"Buy a coffee:  [bold]{ports.shop_url}[/]\n", highlight=False)
        console.print("Behind the shop:\n")
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        print_line(console, f"{name:<{width}}  {text}")


def _of_the_shop(system: System) -> tuple[tuple[str, str], ...]:
    password = _short(system.home.staff_password)
    return (
        ("Back office", f"{system.ports.shop_url}/back-office"),
        (f"as {SHOPKEEPER}", f"$(cat {password})"),
    )


def _in_a_shell(path: Path) -> str:
    """Return how a shell reads the file; it would look for a bare name in PATH."""
    short = _short(path)
    return shlex.quote(short if "/" in short else f"./{short}")


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
