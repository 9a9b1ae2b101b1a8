"""A forged run with an id of ours, served by a worker on another task queue."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from temporalio import workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from contracts import workflow_id


@workflow.defn(name="CashierPayment")
class ForgedPayment:
    """Answers the query of a payment with its input."""

    @workflow.init
    def __init__(self, forged: dict[str, Any]) -> None:
        self._forged = forged
        self._is_over = False

    @workflow.run
    async def run(self, forged: dict[str, Any]) -> dict[str, Any]:
        await workflow.wait_condition(lambda: self._is_over)
        return self._forged

    @workflow.signal
    def end(self) -> None:
        self._is_over = True

    @workflow.query
    def view(self) -> dict[str, Any]:
        return self._forged


@asynccontextmanager
async def a_forged_payment(
    client: Client, forged: dict[str, Any]
) -> AsyncIterator[WorkflowHandle[ForgedPayment, dict[str, Any]]]:
    """Run it under the id of the order's payment, on a queue that is not ours."""
    queue = f"foreign-{uuid4()}"
    async with Worker(client, task_queue=queue, workflows=[ForgedPayment]):
        name = workflow_id(forged["order_id"])
        handle = await client.start_workflow(
            ForgedPayment.run, forged, id=name, task_queue=queue
        )
        try:
            yield handle
        finally:
            await handle.terminate()
