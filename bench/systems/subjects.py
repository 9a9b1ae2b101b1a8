"""The measured subjects: our payment, the floor, and the bare call to Alipay."""

from contextlib import suppress
from datetime import timedelta
from typing import Protocol

import httpx
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from alipay.client import AlipayClient
from api.merchant_rules import MerchantRules
from api.payments.late_payments import LatePayments
from api.payments.workflows import PaymentWorkflows
from api.problems import UnavailableProblem
from bench.systems.floor import FLOOR_TASK_QUEUE, FloorPage, FloorPayment
from bench.systems.orders import a_notification, an_order
from bench.systems.processes import Bench
from contracts import (
    PayCall,
    PaymentOutcome,
    PaymentStatus,
    PaymentView,
    payment_request_id,
    workflow_id,
)
from translation.proof import serve
from translation.requests import to_pay_request
from workflows.cashier_payment import CashierPayment

PATIENCE = timedelta(seconds=30)
# The fields of an order that a shop must send; the rest has defaults.
ASKED_BY_SHOPS = {
    "order_id",
    "amount",
    "wallet",
    "description",
    "redirect_url",
    "terminal",
}


class Subject(Protocol):
    """A way to take a payment: to the page (timed), and from there to its end."""

    async def open(self, order_id: str) -> None: ...

    async def finish(self, order_id: str) -> None: ...


class Ours:
    """A payment through the client calls that the API makes."""

    def __init__(self, bench: Bench, *, expires_in_minutes: int | None = None) -> None:
        self._client = client = bench.client
        self._signer = bench.alipay
        settings = bench.settings
        rules = MerchantRules(trust=serve(settings.client_id, settings.alipay_keys))
        late = LatePayments(client, rules)
        self._workflows = PaymentWorkflows(client, late, rules)
        self._expires_in = expires_in_minutes
        self._payment_ids: dict[str, str] = {}

    async def open(self, order_id: str) -> None:
        order = an_order(order_id, expires_in_minutes=self._expires_in)
        view = None
        while view is None or view.status is PaymentStatus.OPENING:
            # A shop retries after 202 and 503: the system may be busy, or starting.
            with suppress(UnavailableProblem):
                view, _ = await self._workflows.open(order)
        if view.attempts[-1].cashier is None:
            raise RuntimeError(f"no cashier page: {view}")
        self.remember(order_id, view.attempts[-1].payment_id)

    def remember(self, order_id: str, payment_id: str | None) -> None:
        self._payment_ids[order_id] = payment_id or ""

    async def finish(self, order_id: str) -> None:
        payment_id = self._payment_ids.pop(order_id)
        notification = a_notification(order_id, payment_id, self._signer)
        await self._workflows.notify(order_id, notification)
        result = await self.handle(order_id).result(rpc_timeout=PATIENCE)
        if result.outcome is not PaymentOutcome.PAID:
            raise RuntimeError(f"a payment of the benchmark is {result.status}")

    def handle(self, order_id: str) -> WorkflowHandle[CashierPayment, PaymentView]:
        return self._client.get_workflow_handle_for(
            CashierPayment.run, workflow_id(order_id)
        )


class OverHttp:
    """Our payment through the API, as a storefront calls it."""

    def __init__(
        self, ours: Ours, http: httpx.AsyncClient, *, url: str, api_key: str
    ) -> None:
        self._ours = ours
        self._http = http
        self._url = f"{url}/payments"
        self._headers = {"Authorization": f"Bearer {api_key}"}

    async def open(self, order_id: str) -> None:
        body = an_order(order_id).model_dump(include=ASKED_BY_SHOPS)
        answer = await self._http.post(self._url, headers=self._headers, json=body)
        answer.raise_for_status()
        self._ours.remember(order_id, answer.json()["payment_id"])

    async def finish(self, order_id: str) -> None:
        await self._ours.finish(order_id)


class FloorToPage:
    """Update-with-start and a no-op activity; it ends by itself."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def open(self, order_id: str) -> None:
        start = WithStartWorkflowOperation(
            FloorPage.run,
            id=order_id,
            task_queue=FLOOR_TASK_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        )
        await self._client.execute_update_with_start_workflow(
            FloorPage.page, start_workflow_operation=start, rpc_timeout=PATIENCE
        )

    async def finish(self, order_id: str) -> None:
        pass


class FloorToPaid:
    """The floor with timer and signal, to its end."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def open(self, order_id: str) -> None:
        start = WithStartWorkflowOperation(
            FloorPayment.run,
            id=order_id,
            task_queue=FLOOR_TASK_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        )
        await self._client.execute_update_with_start_workflow(
            FloorPayment.page, start_workflow_operation=start, rpc_timeout=PATIENCE
        )

    async def finish(self, order_id: str) -> None:
        handle = self.handle(order_id)
        await handle.signal(FloorPayment.paid, rpc_timeout=PATIENCE)
        await handle.result(rpc_timeout=PATIENCE)

    def handle(self, order_id: str) -> WorkflowHandle[FloorPayment, bool]:
        return self._client.get_workflow_handle_for(FloorPayment.run, order_id)


class BareCall:
    """The signed `pay` call alone: both signatures, both verifications, no Temporal."""

    def __init__(self, alipay: AlipayClient, *, notify_url: str) -> None:
        self._alipay = alipay
        self._notify_url = notify_url

    async def open(self, order_id: str) -> None:
        call = PayCall(
            order=an_order(order_id),
            payment_request_id=payment_request_id(order_id, 1),
            wallet="GCASH",
        )
        await self._alipay.pay(to_pay_request(call, notify_url=self._notify_url))

    async def finish(self, order_id: str) -> None:
        pass
