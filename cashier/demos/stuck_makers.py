"""Makes a payment of each stuck kind, as it happens in production."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy

from alipay.keys.files import read_private_key, read_public_keys
from alipay.keys.rsa import AlipayKeys
from api.merchant_rules import MerchantRules
from api.payments.new_payment_page import facts_of, summary_of
from cashier.demos.earlier_run import go_on_from_facts
from cashier.demos.pausing import pause_call
from cashier.demos.signed_page import signed_page
from cashier.system.home import CLIENT_ID, write_public_key
from cashier.system.processes import System
from contracts import (
    TASK_QUEUE,
    AlipayTrust,
    Customer,
    Money,
    Order,
    PageWish,
    PaymentView,
    Terminal,
    payment_request_id,
    workflow_id,
)
from visibility import attributes_of
from visibility.stuck import Kind
from visibility.views import newest_run
from workflows.cashier_payment import CashierPayment
from workflows.payment.attempt import Asked
from workflows.payment.facts import Facts

# Must not be readable without a key: the browser test searches all pages for it.
CUSTOMER_EMAIL = "canary@customer.example"
# The task queue of another release, which has no workers.
OTHER_QUEUE = "cashier-of-another-release"
# Four cups of coffee need a second person; one cup does not. In minor units.
SECOND_PERSON_ABOVE = {"PHP": 100000}
# Temporal answers in milliseconds.
PATIENCE = timedelta(seconds=5)


class Maker:
    """Acts as the shop, the customer and the fault that make payments stuck."""

    def __init__(self, system: System, client: Client, http: httpx.AsyncClient) -> None:
        self.client = client
        self._system = system
        self._http = http
        self._alipay_key = read_private_key(system.home.simulator_key)
        keys = AlipayKeys(read_public_keys(system.home.alipay_keys))
        self._rules = MerchantRules(
            client_id=CLIENT_ID,
            second_person_above=SECOND_PERSON_ABOVE,
            runbook_url=f"{system.ports.codec_url}/runbook",
            trust=AlipayTrust(client_id=CLIENT_ID, keys=keys.fingerprints),
        )

    async def under_review(self) -> None:
        """The wallet takes another amount than requested."""
        order = _order("stuck-review", 131400, "GCASH")
        await self._open(order)
        await self._customer_pays(order, fault="other_amount")

    async def without_verdict(self) -> None:
        """Alipay answers every call with an unknown result."""
        order = _order("stuck-no-verdict", 52000, "GCASH")
        await self.plan(order.order_id, "u_for_ever")
        await self._open(order)

    async def callback_refused(self) -> None:
        """It is paid, and the shop does not accept callbacks."""
        order = _order("stuck-callback", 25000, "GCASH")
        await self._open(order)
        await self._customer_pays(order)

    async def overdue(self) -> None:
        """It is open an hour after its start, and Alipay answers: still processing.

        To save the hour, the run continues from facts of that age, as a run does that
        continues as new.
        """
        order = _order("stuck-overdue", 15000000, "DANA", currency="IDR")
        opened = await self._open(order)
        await self._delete(workflow_id(order.order_id))
        began = datetime.now(UTC) - timedelta(hours=1)
        facts = Facts.of(self._rules.applied_to(order), began)
        expires_at = began + timedelta(minutes=14)
        page = signed_page(opened, began, expires_at, self._alipay_key)
        facts.current.pays.append(Asked(began, began, page))
        await go_on_from_facts(
            self.client,
            "CashierPayment",
            facts.carried(),
            **self._as_listed(order, expires_at),
        )

    async def stopped(self) -> None:
        """It is terminated while the customer is at the wallet."""
        order = _order("stuck-stopped", 84500, "GCASH")
        await self._open(order)
        handle = self.client.get_workflow_handle(workflow_id(order.order_id))
        await handle.terminate(reason="It looked stuck")

    async def paused(self) -> None:
        """The activity that asks Alipay for its page is paused."""
        order = _order("stuck-paused", 61000, "GCASH")
        await self.plan(order.order_id, "u_for_ever")
        # The API answers after it has waited for the page; the client may have gone by
        # then.
        await self._start(self._rules.applied_to(order))
        name = workflow_id(order.order_id)
        await pause_call(self.client, name, by="nina@shop.example", reason="To look")

    async def failing_task(self) -> None:
        """It trusts a public key of Alipay whose file somebody has moved away."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        home = self._system.home
        write_public_key(key, home.alipay_keys_moved_away / "7.pem")
        had = read_public_keys(home.alipay_keys)
        moved = read_public_keys(home.alipay_keys_moved_away)
        keys = AlipayKeys({**had, **moved})
        order = self._rules.applied_to(_order("stuck-task-failure", 47500, "GCASH"))
        trust = AlipayTrust(client_id=CLIENT_ID, keys=keys.fingerprints)
        await self._start(order.model_copy(update={"trust": trust}))

    async def without_worker(self) -> None:
        """It was started on a task queue that no worker polls."""
        order = _order("stuck-no-worker", 99000, "GCASH")
        order = self._rules.applied_to(order)
        await self._start(order, task_queue=OTHER_QUEUE)

    async def pay_for(self, order_id: str, value: int) -> None:
        """Have an order paid without callbacks: these would be stuck beside its refund.

        Args:
            order_id: The order.
            value: What is paid, in minor units of PHP.
        """
        order = self._rules.applied_to(_order(order_id, value, "GCASH"))
        payment = await self._start(order)
        wish = PageWish(amount=order.amount, wallet=order.wallet, call_id=order_id)
        await payment.execute_update("cashier_page", wish)
        await self._customer_pays(order)
        await payment.result()

    async def _open(self, order: Order) -> Any:  # noqa: ANN401 - JSON
        key = self._system.home.api_key.read_text()
        body = order.model_dump(
            include={
                "order_id": True, "amount": True, "wallet": True, "description": True,
                "redirect_url": True, "terminal": True, "customer": {"email"},
            }
        )  # fmt: skip
        answer = await self._http.post(
            f"{self._system.ports.api_url}/payments",
            headers={"Authorization": f"Bearer {key}"},
            json=body,
        )
        answer.raise_for_status()
        return answer.json()

    async def _delete(self, name: str) -> None:
        """Delete a payment, so that it is not listed as stopped."""
        await self.client.workflow_service.delete_workflow_execution(
            DeleteWorkflowExecutionRequest(
                namespace=self.client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=name),
            )
        )
        # The server has no call to wait for the deletion.
        while await newest_run(self.client, name, within=PATIENCE):  # noqa: ASYNC110
            await asyncio.sleep(0.1)

    async def _customer_pays(self, order: Order, *, fault: str | None = None) -> None:
        name = payment_request_id(order.order_id, 1)
        pay = f"{self._system.ports.simulator_url}/control/payments/{name}/pay"
        params = {"fault": fault} if fault else {}
        (await self._http.post(pay, params=params)).raise_for_status()

    async def plan(self, order_id: str, fault: str) -> None:
        """Have the simulator play a fault on an order."""
        planned = await self._http.post(
            f"{self._system.ports.simulator_url}/control/faults",
            json={"order_id": order_id, "fault": fault},
        )
        planned.raise_for_status()

    async def _start(
        self, order: Order, *, task_queue: str = TASK_QUEUE
    ) -> WorkflowHandle[CashierPayment, PaymentView]:
        expires_at = datetime.now(UTC) + timedelta(minutes=14)
        return await self.client.start_workflow(
            CashierPayment.run,
            order,
            task_queue=task_queue,
            **self._as_listed(order, expires_at),
        )

    def _as_listed(self, order: Order, expires_at: datetime) -> dict[str, Any]:
        """Return the arguments of a payment's start, without its input."""
        return {
            "id": workflow_id(order.order_id),
            "id_conflict_policy": WorkflowIDConflictPolicy.TERMINATE_EXISTING,
            "search_attributes": attributes_of(
                order_id=order.order_id,
                amount=order.amount,
                wallet=order.wallet,
                expires_at=expires_at,
            ),
            "static_summary": summary_of(order),
            "static_details": facts_of(order, self._rules),
        }


# Refunds have theirs beside this file, in `stuck_refunds.py`.
PAYMENT_MAKERS: dict[Kind, Callable[[Maker], Awaitable[None]]] = {
    Kind.NO_WORKER: Maker.without_worker,
    Kind.TASK_FAILURE: Maker.failing_task,
    Kind.STOPPED: Maker.stopped,
    Kind.PAUSED: Maker.paused,
    Kind.REVIEW: Maker.under_review,
    Kind.CALLBACK: Maker.callback_refused,
    Kind.NO_VERDICT: Maker.without_verdict,
    Kind.OVERDUE: Maker.overdue,
}


def _order(order_id: str, value: int, wallet: str, *, currency: str = "PHP") -> Order:
    return Order(
        order_id=order_id,
        amount=Money(currency=currency, value=value),
        wallet=wallet,
        description="Cups of coffee",
        redirect_url=f"https://shop.example/return/{order_id}",
        terminal=Terminal(type="WEB"),
        customer=Customer(email=CUSTOMER_EMAIL),
    )
