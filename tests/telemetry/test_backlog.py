"""What Temporal's list says: open, stuck by reason, the age of the oldest, workers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from api.metrics.backlog import KEPT_SECONDS, Backlog, Counted
from cashier.system.temporal import start_embedded
from cashier.temporal_calls import QUICK
from contracts import TASK_QUEUE, MoneyAtRisk, Resolution, workflow_id
from tests.builders import PRICE
from tests.cashier.operating import a_desk, until
from tests.fakes import FakeAlipay
from tests.telemetry.running import Watched
from tests.workflows.versions.deploying import (
    a_versioned_worker,
    make_current,
    two_versions,
)
from visibility import NeedsAttention, attributes_of
from visibility.runbook import REFUND_CHAPTERS
from visibility.workers import look_at_queue

OTHERS = ("WORKFLOW_TASK_FAILS", "PAUSED", "FOREIGN_QUEUE", "STOPPED")
OF_PAYMENTS = ("REVIEW", "NO_VERDICT", "OVERDUE", "CALLBACK")


@pytest.fixture(scope="module")
async def empty() -> AsyncIterator[Client]:
    """A server of its own: on the shared one other tests have left payments open."""
    async with await start_embedded() as env:
        yield env.client


async def stuck(
    client: Client,
    why: NeedsAttention | None,
    *,
    workflow: str = "CashierPayment",
    minutes_left: float | None = 0,
    task_queue: str = TASK_QUEUE,
) -> WorkflowHandle[object, object]:
    """Begin one that waits, listed as stuck ones are; nobody serves it."""
    return await client.start_workflow(
        workflow,
        id=f"stuck-{uuid4().hex}",
        task_queue=task_queue,
        search_attributes=attributes_of(
            order_id="coffee-1",
            amount=PRICE,
            wallet="GCASH",
            expires_at=None
            if minutes_left is None
            else datetime.now(UTC) + timedelta(minutes=minutes_left),
            needs_attention=why,
        ),
    )


async def counted_until(client: Client, told: Callable[[Counted], bool]) -> Counted:
    """Count again until it is listed: Temporal's list is a little behind."""
    async with asyncio.timeout(20):
        while not told(counted := await Backlog(client).counted()):
            pass
    return counted


async def test_where_nothing_runs_all_counts_are_known_and_zero(empty: Client) -> None:
    assert await Backlog(empty).counted() == Counted(
        open=0,
        stuck=dict.fromkeys([*OF_PAYMENTS, *OTHERS], 0),
        oldest_stuck_seconds=0,
        callbacks_pending=0,
        workers_polling=0,
        at_risk={},
        refunds_stuck=dict.fromkeys(REFUND_CHAPTERS, 0),
        to_give_back={},
    )


async def test_what_is_stuck_is_counted_once_by_its_reason(empty: Client) -> None:
    handles = [
        await stuck(empty, NeedsAttention.REVIEW, minutes_left=-60),
        await stuck(empty, NeedsAttention.NO_VERDICT),
        await stuck(empty, NeedsAttention.OVERDUE, minutes_left=-30),
        # Nobody has said so, but the clock does.
        await stuck(empty, None, minutes_left=-30),
        await stuck(empty, NeedsAttention.CALLBACK, workflow="Callback"),
        await stuck(empty, None, minutes_left=10),
        await stuck(empty, None, task_queue="another"),
    ]
    stopped = await stuck(empty, None)
    await stopped.terminate()
    try:
        counted = await counted_until(
            empty,
            lambda now: (
                now.open == 6
                and now.callbacks_pending == 1
                and now.stuck["STOPPED"] == 1
            ),
        )
    finally:
        for handle in handles:
            await handle.terminate()
    assert counted.is_complete
    assert counted.stuck == {
        NeedsAttention.REVIEW: 1,
        NeedsAttention.NO_VERDICT: 1,
        NeedsAttention.OVERDUE: 2,
        NeedsAttention.CALLBACK: 1,
        "WORKFLOW_TASK_FAILS": 0,
        "PAUSED": 0,
        "FOREIGN_QUEUE": 1,
        "STOPPED": 1,
    }
    # Without a worker nobody says more than the list: six orders' amounts, at most.
    assert counted.at_risk == {("PHP", False): 6 * 1314.0}
    assert 60 * 60 <= (counted.oldest_stuck_seconds or 0) < 61 * 60


