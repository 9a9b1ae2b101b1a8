"""`cashier releases move` and `keep` say on which version a payment goes on."""

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from cashier.identity import identity_at_this_terminal
from contracts import CallbackOutcome, Order, PaymentOutcome, callbacks_id
from tests.builders import a_page
from tests.cashier.operating import until
from tests.cashier.releases.deploying import NEW, OLD, Deployed, two_deployed
from tests.cashier.releases.others import CARELESS_RELEASE, OLDER_RELEASE
from tests.fakes import FakeAlipay
from tests.workflows.versions.deploying import builds_of, until_done_by

RESOLVE = ("--outcome", "PAID", "--reason", "seen", "--by", "Anna", "--yes")


async def failed_tasks(handle: WorkflowHandle[object, object]) -> int:
    return len(
        [
            event
            async for event in handle.fetch_history_events()
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
        ]
    )


def callbacks_of(client: Client, order: Order) -> WorkflowHandle[object, object]:
    return client.get_workflow_handle(callbacks_id(order.order_id))


async def test_a_payment_in_review_goes_on_with_the_current_version(
    dev_server: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    async with two_deployed(dev_server, alipay) as deployed:
        desk = deployed.desk
        reviewed, open_one = await deployed.begin_reviewed(), await desk.begin()
        await deployed.make_current(deployed.new)
        await deployed.until_listed(OLD, pinned=2, for_a_person=1)
        planned = await desk.run("releases", "move", OLD, "--dry-run")
        moved = await desk.run("releases", "move", OLD)
        await deployed.until_listed(OLD, pinned=1, for_a_person=0)
        await deployed.until_listed(NEW, pinned=1, for_a_person=1)
        resolved = await desk.run("payments", "resolve", reviewed.order_id, *RESOLVE)
        shown = await desk.run("payments", "show", reviewed.order_id)
        await desk.notify(open_one)
        result = await deployed.payment(open_one).result()
        assert await builds_of(deployed.payment(reviewed)) == [OLD, NEW]
        assert await builds_of(deployed.payment(open_one)) == [OLD]
    assert f"Would move to {NEW}: 1" in planned.output
    assert moved.exit_code == 0, moved.output
    assert f"Moved to {NEW}: 1" in moved.output
    assert resolved.exit_code == 0, resolved.output
    assert result["outcome"] == PaymentOutcome.PAID
    [act] = [line for line in shown.output.splitlines() if "move to version" in line]
    assert identity_at_this_terminal() in act


async def test_a_payment_that_the_current_version_cannot_replay_stays(
    dev_server: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    async with two_deployed(dev_server, alipay, of_new=CARELESS_RELEASE) as deployed:
        desk = deployed.desk
        reviewed = await deployed.begin_reviewed()
        await deployed.make_current(deployed.new)
        await deployed.until_listed(OLD, for_a_person=1)
        moved = await desk.run("releases", "move", OLD)
        await deployed.until_listed(OLD, for_a_person=1)
        resolved = await desk.run("payments", "resolve", reviewed.order_id, *RESOLVE)
        assert await builds_of(deployed.payment(reviewed)) == [OLD]
    assert moved.exit_code == 1
    assert f"Stays on {OLD}: 1" in moved.output
    assert f"payment:{reviewed.order_id}: {NEW} cannot replay it" in moved.output
    assert resolved.exit_code == 0, resolved.output


async def test_nothing_moves_to_a_version_that_is_not_current(
    dev_server: WorkflowEnvironment,
) -> None:
    async with two_deployed(dev_server, FakeAlipay()) as deployed:
        told = await deployed.desk.run("releases", "move", OLD)
    assert told.exit_code == 1


async def a_payment_and_callbacks(deployed: Deployed) -> tuple[Order, Order]:
    """Begin an open payment, and a paid one of which the shop was not told yet."""
    await deployed.make_current(deployed.new)
    open_one = await deployed.desk.begin(tells_shop=True)
    paid = await deployed.desk.begin(tells_shop=True)
    await deployed.desk.notify(paid)
    await deployed.payment(paid).result()
    await until_done_by(callbacks_of(deployed.desk.client, paid), NEW)
    await deployed.until_listed(NEW, pinned=1, upgrading=1)
    return open_one, paid


async def test_what_is_kept_goes_on_with_its_version_after_a_way_back(
    dev_server: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    alipay.shop_is_away = True
    async with two_deployed(dev_server, alipay, of_old=OLDER_RELEASE) as deployed:
        client = deployed.desk.client
        open_one, paid = await a_payment_and_callbacks(deployed)
        kept = await deployed.desk.run("releases", "keep", NEW)
        await deployed.make_current(deployed.old)
        # What a kept payment begins is kept, too.
        await deployed.desk.notify(open_one)
        await deployed.payment(open_one).result()
        await until_done_by(callbacks_of(client, open_one), NEW)
        alipay.shop_is_away = False
        for order in (paid, open_one):
            callbacks = callbacks_of(client, order)
            await callbacks.execute_update("resend")
            told = await callbacks.result()
            assert told["outcome"] == CallbackOutcome.DELIVERED  # type: ignore[index]
            assert await builds_of(callbacks) == [NEW]
        await deployed.until_listed(NEW, pinned=0, upgrading=0)
    assert kept.exit_code == 0, kept.output
    assert f"Pinned to {NEW}: 2" in kept.output


async def test_what_was_not_kept_waits_for_a_version_that_knows_it(
    dev_server: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    alipay.shop_is_away = True
    async with two_deployed(dev_server, alipay, of_old=OLDER_RELEASE) as deployed:
        _, paid = await a_payment_and_callbacks(deployed)
        callbacks = callbacks_of(deployed.desk.client, paid)
        await deployed.make_current(deployed.old)

        async def has_failed() -> bool:
            return await failed_tasks(callbacks) > 0

        # The shop is told again within ten seconds, which needs no version; its answer
        # does.
        alipay.shop_is_away = False
        await until(has_failed)
        await deployed.make_current(deployed.new)
        told = await callbacks.result()
        assert told["outcome"] == CallbackOutcome.DELIVERED  # type: ignore[index]


async def test_one_order_alone_is_moved_to_try_it(
    dev_server: WorkflowEnvironment,
) -> None:
    async with two_deployed(dev_server, FakeAlipay(pay=[a_page()])) as deployed:
        desk = deployed.desk
        first, second = await deployed.begin_reviewed(), await deployed.begin_reviewed()
        await deployed.make_current(deployed.new)
        await deployed.until_listed(OLD, for_a_person=2)
        moved = await desk.run("releases", "move", OLD, "--order", first.order_id)
        await deployed.until_listed(OLD, for_a_person=1)
        odd = await desk.run("releases", "move", OLD, "--order", 'x" OR OrderId != "')
    assert moved.exit_code == 0, moved.output
    assert first.order_id in moved.output
    assert second.order_id not in moved.output
    assert odd.exit_code == 1
    assert "is not an order id" in odd.output


@pytest.mark.parametrize("command", ["move", "keep"])
async def test_a_build_that_is_not_known_is_told(
    command: str, dev_server: WorkflowEnvironment
) -> None:
    async with two_deployed(dev_server, FakeAlipay()) as deployed:
        told = await deployed.desk.run("releases", command, "0.9.9")
    assert told.exit_code == 1
    assert "0.9.9" in told.output
