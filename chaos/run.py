"""One run: start the system, take payments, kill, settle, compare the records."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from cashier.system.home import Home
from cashier.system.ports import Ports
from cashier.system.processes import System, running_system
from chaos.cluster import WEIGHTS, victims_of
from chaos.customer import Customer
from chaos.faults import FaultMenu
from chaos.killer import PAUSES, VICTIMS, Killer
from chaos.orders import Plan, plan_order
from chaos.reading import Reader
from chaos.report import Run
from chaos.settling import settle
from chaos.shop import Shop
from chaos.visit import visit
from deploy.cluster.running import Cluster, throw_away_cluster

# Customers in the shop at once.
IN_FLIGHT = 50
# Alipay's minutes become seconds: 14 minutes 42 s, its first repeat of a notification
# comes after 6 s. Our own waits are real; a shop that polls with `refresh` shortens
# them, as a result page does.
CLOCK_FACTOR = 20
SETTINGS = {
    "SIMULATOR_CLOCK_FACTOR": str(CLOCK_FACTOR),
    # One shop represents many, and polls all their payments at once.
    "CASHIER_API_CALLS_PER_MINUTE": "1000000",
}


class Chaos:
    """Takes payments while it kills the processes of the system."""

    kill_pauses = PAUSES

    def __init__(
        self,
        payments: int,
        seed: int,
        folder: Path,
        *,
        sandbox: bool = False,
        on_cluster: bool = False,
        say: Callable[[str], None] = lambda _: None,
        advance: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._plans = [plan_order(seed, number) for number in range(1, payments + 1)]
        self._seed = seed
        self._home = Home(folder)
        self._settings = {**SETTINGS, "CASHIER_WORKFLOW_SANDBOX": str(sandbox)}
        self._on_cluster = on_cluster
        self._say = say
        self._advance = advance

    async def run(self) -> Run:
        """Run everything once in the folder.

        Raises:
            FolderInUseError: Another system runs in the folder.
            MissingProgramsError: Programs of a cluster are missing.
            PartFailedError: The system, or the cluster, did not start.
        """
        began = time.monotonic()
        async with (
            self._cluster() as cluster,
            running_system(
                self._home,
                Ports.free(),
                keep=True,
                workers=2,
                cluster=cluster.address if cluster else None,
                settings=self._settings,
                tell=self._say,
            ) as system,
            # No limit of connections, because a limit would hide slow calls.
            httpx.AsyncClient(
                timeout=30, limits=httpx.Limits(max_connections=None), trust_env=False
            ) as http,
        ):
            shop = Shop(http, system.ports.api_url, self._home.api_key.read_text())
            customer = Customer(http)
            killer = self._killer(system, cluster)
            faults = FaultMenu(http, system.ports.simulator_url, self._seed)
            await faults.mix_in()
            async with _at_work(killer.run()):
                self._say("Taking payments")
                await self._take_payments(system, faults, shop, customer)
            await faults.mix_no_more()
            # Lazy: it may have been killed a moment ago.
            client = await system.client(lazy=True)
            reader = Reader(http, system.ports.simulator_url, client, shop)
            settled = await settle(self._plans, reader, self._show_settling)
            self._say("Comparing the records")
            records = await reader.read(self._plans)
            injected = await faults.counts()
        return Run(
            payments=len(self._plans),
            seed=self._seed,
            seconds=time.monotonic() - began,
            settled=settled,
            faults=injected,
            kills=dict(killer.kills),
            answers=dict(shop.answers),
            actions=dict(customer.actions),
            records=records,
            undocumented=dict(shop.undocumented),
        )

    @asynccontextmanager
    async def _cluster(self) -> AsyncIterator[Cluster | None]:
        if not self._on_cluster:
            yield None
            return
        async with throw_away_cluster(self._say) as cluster:
            yield cluster

    def _killer(self, system: System, cluster: Cluster | None) -> Killer:
        if cluster is None:
            return Killer(system.parts, self._seed, pauses=self.kill_pauses)
        victims = {**system.parts, **victims_of(cluster)}
        return Killer(victims, self._seed, VICTIMS | WEIGHTS, pauses=self.kill_pauses)

    async def _take_payments(
        self, _: System, faults: FaultMenu, shop: Shop, customer: Customer
    ) -> None:
        """Let all customers visit the shop while the killer runs."""
        turnstile = asyncio.Semaphore(IN_FLIGHT)

        async def one(plan: Plan) -> None:
            async with turnstile:
                await faults.plan(plan)
                await visit(plan, shop, customer, faults)
            self._advance(1)

        async with asyncio.TaskGroup() as group:
            for plan in self._plans:
                group.create_task(one(plan))

    def _show_settling(self, orders: int, at_alipay: int) -> None:
        self._say(f"Settling: {orders} orders open, {at_alipay} under way at Alipay")


@asynccontextmanager
async def _at_work(work: Awaitable[None]) -> AsyncIterator[None]:
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
