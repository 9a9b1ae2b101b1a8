"""Runs one payment against a scripted Alipay, as the API and Alipay would meet it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker, WorkflowRunner

from api.payments.new_payment_page import listing_of
from contracts import (
    CancelWish,
    LatePaymentView,
    Money,
    Order,
    PageWish,
    PaymentOutcome,
    PaymentStatus,
    PaymentView,
    Resolution,
    late_payment_id,
    payment_request_id,
    workflow_id,
)
from tests.builders import a_notification, an_order
from tests.fakes import FakeAlipay
from visibility import NEEDS_ATTENTION, PAYMENT_STATUS
from worker import runner_of
from workflows.cashier_payment import CashierPayment
from workflows.engine.odd_signals import OddSignalFilter
from workflows.kinds import WORKFLOWS


class RunningPayment:
    """One order's payment, with its callers."""

    def __init__(self, env: WorkflowEnvironment, order: Order, task_queue: str) -> None:
        self.order = order
        self._env = env
        self._client = env.client
        self.task_queue = task_queue

    @property
    def handle(self) -> WorkflowHandle[CashierPayment, PaymentView]:
        return self._client.get_workflow_handle_for(
            CashierPayment.run, workflow_id(self.order.order_id)
        )

    async def ask_for_page(
        self,
        *,
        call_id: str = "call",
        wallet: str | None = None,
        amount: Money | None = None,
    ) -> PaymentView:
        """Request the page as the API does: update with start."""
        operation = WithStartWorkflowOperation(
            CashierPayment.run,
            self.order,
            id=workflow_id(self.order.order_id),
            task_queue=self.task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            search_attributes=listing_of(self.order),
        )
        return await self._client.execute_update_with_start_workflow(
            CashierPayment.cashier_page,  # type: ignore[arg-type]
            PageWish(
                amount=amount or self.order.amount,
                wallet=wallet or self.order.wallet,
                call_id=call_id,
            ),
            start_workflow_operation=operation,
            id=f"page-{call_id}",
        )

    async def start(self, *, listed: bool = True) -> None:
        """Start the payment without waiting."""
        await self._client.start_workflow(
            CashierPayment.run,
            self.order,
            id=workflow_id(self.order.order_id),
            task_queue=self.task_queue,
            search_attributes=listing_of(self.order) if listed else None,
        )

    async def leap(self, duration: timedelta) -> None:
        """Let time pass for this payment."""
        await self._env.fast_forward(self.handle, duration)

    async def until_listed(self, status: str, needs_attention: str | None) -> None:
        """Wait until the payment is listed with these attributes."""
        async with asyncio.timeout(20):
            # The server has no way to wait for a line of its list.
            while await self.listed() != (status, needs_attention):  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def until_status(self, status: PaymentStatus) -> None:
        """Wait until the payment has this status."""
        async with asyncio.timeout(20):
            while (await self.view()).status is not status:
                pass

    async def notify(self, **changes: Any) -> None:
        """Let Alipay notify a success, unless changed."""
        now = await self._env.get_current_time(self.handle)
        await self.handle.signal(
            CashierPayment.payment_notified,
            a_notification(self.order, at=now, **changes),
        )

    async def listed(self) -> tuple[str | None, str | None]:
        """Return PaymentStatus and NeedsAttention from the list."""
        attributes = (await self.handle.describe()).typed_search_attributes
        return attributes.get(PAYMENT_STATUS), attributes.get(NEEDS_ATTENTION)

    async def details(self) -> str:
        """Return the current details, as the payment's page shows them."""
        metadata: WorkflowMetadata = await self.handle.query(
            "__temporal_workflow_metadata", result_type=WorkflowMetadata
        )
        return metadata.current_details

    async def view(self) -> PaymentView:
        return await self.handle.query(CashierPayment.view)

    async def check_now(self) -> PaymentView:
        return await self.handle.execute_update(
            CashierPayment.check_now,  # type: ignore[arg-type]
        )

    async def cancel(self, *, by: str = "shop", reason: str = "") -> PaymentView:
        return await self.handle.execute_update(
            CashierPayment.cancel,  # type: ignore[arg-type]
            CancelWish(by=by, reason=reason),
        )

    async def resolve(
        self,
        outcome: PaymentOutcome,
        *,
        reason: str = "seen at Alipay",
        by: str = "op",
        replaces: str = "",
    ) -> PaymentView:
        return await self.handle.execute_update(
            CashierPayment.resolve,  # type: ignore[arg-type]
            Resolution(outcome=outcome, reason=reason, by=by, replaces=replaces),
        )

    async def late_result(self, *, attempt: int) -> LatePaymentView:
        """Return the result of an attempt's late money."""
        name = payment_request_id(self.order.order_id, attempt)
        late = self._client.get_workflow_handle(
            late_payment_id(name), result_type=LatePaymentView
        )
        return LatePaymentView.model_validate(await late.result())

    async def result(self) -> PaymentView:
        """Leap to the end, over all the time in which nothing happens."""
        if (await self.view()).outcome is None:
            with suppress(RPCError):  # it has ended just now
                await self._env.fast_forward(self.handle)
        return await self.handle.result()


@asynccontextmanager
async def a_worker(
    client: Client, alipay: FakeAlipay, *, task_queue: str | None = None
) -> AsyncIterator[str]:
    """Serve the workflows on a task queue, of its own if none is named."""
    task_queue = task_queue or f"test-{uuid4()}"
    async with worker_of(client, alipay, task_queue):
        yield task_queue


def worker_of(
    client: Client,
    alipay: FakeAlipay,
    task_queue: str,
    runner: WorkflowRunner | None = None,
) -> Worker:
    """Return the worker of the tests: in the SDK's sandbox, as is its default."""
    return Worker(
        client,
        task_queue=task_queue,
        workflows=WORKFLOWS,
        activities=alipay.activities,
        interceptors=[OddSignalFilter()],
        workflow_runner=runner or runner_of(sandbox=True),
    )


@asynccontextmanager
async def a_payment(
    env: WorkflowEnvironment,
    alipay: FakeAlipay,
    *,
    opened: bool = True,
    **changes: Any,
) -> AsyncIterator[RunningPayment]:
    """Run a payment whose time only leaps once its result is awaited."""
    async with a_worker(env.client, alipay) as task_queue:
        payment = RunningPayment(env, an_order(**changes), task_queue)
        with env.with_time_skipping_disabled():
            if opened:
                await payment.ask_for_page()
            yield payment


async def run_to_end(
    env: WorkflowEnvironment, alipay: FakeAlipay, **changes: Any
) -> PaymentView:
    """Run a payment without any callers to its end, with skipped time."""
    order = an_order(**changes)
    async with a_worker(env.client, alipay) as task_queue:
        return await env.client.execute_workflow(
            CashierPayment.run,
            order,
            id=workflow_id(order.order_id),
            task_queue=task_queue,
        )
