"""An operator at the command line, with a namespace of their own on the server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from uuid import uuid4

from rich.console import Console
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.converter import DataConverter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker
from typer.testing import CliRunner, Result

from cashier.commands import app
from cashier.stuck.finding import polled_queues
from cashier.system.setup import set_up
from contracts import (
    TASK_QUEUE,
    Order,
    late_payment_id,
    payment_request_id,
    workflow_id,
)
from temporal_client import DATA_CONVERTER
from tests.builders import a_late_payment, a_notification, an_order
from tests.fakes import FakeAlipay
from visibility import Listed, NeedsAttention, attributes_of
from workflows.callback import Callback
from workflows.cashier_payment import CashierPayment
from workflows.late_payment import LatePayment
from workflows.notice import AlipayNotice

PATIENCE_SECONDS = 30


@dataclass
class Desk:
    """Where an operator sits: a namespace, and the commands that look at it."""

    client: Client

    async def run(self, *words: str, typed: str = "", **settings: str) -> Result:
        """Run a command as `.venv/bin/cashier` would, with these settings only."""
        environment = {
            "TEMPORAL_ADDRESS": self.client.service_client.config.target_host,
            "TEMPORAL_NAMESPACE": self.client.namespace,
            "CASHIER_CLEAR_TEXT": "true",
            **settings,
        }
        return await asyncio.to_thread(
            lambda: CliRunner().invoke(app, list(words), input=typed, env=environment)
        )

    async def begin(
        self,
        *,
        task_queue: str = TASK_QUEUE,
        expires_at: datetime | None = None,
        **changes: Any,
    ) -> Order:
        """Begin a payment as the API does, listed."""
        order = an_order(**changes)
        await self.client.start_workflow(
            CashierPayment.run,
            order,
            id=workflow_id(order.order_id),
            task_queue=task_queue,
            search_attributes=attributes_of(
                order_id=order.order_id,
                amount=order.amount,
                wallet=order.wallet,
                expires_at=expires_at,
            ),
        )
        return order

    async def notify(self, order: Order, **changes: Any) -> None:
        """Let Alipay notify a success, unless changed."""
        handle = self.client.get_workflow_handle(workflow_id(order.order_id))
        await handle.signal(
            CashierPayment.payment_notified, a_notification(order, **changes)
        )

    async def begin_late(self, order: Order, *, attempt: int = 1) -> None:
        """Begin to deal with late money of an order, listed."""
        late = a_late_payment(
            order, payment_request_id=payment_request_id(order.order_id, attempt)
        )
        await self.client.start_workflow(
            "LatePayment",
            late,
            id=late_payment_id(late.payment_request_id),
            task_queue=TASK_QUEUE,
            search_attributes=attributes_of(
                order_id=order.order_id,
                amount=order.amount,
                wallet=order.wallet,
                status=Listed.LATE_MONEY,
            ),
        )


def callback_attributes(order: Order) -> Any:
    """Return the attributes of an order's callback that was not accepted."""
    return attributes_of(
        order_id=order.order_id,
        amount=order.amount,
        wallet=order.wallet,
        status=Listed.CALLBACK,
        needs_attention=NeedsAttention.CALLBACK,
    )


async def a_client(
    env: WorkflowEnvironment, *, converter: DataConverter = DATA_CONVERTER
) -> Client:
    """Return a client of a new namespace, which has no search attributes yet."""
    namespace = f"desk-{uuid4().hex[:8]}"
    request = RegisterNamespaceRequest(namespace=namespace)
    request.workflow_execution_retention_period.FromTimedelta(timedelta(days=1))
    await env.client.workflow_service.register_namespace(request)
    return await Client.connect(
        env.client.service_client.config.target_host,
        namespace=namespace,
        data_converter=converter,
    )


async def a_desk(
    env: WorkflowEnvironment, *, converter: DataConverter = DATA_CONVERTER
) -> Desk:
    """Return a desk in a new namespace that is set up."""
    client = await a_client(env, converter=converter)
    assert await set_up(client, Console(quiet=True)) == 0
    return Desk(client)


@asynccontextmanager
async def a_worker(
    desk: Desk, alipay: FakeAlipay, *, late_payment: type = LatePayment
) -> AsyncIterator[None]:
    """Serve the payments of a desk, Alipay and the shop being played."""
    async with Worker(
        desk.client,
        task_queue=TASK_QUEUE,
        workflows=[CashierPayment, late_payment, Callback, AlipayNotice],
        activities=alipay.activities,
    ):
        await until(lambda: is_served(desk))
        yield


async def is_served(desk: Desk) -> bool:
    return bool(await polled_queues(desk.client, {TASK_QUEUE}))


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Wait until the list, which lags behind, shows it."""
    patience = monotonic() + PATIENCE_SECONDS
    while not await is_so():
        assert monotonic() < patience, "the list never showed it"
        await asyncio.sleep(0.1)
