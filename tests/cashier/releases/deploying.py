"""A desk whose payments are served by an old and a new version of the workers."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.common import WorkerDeploymentVersion
from temporalio.testing import WorkflowEnvironment

from cashier.temporal_calls import QUICK
from contracts import TASK_QUEUE, Money, Order, workflow_id
from tests.cashier.operating import Desk, a_desk, until
from tests.fakes import FakeAlipay
from tests.workflows.versions.deploying import (
    a_versioned_worker,
    make_current,
    two_versions,
)
from visibility.workers import look_at_queue
from workflows.kinds import VERSIONED_WORKFLOWS

OLD, NEW = "0.1.0", "0.2.0"
OTHER_MONEY = Money(currency="PHP", value=100)


@dataclass
class Deployed:
    """Both versions, of which the old one is current at first."""

    desk: Desk
    old: WorkerDeploymentVersion
    new: WorkerDeploymentVersion

    async def make_current(self, version: WorkerDeploymentVersion) -> None:
        await make_current(self.desk.client, version)

    def payment(self, order: Order) -> WorkflowHandle[Any, Any]:
        return self.desk.client.get_workflow_handle(workflow_id(order.order_id))

    async def begin_reviewed(self) -> Order:
        """Begin a payment that waits for a person."""
        order = await self.desk.begin()
        await self.desk.notify(order, amount=OTHER_MONEY)

        async def is_listed() -> bool:
            told = await self.desk.run("payments", "list", "--attention", "--json")
            return order.order_id in told.stdout

        await until(is_listed)
        return order

    async def listed(self) -> dict[str, dict[str, Any]]:
        """Return what `cashier releases` says, by the builds."""
        told = await self.desk.run("releases", "--json")
        assert told.exit_code == 0, told.output
        return {one["build_id"]: one for one in json.loads(told.stdout)["releases"]}

    async def until_listed(self, build: str, **fields: object) -> None:
        """Wait until `cashier releases` says so of a build."""

        async def is_listed() -> bool:
            said = (await self.listed())[build]
            return {name: said[name] for name in fields} == fields

        await until(is_listed)


@asynccontextmanager
async def two_deployed(
    env: WorkflowEnvironment,
    alipay: FakeAlipay,
    *,
    of_old: Sequence[type] = VERSIONED_WORKFLOWS,
    of_new: Sequence[type] = VERSIONED_WORKFLOWS,
) -> AsyncIterator[Deployed]:
    """Serve a new desk by two versions, with these kinds of workflows."""
    desk = await a_desk(env)
    old, new = two_versions()
    client = desk.client
    async with (
        a_versioned_worker(client, alipay, TASK_QUEUE, old, workflows=of_old),
        a_versioned_worker(client, alipay, TASK_QUEUE, new, workflows=of_new),
    ):
        deployed = Deployed(desk, old, new)
        await deployed.make_current(new)
        await deployed.make_current(old)

        async def all_poll() -> bool:
            queue = await look_at_queue(client, TASK_QUEUE, within=QUICK)
            return bool(queue.of(old) and queue.of(new))

        await until(all_poll)
        yield deployed
