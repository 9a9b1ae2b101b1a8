"""A running system whose worker and API are exchanged for those of other releases."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path

import httpx

from api.callers.keys import ApiKey, Scope, write_keys
from cashier.system.environment import bare_environment
from cashier.system.guard import Lifeline
from cashier.system.home import Home
from cashier.system.part import Part, Surroundings
from cashier.system.ports import Ports
from cashier.system.processes import running_system
from contracts import TASK_QUEUE
from tests.upgrade.releases import Release
from tests.upgrade.shopping import Shop
from tests.upgrade.telling import Callbacks, listening_shop
from visibility.workers import workers_polling


class Renewable:
    """Temporal and Alipay stay; worker and API come and go, each of its release."""

    def __init__(self, shop: Shop, lifeline: Lifeline, callbacks: Callbacks) -> None:
        self.shop = shop
        self._home, self._ports = shop.system.home, shop.system.ports
        self._lifeline = lifeline
        self._told = {
            "CASHIER_CALLBACK_URL": callbacks.url,
            "CASHIER_CALLBACK_SECRETS_FILE": str(self._home.callback_secrets),
            "CASHIER_API_KEYS_FILE": str(_keys_for_any_release(self._home)),
        }
        self._running: dict[str, Part] = {}

    async def worker_of(self, release: Release) -> None:
        """Have a release's worker take the place of the one that runs, if any."""
        await self._exchange("worker", release)
        await self._until_it_polls(self._running["worker"])

    async def api_of(self, release: Release) -> None:
        """Have a release's API take the place of the one that runs, if any."""
        await self._exchange("api", release)
        await until_live(self.shop.http, self._ports)

    async def stop(self) -> None:
        await asyncio.gather(*(part.stop() for part in self._running.values()))

    async def _exchange(self, kind: str, release: Release) -> None:
        if kind in self._running:
            await self._running[kind].stop()
        empty = self._home.empty_folder
        environment = {
            **bare_environment(empty, release.code),
            **self._home.environment(self._ports),
            **self._told,
        }
        self._running[kind] = Part(
            kind,
            [sys.executable, "-m", "cashier", kind],
            Surroundings(empty, environment, self._lifeline),
            self._home.logs / f"{kind}-of-release-{release.number}.log",
        )
        self._running[kind].start()

    async def _until_it_polls(self, worker: Part) -> None:
        client = await self.shop.system.client()
        within = timedelta(seconds=10)
        async with asyncio.timeout(60):
            while True:
                polling = await workers_polling(client, TASK_QUEUE, within=within)
                ids = {int(identity.partition("@")[0]) for identity in polling}
                if worker.process and worker.process.pid in ids:
                    return
                await asyncio.sleep(0.1)


def _keys_for_any_release(home: Home) -> Path:
    """Write the shop's key without the scope that releases before the fifth refuse."""
    file = home.api_keys.with_name("api-keys-of-any-release")
    scopes = (Scope.START, Scope.READ, Scope.CANCEL)
    key = home.api_key.read_text().strip()
    write_keys(file, [ApiKey.of(key, name="shop", scopes=scopes)])
    return file


async def until_live(http: httpx.AsyncClient, ports: Ports) -> None:
    """Wait until the API that was started answers."""
    async with asyncio.timeout(60):
        while True:
            try:
                (await http.get(f"{ports.api_url}/health/live")).raise_for_status()
                return
            except httpx.HTTPError:
                await asyncio.sleep(0.1)


@asynccontextmanager
async def renewable_system(
    folder: Path, *, worker: Release, api: Release
) -> AsyncIterator[Renewable]:
    """Run a system of today, with the worker and the API of these releases."""
    home, ports = Home(folder), Ports.free()
    for release in {worker, api}:
        home.prepare()
        await release.check(home.empty_folder)
    async with (
        listening_shop() as callbacks,
        running_system(home, ports, keep=True) as system,
        httpx.AsyncClient(timeout=30) as http,
    ):
        await asyncio.gather(*(system.parts[one].stop() for one in ("worker", "api")))
        with closing(Lifeline()) as lifeline:
            shop = Shop(system, http, callbacks)
            renewable = Renewable(shop, lifeline, callbacks)
            try:
                await renewable.worker_of(worker)
                await renewable.api_of(api)
                yield renewable
            finally:
                await renewable.stop()
