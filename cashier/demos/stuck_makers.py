"""Makes a payment of each stuck kind, the way it comes about."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from api.merchant_rules import HouseRules
from api.payments.new_payment_page import facts_of, summary_of
from cashier.demos.earlier_run import go_on_from_facts
from cashier.system.home import CLIENT_ID
from cashier.system.processes import System
from contracts import (
    TASK_QUEUE,
    AlipayTrust,
    Cashier,
    Customer,
    Money,
    Order,
    PayAnswer,
    PayVerdict,
    Terminal,
    payment_request_id,
    workflow_id,
)
from visibility import attributes_of
from visibility.stuck import Kind
from workflows.cashier_payment import CashierPayment
from workflows.payment.attempt import Asked
from workflows.payment.facts import Facts

# What nobody without a key may find: the browser test looks for it everywhere.
CUSTOMER_EMAIL = "canary@customer.example"
# Where another release's workers would ask, if there were any.
OTHER_QUEUE = "cashier-of-another-release"


class Maker:
    """The shop, the customer and the bad luck that stuck payments take."""

    def __init__(self, system: System, client: Client, http: httpx.AsyncClient) -> None:
        self._system = system
        self._client = client
        self._http = http
        self._rules = HouseRules(
            client_id=CLIENT_ID, runbook_url=f"{system.ports.codec_url}/runbook"
        )

    async def under_review(self) -> None:
        """The wallet takes another amount than was asked."""
        order = _order("stuck-review", 131400, "GCASH")
        await self._open(order)
        await self._customer_pays(order, fault="other_amount")

    async def without_verdict(self) -> None:
        """Alipay answers every call with `unknown`, for ever."""
        order = _order("stuck-no-verdict", 52000, "GCASH")
        await self._plan(order, "u_for_ever")
        await self._open(order)

    async def callback_refused(self) -> None:
        """It is paid, and the shop does not listen."""
        order = _order("stuck-callback", 25000, "GCASH")
        await self._open(order)
        await self._customer_pays(order)

    async def overdue(self) -> None:
        """It is open an hour after its begin, and Alipay says: still processing.

        Nobody wants to wait for an hour, so the run goes on from facts that are as old
        as that: just what a run that has become too long hands to the next one.
        """
        order = _order("stuck-overdue", 15000000, "DANA", currency="IDR")
        opened = await self._open(order)
        began = datetime.now(UTC) - timedelta(hours=1)
        facts = Facts.of(self._rules.applied_to(order), began)
        expires_at = began + timedelta(minutes=14)
        page = PayAnswer(
            verdict=PayVerdict.OPENED,
            result_code="PAYMENT_IN_PROCESS",
            payment_id=opened["payment_id"],
            cashier=Cashier.model_validate(opened["cashier"]),
            expires_at=expires_at,
        )
        facts.current.pays.append(Asked(began, began, page))
        await go_on_from_facts(
            self._client,
            "CashierPayment",
            facts.carried(),
            **self._as_listed(order, expires_at),
        )

    async def failing_task(self) -> None:
        """It trusts a public key of Alipay that is not configured any more."""
        order = self._rules.applied_to(_order("stuck-task-failure", 47500, "GCASH"))
        trust = AlipayTrust(client_id=CLIENT_ID, keys={"7": "0" * 64})
        await self._start(order.model_copy(update={"trust": trust}))

    async def without_worker(self) -> None:
        """It was begun for a task queue for which no worker asks."""
        order = _order("stuck-no-worker", 99000, "GCASH")
        order = self._rules.applied_to(order)
        await self._start(order, task_queue=OTHER_QUEUE)

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

    async def _customer_pays(self, order: Order, *, fault: str | None = None) -> None:
        name = payment_request_id(order.order_id, 1)
        pay = f"{self._system.ports.simulator_url}/control/payments/{name}/pay"
        params = {"fault": fault} if fault else {}
        (await self._http.post(pay, params=params)).raise_for_status()

    async def _plan(self, order: Order, fault: str) -> None:
        planned = await self._http.post(
            f"{self._system.ports.simulator_url}/control/faults",
            json={"order_id": order.order_id, "fault": fault},
        )
        planned.raise_for_status()

    async def _start(self, order: Order, *, task_queue: str = TASK_QUEUE) -> None:
        expires_at = datetime.now(UTC) + timedelta(minutes=14)
        await self._client.start_workflow(
            CashierPayment.run,
            order,
            task_queue=task_queue,
            **self._as_listed(order, expires_at),
        )

    def _as_listed(self, order: Order, expires_at: datetime) -> dict[str, Any]:
        """Return how a payment is started, its input apart."""
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


MAKERS: dict[Kind, Callable[[Maker], Awaitable[None]]] = {
    Kind.NO_WORKER: Maker.without_worker,
    Kind.TASK_FAILURE: Maker.failing_task,
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
