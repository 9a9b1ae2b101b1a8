"""`python -m bench.viewers`: 500 open result pages, their cost, the delay of changes.

Compared in the same run with pages that poll by GET every two seconds.
"""

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from httpx_sse import aconnect_sse
from rich.console import Console
from rich.table import Table

from bench.machine import Others, describe_run
from bench.measures.batches import run_all
from bench.systems.orders import new_order_id
from bench.systems.processes import Bench, running_bench
from bench.systems.subjects import Ours, OverHttp
from contracts import CancelWish

RESULTS = Path(__file__).parent / "results.json"
# The interval that Alipay advises while the customer waits (docs/protocol.md 4.2).
POLL_SECONDS = 2.0
SETTLING_SECONDS = 3.0


@dataclass(frozen=True)
class Used:
    """The use of processes while the payments did not change.

    Attributes:
        api_percent, server_percent: Percent of one core.
        api_mib: Resident memory at the end.
        actions: Billable actions in total.
    """

    subject: str
    viewers: int
    seconds: float
    api_percent: float
    server_percent: float
    api_mib: float
    actions: float


@dataclass(frozen=True)
class Delay:
    """The delay from a change until viewers saw it, in milliseconds."""

    cause: str
    changes: int
    p50: float
    p99: float
    worst: float


def main(
    viewers: Annotated[int, typer.Option(help="Pages, each of another payment")] = 500,
    seconds: Annotated[float, typer.Option(help="How long nothing happens")] = 60,
    keep: Annotated[bool, typer.Option(help="Write the figures down")] = True,
) -> None:
    """Measure event streams beside polling, in one run of about four minutes."""
    console, run, others = Console(), describe_run(), Others()
    with tempfile.TemporaryDirectory(prefix="cashier-bench-") as folder:
        used, delays = asyncio.run(_measure(Path(folder), viewers, seconds, console))
    run["command"] = " ".join(["python -m bench.viewers", *sys.argv[1:]])
    run["machine"]["busy_with_others_percent"] = busy = round(others.percent(), 1)
    _print(console, used, delays)
    console.print(f"Others kept {busy:.0f} % of the machine busy.")
    if keep:
        found = {
            "idle": [asdict(row) for row in used],
            "heard_ms": [asdict(row) for row in delays],
        }
        RESULTS.write_text(json.dumps({**run, **found}, indent=2) + "\n")
        console.print(f"Written to {RESULTS}", soft_wrap=True)
    sys.stdout.flush()
    os._exit(0)  # as bench/__main__.py does, and for its reason


async def _measure(
    folder: Path, viewers: int, seconds: float, console: Console
) -> tuple[list[Used], list[Delay]]:
    async with running_bench(folder) as bench:
        pages = Pages(bench)
        with console.status("Opening payments"):
            orders = await pages.open(viewers)
        used = [await _idle(bench, "nobody", 0, seconds)]
        with console.status(f"{viewers} pages poll every {POLL_SECONDS:.0f} s"):
            async with pages.polled(orders):
                used.append(await _idle(bench, "polling", viewers, seconds / 2))
        with console.status(f"{viewers} pages have a stream"):
            async with pages.streamed(orders) as seen:
                used.append(await _idle(bench, "streams", viewers, seconds))
                half = len(orders) // 2
                delays = [
                    await _delays(
                        "a notification to the API", orders[:half], pages.pay, seen
                    ),
                    await _delays(
                        "straight to Temporal", orders[half:], pages.end, seen
                    ),
                ]
    return used, delays


async def _idle(bench: Bench, subject: str, viewers: int, seconds: float) -> Used:
    await asyncio.sleep(SETTLING_SECONDS)
    actions, before = await bench.billed_actions(), bench.cpu_seconds()
    began = time.monotonic()
    await asyncio.sleep(seconds)
    took, after = time.monotonic() - began, bench.cpu_seconds()
    billed = await bench.billed_actions() - actions
    return Used(
        subject,
        viewers,
        took,
        api_percent=(after["api"] - before["api"]) / took * 100,
        server_percent=(after["server"] - before["server"]) / took * 100,
        api_mib=bench.resident_bytes("api") / 2**20,
        actions=billed,
    )


