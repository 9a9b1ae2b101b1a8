"""What shop, customer, Alipay and operator do, whatever release takes the payments."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import httpx
from rich.console import Console
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowUpdateHandle,
    WorkflowUpdateStage,
)

from alipay.keys.rsa import load_private_key
from alipay.messages import Message
from alipay.signing import sign
from cashier.payments import actions as payments
from cashier.payments.actions import Decision
from cashier.stuck.report import Wanted, report_stuck
from cashier.system.home import CLIENT_ID
from cashier.system.processes import System
from contracts import (
    LatePaymentView,
    PaymentOutcome,
    PaymentView,
    late_payment_id,
    workflow_id,
)
from tests.api.running import paid_notification
from tests.builders import an_order, as_a_shop_sends_it
from tests.test_end_to_end import Shop as AnyShop, an_order_id
from tests.upgrade.telling import Callbacks
from workflows.payment.backoff import pause

Handle = WorkflowHandle[Any, Any]
NOTIFICATIONS = "/alipay/notifications/payment"
# Inquiries of an unknown attempt, at least 15 s apart, until Alipay has said often
# enough that it does not know it (docs/protocol.md 3.5).
NOT_EXIST_TRIES = 3


def an_order_with_short_pauses(attempt: int) -> str:
    """Return an id whose attempt is asked about as soon as the pace allows it.

    Pauses of 5, 15 and 30 s are spread by up to a fifth, as the id says.
    """
    return min(
        (an_order_id() for _ in range(300)),
        key=lambda order_id: sum(
            (pause(f"{order_id}_{attempt}", tries) for tries in range(NOT_EXIST_TRIES)),
            start=timedelta(),
        ),
    )


class Shop(AnyShop):
    """A shop and its customers, and who else acts on their payments."""

    def __init__(
        self, system: System, http: httpx.AsyncClient, callbacks: Callbacks
    ) -> None:
        super().__init__(system, http)
        self.callbacks = callbacks
        self.headers = {"Authorization": f"Bearer {system.home.api_key.read_text()}"}

    async def opens(self, order_id: str) -> httpx.Response:
        """Open a payment; return the answer, which names its page."""
        opened = await self.take(order_id)
        assert opened.status_code == httpx.codes.CREATED, opened.text
        return opened

    async def posts(self, order_id: str) -> httpx.Response:
        """POST /payments once, whatever the answer is."""
        url = f"{self.system.ports.api_url}/payments"
        body = as_a_shop_sends_it(an_order(order_id=order_id))
        return await self.http.post(url, json=body, headers=self.headers)

    async def cancels(self, order_id: str) -> None:
        url = f"{self.system.ports.api_url}/payments/{order_id}/cancel"
        cancelled = await self.http.post(url, headers=self.headers)
        assert cancelled.json()["outcome"] == "CANCELLED", cancelled.text

    async def is_told_of_a_success(self, order_id: str, attempt: int) -> None:
        """Alipay notifies, signed, of a payment that it does not know otherwise."""
        body = paid_notification(order_id, attempt=attempt)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        key = load_private_key(self.system.home.simulator_key.read_text())
        message = Message("POST", NOTIFICATIONS, CLIENT_ID, now, body)
        told = await self.http.post(
            f"{self.system.ports.api_url}{NOTIFICATIONS}",
            content=body,
            headers={
                "Signature": sign(message, key),
                "Request-Time": now,
                "Client-Id": CLIENT_ID,
                "Content-Type": "application/json; charset=UTF-8",
            },
        )
        assert told.status_code == httpx.codes.OK, told.text

    async def is_silent(self, order_id: str, api: str, *, times: int) -> None:
        """Alipay answers so many calls of this order without a verdict."""
        url = f"{self.system.ports.simulator_url}/control/faults"
        fault = {"order_id": order_id, "fault": "u_before", "api": api, "times": times}
        (await self.http.post(url, json=fault)).raise_for_status()

    async def lets_expire(self, order_id: str) -> None:
        """Open a payment, which Alipay closes at once, before its time."""
        await self.opens(order_id)
        await self._at_alipay(order_id, "expire")
        result = await self.result(order_id)
        assert result.outcome is PaymentOutcome.DECLINED

    async def pays_late(self, order_id: str) -> None:
        """The customer pays though the payment is closed; Alipay notifies it."""
        await self._at_alipay(order_id, "pay", fault="pay_after_expiry")

    async def _at_alipay(self, order_id: str, deed: str, **params: str) -> None:
        base = f"{self.system.ports.simulator_url}/control"
        url = f"{base}/payments/{order_id}_1/{deed}"
        (await self.http.post(url, params=params)).raise_for_status()
        await self.http.post(f"{base}/settle")

    # ---- what Temporal knows ----

    async def payment_of(self, order_id: str) -> Handle:
        return (await self._client()).get_workflow_handle(workflow_id(order_id))

    async def late_money_of(self, order_id: str, attempt: int = 1) -> Handle:
        name = late_payment_id(f"{order_id}_{attempt}")
        return (await self._client()).get_workflow_handle(
            name, result_type=LatePaymentView
        )

    async def _client(self) -> Client:
        return await self.system.client()

    # ---- what an operator does ----

    async def checks(self, order_id: str) -> None:
        """Do as `cashier payments check`."""
        await payments.check(await self._client(), Console(quiet=True), order_id)

    async def asks_to_check(self, order_id: str) -> WorkflowUpdateHandle[PaymentView]:
        """Send the same, and do not wait for the answer."""
        payment = await self.payment_of(order_id)
        return await payment.start_update(
            "check_now",
            wait_for_stage=WorkflowUpdateStage.ACCEPTED,
            result_type=PaymentView,
        )

    async def resolves(
        self, order_id: str, outcome: str, *, attempt: int | None = None
    ) -> None:
        """Do as `cashier payments resolve`."""
        decision = Decision(outcome=outcome, by="ops", reason="seen in the portal")
        await payments.resolve(
            await self._client(),
            Console(quiet=True),
            order_id,
            decision,
            attempt=attempt,
            confirm=lambda _: True,
        )

    async def stuck(self) -> dict[str, dict[str, Any]]:
        """Return what `cashier stuck --json` lists, by workflow id."""
        console = Console(file=StringIO())
        await report_stuck(
            await self._client(),
            console,
            Wanted(as_json=True),
            ui_url=self.system.ports.ui_url,
        )
        assert isinstance(console.file, StringIO)
        return {row["workflow_id"]: row for row in json.loads(console.file.getvalue())}

    async def until_stuck(self, workflow_id: str, kind: str) -> dict[str, Any]:
        """Wait until a workflow is listed as stuck for this reason; return its line."""
        async with asyncio.timeout(60):
            while True:
                row = (await self.stuck()).get(workflow_id)
                if row and kind in row["kinds"]:
                    return row
                await asyncio.sleep(0.5)

    async def until_status(self, order_id: str, status: str) -> None:
        """Wait until the API says so of a payment."""
        async with asyncio.timeout(60):
            while True:
                if (await self.look(order_id)).get("status") == status:
                    return
                await asyncio.sleep(0.2)


async def until_running(handle: Handle) -> None:
    """Wait until a worker has taken a workflow up, and it has not ended."""
    async with asyncio.timeout(30):
        async for event in handle.fetch_history_events(wait_new_event=True):
            if event.HasField("activity_task_scheduled_event_attributes"):
                break
    described = await handle.describe()
    assert described.status is WorkflowExecutionStatus.RUNNING


async def until_asked(handle: Handle, times: int) -> None:
    """Wait until Alipay has answered a workflow so many inquiries."""
    inquiries: set[int] = set()
    async with asyncio.timeout(120):
        async for event in handle.fetch_history_events(wait_new_event=True):
            scheduled = event.activity_task_scheduled_event_attributes
            if scheduled.activity_type.name == "inquire_payment":
                inquiries.add(event.event_id)
            answered = event.activity_task_completed_event_attributes
            times -= answered.scheduled_event_id in inquiries
            if times <= 0:
                return
    raise AssertionError("the workflow has ended before it had asked so often")


async def release_of(handle: Handle) -> int:
    """Return which release has begun a workflow, as its input says."""
    history = await handle.fetch_history()
    started = history.events[0].workflow_execution_started_event_attributes
    [given] = await handle._client.data_converter.decode(started.input.payloads)
    release: int = given["release"]
    return release


async def reset_to_its_begin(handle: Handle) -> None:
    """Do as `temporal workflow reset --type FirstWorkflowTask`."""
    client: Client = handle._client
    history = await handle.fetch_history()
    first = next(
        event.event_id
        for event in history.events
        if event.HasField("workflow_task_completed_event_attributes")
    )
    await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=handle.id),
            reason="no release can end it as it stands",
            workflow_task_finish_event_id=first,
            request_id=uuid4().hex,
        )
    )
