"""`cashier stuck-demo`: a payment or a refund of each stuck kind, to be looked at."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
from rich.console import Console

from cashier.demos.stuck_makers import PAYMENT_MAKERS, SECOND_PERSON_ABOVE, Maker
from cashier.demos.stuck_refunds import REFUND_MAKERS
from cashier.stuck.finding import find_stuck
from cashier.stuck.report import Wanted, report_stuck, show_queries
from cashier.system.home import Home
from cashier.system.part import PartFailedError
from cashier.system.ports import Ports
from cashier.system.processes import PortTakenError, System, running_system
from cashier.system.stop_signals import until_stopped
from cashier.system.up import show_addresses

# The slowest kind, no verdict of Alipay, takes five calls and 15 s of pauses.
PATIENCE_SECONDS = 90
# How each of them is ended here, where simulator and demo shop stand for the world.
HOW_TO_END = "docs/operating.md#practise-on-stuck-payments"
MAKERS = PAYMENT_MAKERS | REFUND_MAKERS


async def show_stuck_payments(console: Console, ports: Ports) -> int:
    """Make them in a temporary folder, and keep them until stopped by a signal."""
    try:
        await until_stopped(_keep_stuck(console, ports))
    except PortTakenError as error:
        console.print(f"[red]{error}[/] Stop `make up` first.")
        return 1
    except (PartFailedError, TimeoutError, httpx.HTTPError) as error:
        console.print(f"[red]The demo failed:[/] {error!r}", highlight=False)
        return 1
    return 0


async def _keep_stuck(console: Console, ports: Ports) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="cashier-stuck-") as folder,
        console.status("Starting") as status,
    ):
        async with stuck_system(Path(folder), ports) as system:
            status.update("Waiting until they are stuck")
            await until_stuck(system)
            status.stop()
            await _show(console, system)
            await asyncio.Event().wait()


@asynccontextmanager
async def stuck_system(folder: Path, ports: Ports) -> AsyncIterator[System]:
    """Run a whole system with a payment or a refund of each kind, soon stuck."""
    home = Home(folder)
    home.prepare()
    settings = {
        # The shop does not run, so it accepts no callbacks.
        **home.shop_environment(ports),
        "CASHIER_SECOND_PERSON_ABOVE": json.dumps(SECOND_PERSON_ABOVE),
    }
    async with running_system(home, ports, keep=True, settings=settings) as system:
        async with httpx.AsyncClient(timeout=40, trust_env=False) as http:
            maker = Maker(system, await system.client(), http)
            await asyncio.gather(*(make(maker) for make in MAKERS.values()))
        yield system


async def until_stuck(system: System) -> None:
    """Wait until each kind is listed.

    Raises:
        TimeoutError: One of them is not listed in time.
    """
    client = await system.client()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = await find_stuck(client, datetime.now(UTC))
            if {one.kind for one in found.stuck} == set(MAKERS):
                return
            # Temporal's list has no call to wait for an entry.
            await asyncio.sleep(0.5)


async def _show(console: Console, system: System) -> None:
    client = await system.client()
    ui_url = system.ports.ui_url
    await report_stuck(client, console, Wanted(), ui_url=ui_url)
    show_queries(console, ui_url=ui_url, namespace=client.namespace)
    show_addresses(console, system)
    console.print(f"\nTo end them, one by one: {HOW_TO_END}", highlight=False)
