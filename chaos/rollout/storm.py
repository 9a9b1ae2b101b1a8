"""A release is rolled forward and back, under load, while processes are killed."""

import asyncio
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from temporalio.common import WorkerDeploymentVersion

from cashier.system.environment import CHECKOUT
from cashier.system.guard import Lifeline
from cashier.system.processes import System
from chaos.customer import Customer
from chaos.faults import FaultMenu
from chaos.orders import plan_order
from chaos.report import Run
from chaos.rollout.commits import code_of, first_versioned_commit
from chaos.rollout.operator import Operator
from chaos.rollout.processes import Build, Processes
from chaos.run import Chaos
from chaos.shop import Shop, is_over
from chaos.visit import visit
from version import VERSION

DEPLOYMENT = "cashier"
# Three workers share the machine with all other processes.
IN_FLIGHT = 20
# How long payments begin in each step, before the next one.
SOME_SECONDS = 5


@dataclass(frozen=True)
class Builds:
    """The three releases of a run.

    Attributes:
        unversioned: The last commit whose workers have no version.
        old: The first commit with versioned workers.
        new: This checkout.
    """

    unversioned: Build
    old: Build
    new: Build


async def take_builds(folder: Path) -> Builds:
    """Take the older releases from git, into an existing folder.

    Raises:
        ProgramFailedError: The repository lacks them, as a shallow clone does.
        FileNotFoundError: There is no git.
    """
    first = await first_versioned_commit()
    return Builds(
        Build("unversioned", await code_of(f"{first}^", folder)),
        Build(
            "old",
            await code_of(first, folder),
            WorkerDeploymentVersion(DEPLOYMENT, f"{first[:10]}"),
        ),
        Build("new", CHECKOUT, WorkerDeploymentVersion(DEPLOYMENT, f"{VERSION}-new")),
    )


@dataclass(frozen=True)
class Step:
    """A completed step: its time, and the number of customers in the shop."""

    seconds: float
    words: str
    visits: int


class RolloutStorm(Chaos):
    """Takes payments as `Chaos` does, and rolls releases meanwhile."""

    # Workers and APIs are also replaced meanwhile, and have to start.
    kill_pauses = (6.0, 16.0)

    def __init__(
        self,
        builds: Builds,
        seed: int,
        folder: Path,
        *,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        super().__init__(0, seed, folder, say=say)
        self.steps: list[Step] = []
        self._builds = builds
        self._under_way = 0
        self._began = time.monotonic()

    async def run(self) -> Run:
        """Run everything once in the folder.

        Raises:
            NotReachedError: A step was not completed in time.
            PartFailedError: The system did not start.
        """
        with closing(Lifeline()) as self._lifeline:
            return await super().run()

    async def _take_payments(
        self, system: System, faults: FaultMenu, shop: Shop, customer: Customer
    ) -> None:
        rolled = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_visiting(rolled, faults, shop, customer))
            try:
                await self._roll(system)
            finally:
                rolled.set()

    async def _keep_visiting(
        self, rolled: asyncio.Event, faults: FaultMenu, shop: Shop, customer: Customer
    ) -> None:
        turnstile = asyncio.Semaphore(IN_FLIGHT)

        async def one(number: int) -> None:
            # The release before has no refunds.
            plan = replace(plan_order(self._seed, number), refunds=None)
            self._plans.append(plan)
            self._under_way += 1
            await faults.plan(plan)
            await visit(plan, shop, customer, faults)
            self._under_way -= 1
            turnstile.release()
            # Our waits, unlike Alipay's, are real minutes; polling shortens them.
            state = None
            while not (rolled.is_set() or (state and is_over(state))):
                state = await shop.until_over(plan.order_id, refresh=True)

        async with asyncio.TaskGroup() as group:
            for number in count(1):
                await turnstile.acquire()
                if rolled.is_set():
                    return
                group.create_task(one(number))

    async def _roll(self, system: System) -> None:
        processes = Processes(system, self._lifeline, self._settings)
        operator = Operator(await system.client(lazy=True))
        await self._begin_without_versions(processes, operator)
        await self._take_the_first_version(processes, operator)
        await self._go_forward(processes, operator)
        await self._go_back(processes, operator)

    async def _begin_without_versions(
        self, processes: Processes, operator: Operator
    ) -> None:
        first = self._builds.unversioned
        await processes.end_the_systems_own()
        processes.start_worker(first)
        await processes.exchange_api(first)
        await operator.until_polled(None)
        await self._done("workers without a version serve")

    async def _take_the_first_version(
        self, processes: Processes, operator: Operator
    ) -> None:
        first, old = self._builds.unversioned, self._builds.old
        assert old.version  # noqa: S101 - as it was made
        processes.start_worker(old)
        await operator.until_polled(old.version)
        await operator.make_current(old.version)
        await self._done("the first version is current")
        await processes.stop_worker(first)
        await self._done("workers without a version are ended")

    async def _go_forward(self, processes: Processes, operator: Operator) -> None:
        old, new = self._builds.old, self._builds.new
        assert old.version and new.version  # noqa: S101, PT018 - as they were made
        processes.start_worker(new)
        await operator.until_polled(new.version)
        await operator.ramp(new.version, 30)
        await self._done("the new version takes 30 of 100 new payments")
        await operator.make_current(new.version)
        await self._done("the new version is current")
        await processes.exchange_api(new)
        await self._done("the new API serves")
        await operator.until_it_may_go(old.version)
        await processes.stop_worker(old)
        await self._done("the old version is drained, its workers are ended")

    async def _go_back(self, processes: Processes, operator: Operator) -> None:
        old, new = self._builds.old, self._builds.new
        assert old.version and new.version  # noqa: S101, PT018 - as they were made
        processes.start_worker(old)
        await operator.until_polled(old.version)
        await processes.exchange_api(old)
        await self._done("back: the old API serves")
        await operator.keep(new.version)
        await operator.make_current(old.version)
        await self._done("back: the old version is current")
        await operator.until_it_has_ended(new.version)
        if await operator.can_move_the_rest(new.version):
            await operator.until_it_may_go(new.version)
            await processes.stop_worker(new)
            await self._done("back: the new version is drained, its workers are ended")

    async def _done(self, words: str) -> None:
        seconds = time.monotonic() - self._began
        self.steps.append(Step(seconds, words, self._under_way))
        self._say(words)
        await asyncio.sleep(SOME_SECONDS)
