"""An old and a new version of the workers, and payments that both may take."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from temporalio.testing import WorkflowEnvironment

from tests.builders import an_order
from tests.fakes import FakeAlipay
from tests.workflows.running import RunningPayment
from tests.workflows.versions.deploying import (
    a_versioned_worker,
    make_current,
    two_versions,
)

OLD, NEW = "0.1.0", "0.2.0"


class Renewed:
    """An old and a new version side by side; the old one is current at first."""

    def __init__(self, env: WorkflowEnvironment, task_queue: str) -> None:
        self.env = env
        self.task_queue = task_queue
        self.old, self.new = two_versions()

    async def renew(self) -> None:
        await make_current(self.env.client, self.new)

    async def roll_back(self) -> None:
        await make_current(self.env.client, self.old)

    def payment(self, **changes: object) -> RunningPayment:
        return RunningPayment(self.env, an_order(**changes), self.task_queue)


@asynccontextmanager
async def both_versions(
    env: WorkflowEnvironment, alipay: FakeAlipay
) -> AsyncIterator[Renewed]:
    renewed = Renewed(env, f"test-{uuid4()}")
    client, queue = env.client, renewed.task_queue
    with env.with_time_skipping_disabled():
        async with (
            a_versioned_worker(client, alipay, queue, renewed.old),
            a_versioned_worker(client, alipay, queue, renewed.new),
        ):
            await make_current(client, renewed.new)
            await make_current(client, renewed.old)
            yield renewed
