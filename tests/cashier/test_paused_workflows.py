"""A workflow that is paused, which the SDK cannot name: survived, and named."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.order_payments import OrderActivities
from activities.shop.earlier_events import EarlierEvents
from api.merchant_rules import MerchantRules
from api.metrics.backlog import Backlog
from api.payments.late_payments import LatePayments
from api.payments.workflows import PaymentWorkflows
from api.problems import Problem
from audit.bundle.reading import Bundle
from cashier.demos.pausing import pause_workflow
from cashier.stuck.finding import find_stuck
from contracts import (
    TASK_QUEUE,
    CancelWish,
    Order,
    PaymentLookup,
    ShopEvent,
    refunds_id,
    workflow_id,
)
from temporal_client import paused_is_running
from tests.builders import a_notification, a_page, an_event
from tests.cashier.operating import Desk, a_desk, a_worker, until
from tests.cashier.refunding_desk import a_paid_order, give_back, served
from tests.conftest import start_skipping
from tests.fakes import FakeAlipay
from tests.workflows.refunds.refunding import RefundingAlipay
from visibility.stuck import Kind

PAUSE_IS_ON = ("--dynamic-config-value", "frontend.WorkflowPauseEnabled=true")


@pytest.fixture(scope="module")
async def desk() -> AsyncIterator[Desk]:
    """The only one with a server that lets workflows be paused."""
    async with start_skipping(*PAUSE_IS_ON) as env:
        desk = await a_desk(env)
        yield Desk(paused_is_running(desk.client))


@pytest.fixture(scope="module")
async def paused(desk: Desk) -> AsyncIterator[Order]:
    async with a_worker(desk, FakeAlipay(pay=[a_page()])):
        order = await desk.begin()
        name = workflow_id(order.order_id)
        await pause_workflow(desk.client, name, by="anna", reason="to look")

        async def is_listed() -> bool:
            found = await find_stuck(desk.client, datetime.now(UTC))
            return Kind.PAUSED in {one.kind for one in found.stuck}

        await until(is_listed)
        yield order


async def test_a_paused_workflow_is_named_and_survived_everywhere(
    desk: Desk, paused: Order
) -> None:
    listed = await desk.run("stuck", "--json")
    shown = await desk.run("payments", "show", paused.order_id)
    checked = await desk.run("payments", "check", paused.order_id)
    assert '"kind": "paused"' in listed.stdout
    assert "Paused by anna: the workflow: to look." in listed.stdout
    for told in (shown, checked):
        assert told.exit_code == 3, told.output
        assert "paused by anna: the workflow: to look" in told.stderr
        assert f"unpause --workflow-id payment:{paused.order_id}" in told.stderr


async def test_the_api_says_that_a_paused_payment_is_to_be_asked_later(
    desk: Desk, paused: Order
) -> None:
    rules = MerchantRules()
    payments = PaymentWorkflows(desk.client, LatePayments(desk.client, rules), rules)
    for call in (
        payments.view(paused.order_id),
        payments.cancel(paused.order_id, CancelWish()),
        payments.open(paused),
    ):
        with pytest.raises(Problem) as problem:
            await call
        assert problem.value.status == 503
        assert "paused" in str(problem.value)
    # Temporal keeps what Alipay notifies.
    assert await payments.notify(paused.order_id, a_notification(paused))


async def test_a_paused_payment_is_counted(desk: Desk, paused: Order) -> None:
    counted = await Backlog(desk.client).counted()
    assert counted.is_complete
    assert counted.stuck["PAUSED"] == 1


def in_our_worker() -> ActivityEnvironment:
    """What an activity sees that the worker of these payments runs."""
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, task_queue=TASK_QUEUE)
    return environment


async def test_a_paused_payment_keeps_no_event_from_the_shop(
    desk: Desk, paused: Order
) -> None:
    event = ShopEvent.model_validate(
        an_event(
            type="late_payment.returned",
            order_id=paused.order_id,
            payment_request_id=f"{paused.order_id}_1",
        )
    )
    earlier = EarlierEvents(desk.client)
    assert not await in_our_worker().run(earlier.is_being_sent, event)


async def test_late_money_of_a_paused_payment_waits(desk: Desk, paused: Order) -> None:
    orders = OrderActivities(desk.client)
    lookup = PaymentLookup(order_id=paused.order_id)
    with pytest.raises(ApplicationError, match="paused by anna") as error:
        await in_our_worker().run(orders.find_payment, lookup)
    assert error.value.type == "PAYMENT_SILENT"


async def test_the_archive_is_made_though_a_payment_is_paused(
    desk: Desk, paused: Order, tmp_path: Path
) -> None:
    paid = await desk.begin()
    await desk.notify(paid)
    await desk.client.get_workflow_handle(workflow_id(paid.order_id)).result()
    closed = await desk.run("audit", "export", str(tmp_path / "closed"))
    both = await desk.run("audit", "export", "--include-open", str(tmp_path / "both"))
    for made in (closed, both):
        assert made.exit_code == 0, made.output
    for name, expected in (("closed", [paid]), ("both", [paid, paused])):
        kept = {one.workflow_id for one in Bundle.open(tmp_path / name).entries()}
        assert kept == {workflow_id(one.order_id) for one in expected}


async def test_paused_refunds_are_named_and_answer_nobody() -> None:
    alipay = RefundingAlipay()
    async with start_skipping(*PAUSE_IS_ON) as env:
        desk = Desk(paused_is_running((await a_desk(env)).client))
        async with served(desk, alipay):
            order = await a_paid_order(desk)
            await give_back(desk, order, "r-1", "60.00")
            name = refunds_id(order.order_id)
            await pause_workflow(desk.client, name, by="anna", reason="to look")
            await until(lambda: is_stuck(desk, "paused"))
            row = await desk.run("stuck")
            told = await give_back(desk, order, "r-2", "10.00")
            listed = await desk.run("refunds", "list")
    assert "Paused by anna: the workflow: to look." in row.output
    assert f"unpause --workflow-id {name}" in row.output
    assert told.exit_code == 3
    for said in (told, listed):
        assert "paused by anna: the workflow: to look" in said.output
    assert alipay.total_back == 6000


async def is_stuck(desk: Desk, kind: str) -> bool:
    found = await find_stuck(desk.client, datetime.now(UTC))
    return kind in {one.kind for one in found.stuck}