async def _delays(
    cause: str,
    orders: list[str],
    change: Callable[[str], Awaitable[None]],
    seen: dict[str, asyncio.Future[float]],
) -> Delay:
    waits = []
    for order_id in orders:
        # One after the other, so that a queue before the server is not measured.
        await change(order_id)
        began = time.monotonic()
        waits.append(max(0.0, await seen[order_id] - began) * 1000)
    ordered = sorted(waits)
    return Delay(
        cause,
        len(waits),
        statistics.median(ordered),
        ordered[int(len(ordered) * 0.99)],
        ordered[-1],
    )


class Pages:
    """Result pages, each for another payment."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._ours = Ours(bench)
        key = bench.home.api_key.read_text()
        self._headers = {"Authorization": f"Bearer {key}"}
        self._shop = OverHttp(
            self._ours, bench.http, url=bench.ports.api_url, api_key=key
        )

    async def open(self, count: int) -> list[str]:
        orders = [new_order_id() for _ in range(count)]
        await run_all(self._shop.open, orders, in_flight=8)
        return orders

    async def pay(self, order_id: str) -> None:
        """The customer pays at the simulator, which notifies the API."""
        simulator = self._bench.ports.simulator_url
        url = f"{simulator}/control/payments/{order_id}_1/pay"
        (await self._bench.http.post(url)).raise_for_status()

    async def end(self, order_id: str) -> None:
        """End a payment without this API."""
        await self._ours.handle(order_id).execute_update(
            "cancel", CancelWish(by="bench")
        )

    @asynccontextmanager
    async def polled(self, orders: list[str]) -> AsyncIterator[None]:
        async with self._client() as http, asyncio.TaskGroup() as group:

            async def poll(order_id: str, delay: float) -> None:
                await asyncio.sleep(delay)
                while True:
                    (await http.get(f"/payments/{order_id}")).raise_for_status()
                    await asyncio.sleep(POLL_SECONDS)

            pace = POLL_SECONDS / len(orders)
            polling = [
                group.create_task(poll(order_id, number * pace))
                for number, order_id in enumerate(orders)
            ]
            yield
            for one in polling:
                one.cancel()

    @asynccontextmanager
    async def streamed(
        self, orders: list[str]
    ) -> AsyncIterator[dict[str, asyncio.Future[float]]]:
        """Yield, by order, a future with the time when its page has seen the end."""
        loop = asyncio.get_running_loop()
        seen = {order_id: loop.create_future() for order_id in orders}
        opened = asyncio.Semaphore(0)
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(self._client())
            group = await stack.enter_async_context(asyncio.TaskGroup())
            for order_id in orders:
                page = self._watch(http, order_id, opened, seen[order_id])
                group.create_task(page)
            for _ in orders:
                await opened.acquire()
            yield seen

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self._bench.ports.api_url,
            headers=self._headers,
            limits=httpx.Limits(max_connections=None),
            timeout=60,
            trust_env=False,
        )

    async def _watch(
        self,
        http: httpx.AsyncClient,
        order_id: str,
        opened: asyncio.Semaphore,
        seen: asyncio.Future[float],
    ) -> None:
        url = f"/payments/{order_id}/events"
        async with aconnect_sse(http, "GET", url) as source:
            async for event in source.aiter_sse():
                state: dict[str, Any] = json.loads(event.data)
                if state["outcome"] is None:
                    opened.release()
                else:
                    seen.set_result(time.monotonic())
                    return


def _print(console: Console, used: list[Used], delays: list[Delay]) -> None:
    table = Table(title="(g) While nothing happens", title_justify="left")
    for name in ("pages", "how", "API, % of a core", "server", "API, MiB", "actions"):
        table.add_column(name, justify="right")
    for row in used:
        table.add_row(
            str(row.viewers),
            row.subject,
            f"{row.api_percent:.1f}",
            f"{row.server_percent:.1f}",
            f"{row.api_mib:.0f}",
            f"{row.actions:.0f} in {row.seconds:.0f} s",
        )
    console.print(table)
    table = Table(title="A change is seen after, ms", title_justify="left")
    for name in ("cause", "changes", "p50", "p99", "worst"):
        table.add_column(name, justify="right")
    for one in delays:
        figures = (f"{ms:.0f}" for ms in (one.p50, one.p99, one.worst))
        table.add_row(one.cause, str(one.changes), *figures)
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