async def test_refunds_that_hang_are_counted_apart_from_payments(
    empty: Client,
) -> None:
    handles = [
        await stuck(empty, why, workflow="OrderRefunds", minutes_left=10)
        for why in REFUND_CHAPTERS
    ]
    # By the clock alone; one that goes on; and one that is paused, or has no refund.
    handles += [
        await stuck(empty, None, workflow="OrderRefunds", minutes_left=-30),
        await stuck(empty, None, workflow="OrderRefunds", minutes_left=600),
        await stuck(empty, None, workflow="OrderRefunds", minutes_left=None),
    ]
    stopped = await stuck(empty, None, workflow="OrderRefunds")
    await stopped.terminate()
    try:
        counted = await counted_until(
            empty,
            lambda now: (
                now.refunds_stuck["OVERDUE"] == 2
                and now.refunds_stuck["REFUSED"] == 1
                and now.to_give_back == {"PHP": 8 * 1314.0}
                and (now.stuck["STOPPED"] or 0) >= 1
            ),
        )
    finally:
        for handle in handles:
            await handle.terminate()
    assert counted.is_complete
    one_each = dict.fromkeys(REFUND_CHAPTERS, 1)
    assert counted.refunds_stuck == {**one_each, NeedsAttention.OVERDUE: 2}
    assert {why: counted.stuck[why] for why in OF_PAYMENTS} == dict.fromkeys(
        OF_PAYMENTS, 0
    )
    assert counted.at_risk == {}


async def test_the_worker_that_polls_is_counted(watched: Watched) -> None:
    counted = await counted_until(watched.client, lambda now: bool(now.workers_polling))
    assert counted.workers_polling


async def test_workers_of_a_version_count_once_it_is_current(
    dev_server: WorkflowEnvironment,
) -> None:
    client = (await a_desk(dev_server)).client
    version, _ = two_versions()

    async def polls() -> bool:
        return bool((await look_at_queue(client, TASK_QUEUE, within=QUICK)).pollers)

    async with a_versioned_worker(client, FakeAlipay(), TASK_QUEUE, version):
        await until(polls)
        before = await Backlog(client).counted()
        await make_current(client, version)
        await counted_until(client, lambda now: now.workers_polling == 1)
    assert before.workers_polling == 0


def taken_in_php(counted: Counted) -> float:
    return (counted.at_risk or {}).get(("PHP", True), 0.0)


async def test_the_money_at_risk_is_what_was_taken_and_not_what_was_asked(
    watched: Watched,
) -> None:
    # What other tests have left: a shop that does not listen.
    before = taken_in_php(await Backlog(watched.client).counted())
    opened = await watched.opens()
    payment = watched.client.get_workflow_handle(workflow_id(opened["order_id"]))
    await watched.fault(opened["order_id"], "other_amount")
    await watched.alipay.post(f"{opened['cashier']['url']}/pay")
    await watched.alipay.post("/control/settle")
    counted = await counted_until(
        watched.client, lambda now: taken_in_php(now) > before
    )
    said = await payment.query("at_risk", result_type=MoneyAtRisk)
    shown = await watched.scrape(watched.api_metrics)
    await payment.execute_update(
        "resolve", Resolution(outcome="CANCELLED", reason="refunded", by="anna")
    )
    [taken] = said.taken
    assert taken != PRICE
    at_risk = before + taken.value / 100
    assert taken_in_php(counted) == at_risk
    assert f'cashier_money_at_risk{{currency="PHP",is="taken"}} {at_risk}' in shown


async def test_counts_are_kept_for_a_while(watched: Watched) -> None:
    now = 0.0
    backlog = Backlog(watched.client, clock=lambda: now)
    first = await backlog.counted()
    now = KEPT_SECONDS - 1
    assert await backlog.counted() is first
    now = KEPT_SECONDS + 1
    assert await backlog.counted() is not first
