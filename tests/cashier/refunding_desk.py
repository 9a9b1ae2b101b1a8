"""An operator who gives money back, beside an Alipay that has a ledger."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.worker import Worker
from typer.testing import Result

from contracts import TASK_QUEUE, Order, RefundsView, refunds_id, workflow_id
from tests.builders import a_page
from tests.cashier.operating import Desk, is_served, until
from tests.fakes import FakeAlipay
from tests.workflows.refunds.refunding import PAID, RefundingAlipay
from workflows.engine.odd_signals import OddSignalFilter
from workflows.kinds import WORKFLOWS
from workflows.order_refunds import OrderRefunds

AS_ANNA = ("--by", "anna")
BECAUSE = ("--reason", "the cup was broken")


@asynccontextmanager
async def served(desk: Desk, alipay: RefundingAlipay) -> AsyncIterator[None]:
    """Serve payments and refunds of a desk; Alipay's ledger is of one payment."""
    paying = FakeAlipay(pay=[a_page()])
    refunding = {one.__name__: one for one in alipay.activities}
    others = [one for one in paying.activities if one.__name__ not in refunding]
    async with Worker(
        desk.client,
        task_queue=TASK_QUEUE,
        workflows=WORKFLOWS,
        activities=[*others, *refunding.values()],
        interceptors=[OddSignalFilter()],
    ):
        await until(lambda: is_served(desk))
        yield


async def a_paid_order(desk: Desk, **changes: Any) -> Order:
    """Return an order over what the ledger's payment is, paid by its first attempt."""
    order = await desk.begin(amount=PAID, **changes)
    await desk.notify(order)
    await desk.client.get_workflow_handle(workflow_id(order.order_id)).result()
    return order


async def give_back(
    desk: Desk, order: Order, refund_id: str, amount: str | None = None, *words: str
) -> Result:
    how_much = ("--amount", amount) if amount else ()
    return await desk.run(
        *("refunds", "start", order.order_id, "--refund-id", refund_id, "--yes"),
        *(*how_much, *(words or AS_ANNA)),
    )


def owner_of(desk: Desk, order: Order) -> WorkflowHandle[OrderRefunds, RefundsView]:
    return desk.client.get_workflow_handle_for(
        OrderRefunds.run, refunds_id(order.order_id)
    )


async def shown(desk: Desk, *words: str) -> Any:
    told = await desk.run("refunds", "show", *words, "--json")
    assert told.exit_code == 0, told.output
    return json.loads(told.stdout)
