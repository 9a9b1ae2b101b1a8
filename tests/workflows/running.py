"""Runs one payment against a scripted Alipay."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.worker import Worker

from contracts import Order, PageWish, PaymentView, workflow_id
from tests.fakes import FakeAlipay
from workflows.cashier_payment import CashierPayment

Payment = WorkflowHandle[CashierPayment, PaymentView]


@asynccontextmanager
async def a_worker(client: Client, alipay: FakeAlipay) -> AsyncIterator[str]:
    """Serve the payment workflow on a task queue of its own."""
    task_queue = f"test-{uuid4()}"
    async with Worker(
        client,
        task_queue=task_queue,
        workflows=[CashierPayment],
        activities=alipay.activities,
    ):
        yield task_queue


async def start(client: Client, order: Order, task_queue: str) -> Payment:
    return await client.start_workflow(
        CashierPayment.run,
        order,
        id=workflow_id(order.order_id),
        task_queue=task_queue,
    )


async def ask_for_page(
    client: Client, order: Order, task_queue: str, *, call_id: str = "call"
) -> PaymentView:
    """Do what the API does: update with start."""
    operation = WithStartWorkflowOperation(
        CashierPayment.run,
        order,
        id=workflow_id(order.order_id),
        task_queue=task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
    return await client.execute_update_with_start_workflow(
        CashierPayment.cashier_page,  # type: ignore[arg-type]
        PageWish(amount=order.amount, wallet=order.wallet, call_id=call_id),
        start_workflow_operation=operation,
        id=f"page-{call_id}",
    )
