"""Two versions of the workers side by side: which goes first, forward and back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from temporalio.common import WorkerDeploymentVersion

from cashier.system.environment import CHECKOUT
from cashier.system.guard import Lifeline
from cashier.system.home import Home
from cashier.system.ports import Ports
from cashier.system.processes import running_system
from chaos.rollout.operator import Operator
from chaos.rollout.processes import Build, Processes
from contracts import PaymentOutcome, callbacks_id, workflow_id
from tests.test_end_to_end import an_order_id
from tests.upgrade.bookkeeping import compare_the_books
from tests.upgrade.releases import Release
from tests.upgrade.renewing import until_live
from tests.upgrade.shopping import Shop
from tests.upgrade.telling import listening_shop
from tests.workflows.versions.deploying import builds_of
from visibility.stuck import Kind

pytestmark = pytest.mark.timeout(240)


@dataclass
class Rollout:
    """Today's release and a newer one, each with a worker that is a version of its own.

    The worker and the API of today serve at first.
    """

    shop: Shop
    processes: Processes
    operator: Operator
    today: Build
    newer: Build

    async def make_current(self, build: Build) -> None:
        assert build.version
        await self.operator.make_current(build.version)

    async def api_of(self, build: Build) -> None:
        await self.processes.exchange_api(build)
        await until_live(self.shop.http, self.shop.system.ports)

    async def builds_of(self, order_id: str) -> list[str]:
        return await builds_of(await self.shop.payment_of(order_id))

    async def is_paid(self, order_id: str, page: httpx.Response) -> None:
        await self.shop.pay(page)
        assert (await self.shop.result(order_id)).outcome is PaymentOutcome.PAID


@asynccontextmanager
async def both_versions(folder: Path, newer: Release) -> AsyncIterator[Rollout]:
    home = Home(folder)
    today_version = WorkerDeploymentVersion("cashier", "today")
    newer_version = WorkerDeploymentVersion("cashier", "newer")
    async with (
        listening_shop() as callbacks,
        running_system(home, Ports.free(), keep=True, workers=2) as system,
        httpx.AsyncClient(timeout=30) as http,
    ):
        told = {
            "CASHIER_CALLBACK_URL": callbacks.url,
            "CASHIER_CALLBACK_SECRETS_FILE": str(home.callback_secrets),
        }
        with closing(Lifeline()) as lifeline:
            rollout = Rollout(
                Shop(system, http, callbacks),
                Processes(system, lifeline, told),
                Operator(await system.client()),
                Build("today", CHECKOUT, today_version),
                Build("newer", newer.code, newer_version),
            )
            await rollout.processes.end_the_systems_own()
            for build in (rollout.today, rollout.newer):
                rollout.processes.start_worker(build)
                assert build.version
                await rollout.operator.until_polled(build.version)
            await rollout.make_current(rollout.today)
            await rollout.api_of(rollout.today)
            yield rollout
            await rollout.processes.stop()


async def test_a_payment_of_a_newer_api_waits_until_its_version_is_current(
    newer: Release, tmp_path: Path
) -> None:
    """The API went first, against the order."""
    order_id = an_order_id()
    async with both_versions(tmp_path, newer) as rollout:
        shop = rollout.shop
        await rollout.api_of(rollout.newer)
        refused = await shop.posts(order_id)
        row = await shop.until_stuck(workflow_id(order_id), Kind.TASK_FAILURE)
        called = (await shop.control("calls"))["calls"]
        await rollout.make_current(rollout.newer)
        await rollout.is_paid(order_id, await shop.take(order_id))
        assert await rollout.builds_of(order_id) == ["newer"]
        await compare_the_books(shop, settled_by_hand=set())
    assert refused.status_code == httpx.codes.SERVICE_UNAVAILABLE, refused.text
    assert f"begun by release {newer.number}" in row["why"]
    assert called == []


async def test_after_a_way_back_each_payment_ends_on_the_version_that_began_it(
    newer: Release, tmp_path: Path
) -> None:
    before, between, kept, after = (an_order_id() for _ in range(4))
    async with both_versions(tmp_path, newer) as rollout:
        shop, operator = rollout.shop, rollout.operator
        assert rollout.newer.version
        pages = {before: await shop.take(before)}
        # Forward: the workers, then the API.
        await rollout.make_current(rollout.newer)
        pages[between] = await shop.take(between)
        await rollout.api_of(rollout.newer)
        pages[kept] = await shop.take(kept)
        # Back: the API, then the workers, between which what is open is kept.
        await rollout.api_of(rollout.today)
        await operator.keep(rollout.newer.version)
        await rollout.make_current(rollout.today)
        pages[after] = await shop.take(after)
        # The shop does not listen: what tells it is begun only now.
        with shop.callbacks.away():
            await rollout.is_paid(kept, pages.pop(kept))
        client = await shop.system.client()
        callbacks = client.get_workflow_handle(callbacks_id(kept))
        await callbacks.result()
        assert await builds_of(callbacks) == ["newer"]
        for order_id, page in pages.items():
            await rollout.is_paid(order_id, page)
        await operator.until_it_may_go(rollout.newer.version)
        await rollout.processes.stop_worker(rollout.newer)
        assert await rollout.builds_of(before) == ["today"]
        assert await rollout.builds_of(between) == ["newer"]
        assert await rollout.builds_of(kept) == ["newer"]
        assert await rollout.builds_of(after) == ["today"]
        await compare_the_books(shop, settled_by_hand=set())
        assert await shop.stuck() == {}
