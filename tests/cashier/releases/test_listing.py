"""`cashier releases` says which versions serve, and which may go."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from cashier.stuck.details import Details
from cashier.stuck.finding import find_stuck_beside
from cashier.stuck.words import what_to_do, why
from cashier.temporal_calls import QUICK
from contracts import TASK_QUEUE, PaymentOutcome, workflow_id
from tests.builders import a_page
from tests.cashier.operating import a_desk, until
from tests.cashier.releases.deploying import NEW, OLD, two_deployed
from tests.fakes import FakeAlipay
from version import VERSION
from visibility.stuck import Kind
from visibility.workers import Polled, look_at_queue
from workflows.kinds import WORKFLOWS


async def until_read(
    read: Callable[[], Awaitable[dict[str, int]]], wanted: dict[str, int]
) -> None:
    async def is_so() -> bool:
        return await read() == wanted

    await until(is_so)


async def test_an_old_version_may_go_once_its_payments_have_ended(
    dev_server: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    async with two_deployed(dev_server, alipay) as deployed:
        order = await deployed.desk.begin()
        await deployed.until_listed(OLD, stands="current", pinned=1, may_go=False)
        await deployed.make_current(deployed.new)
        await deployed.until_listed(NEW, stands="current", pinned=0, may_go=False)
        await deployed.until_listed(OLD, stands="draining", pinned=1, may_go=False)
        await deployed.desk.notify(order)
        result = await deployed.payment(order).result()
        assert result["outcome"] == PaymentOutcome.PAID
        await deployed.until_listed(
            OLD, stands="drained", pinned=0, may_go=True, workers=1
        )
        told = await deployed.desk.run("releases")
    assert told.exit_code == 0
    assert [line for line in told.output.splitlines() if OLD in line and "Yes" in line]


async def test_without_versions_the_builds_that_serve_and_that_began_are_told(
    dev_server: WorkflowEnvironment,
) -> None:
    desk = await a_desk(dev_server)
    alipay = FakeAlipay(pay=[a_page()])

    def a_worker(build: str) -> Worker:
        return Worker(
            desk.client,
            task_queue=TASK_QUEUE,
            workflows=WORKFLOWS,
            activities=alipay.activities,
            build_id=build,
            max_cached_workflows=0,
        )

    async def begun() -> dict[str, int]:
        told = await desk.run("releases", "--json")
        found: dict[str, int] = json.loads(told.stdout)["without_version_begun_by"]
        return found

    async with a_worker("0.1.0"):
        order = await desk.begin()
        await until_read(begun, {"0.1.0": 1})
    async with a_worker(VERSION):
        await desk.begin()
        await until_read(begun, {"0.1.0": 1, VERSION: 1})
        await desk.notify(order)
        await desk.client.get_workflow_handle(workflow_id(order.order_id)).result()
        await until_read(begun, {VERSION: 1})
        told = await desk.run("releases", "--json")
        for_people = await desk.run("releases")
    [one] = json.loads(told.stdout)["releases"]
    assert (one["build_id"], one["stands"], one["may_go"]) == (None, "current", False)
    assert VERSION in one["programs"]
    assert f"Open without a version: 1 by {VERSION}." in for_people.output


async def test_a_payment_whose_version_has_no_worker_is_stuck(
    dev_server: WorkflowEnvironment,
) -> None:
    async with two_deployed(dev_server, FakeAlipay(pay=[a_page()])) as deployed:
        client, new = deployed.desk.client, deployed.new
        order = await deployed.desk.begin()
        await deployed.until_listed(OLD, pinned=1)
        await deployed.make_current(new)
        # A worker that has ended is listed as polling for a minute more.
        both = await look_at_queue(client, TASK_QUEUE, within=QUICK)
        alone = Polled(tuple(both.of(new)), current=new)
        now = datetime.now(UTC)
        assert (await find_stuck_beside(client, now, both)).stuck == ()
        [stuck] = (await find_stuck_beside(client, now, alone)).stuck
    assert (stuck.order_id, stuck.kinds) == (order.order_id, (Kind.NO_WORKER,))
    assert f"pinned to version '{deployed.old.deployment_name}:{OLD}'" in why(
        stuck, Details()
    )
    assert f"cashier releases move {OLD} --all --order {order.order_id}" in (
        what_to_do(stuck, Details())
    )


async def test_nobody_polling_is_a_finding(dev_server: WorkflowEnvironment) -> None:
    desk = await a_desk(dev_server)
    told = await desk.run("releases")
    assert told.exit_code == 1
    assert "no worker polls: no new payment starts" in told.output
