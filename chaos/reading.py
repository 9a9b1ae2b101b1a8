"""Reads the three records of each order from a running system."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

import httpx
from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.service import RPCError

from chaos.order_records import LateMoneyReport, Money, OrderRecords, OrderReport
from chaos.orders import Plan
from chaos.refunds.records import RefundRecords, read_reports
from chaos.shop import JsonObject, Shop
from contracts import (
    LatePaymentView,
    PaymentView,
    attempt_of,
    late_payment_id,
    refund_named_in,
    refunds_id_of,
    workflow_id,
)
from visibility.views import KeepsChangingError, look_up, newest_run

ViewT = TypeVar("ViewT", LatePaymentView, PaymentView)

# Enough to be quick, and not so many as to be a load test.
AT_ONCE = 20
# The machine is busy, and no customer waits, so long waits are fine.
PATIENCE = timedelta(seconds=60)


class Reader:
    """Reads the records of orders in simulator, Temporal and API."""

    def __init__(
        self, http: httpx.AsyncClient, simulator_url: str, client: Client, shop: Shop
    ) -> None:
        self._http = http
        self._control = f"{simulator_url}/control"
        self._client = client
        self._shop = shop
        self._turnstile = asyncio.Semaphore(AT_ONCE)

    async def control(self, what: str) -> Any:  # noqa: ANN401 - JSON
        response = await self._http.get(f"{self._control}/{what}")
        response.raise_for_status()
        return response.json()

    async def read(self, plans: Iterable[Plan]) -> list[OrderRecords]:
        """Return the records of all orders."""
        ledger = await self.control("ledger")
        entries: defaultdict[str, list[JsonObject]] = defaultdict(list)
        for entry in ledger["entries"]:
            entries[entry["order_id"]].append(entry)
        payments: defaultdict[str, list[JsonObject]] = defaultdict(list)
        for payment in await self.control("payments"):
            payments[payment["order_id"]].append(payment)
        return await asyncio.gather(
            *(
                self._records(plan, entries[plan.order_id], payments[plan.order_id])
                for plan in plans
            )
        )

    async def _records(
        self, plan: Plan, entries: list[JsonObject], payments: list[JsonObject]
    ) -> OrderRecords:
        async with self._turnstile:
            request_ids = [payment["payment_request_id"] for payment in payments]
            return OrderRecords(
                plan.order_id,
                plan.currency,
                plan.value,
                _money(entries, tuple(_for_a_person(plan, payments))),
                await self._workflows(plan.order_id, request_ids),
                await self.shop_says(plan.order_id),
                await self._refunds(plan, entries),
            )

    async def _refunds(self, plan: Plan, entries: list[JsonObject]) -> RefundRecords:
        """Read the API's reports of refunds, and the returned money."""
        asked = tuple(sorted(self._shop.refunds_taken_on[plan.order_id]))
        if not (asked or (plan.refunds and plan.refunds.in_portal)):
            return RefundRecords()
        state = await self._shop.refunds(plan.order_id)
        reported, elsewhere = read_reports(state)
        payer = state["payment_request_id"] if state else ""
        back = [
            entry
            for entry in entries
            if entry["payment_request_id"] == payer and entry["kind"] != "CHARGE"
        ]
        ours = Counter(
            refund_named_in(entry["request_id"]) for entry in back if _is_ours(entry)
        )
        return RefundRecords(
            asked=asked,
            reported=reported,
            reported_elsewhere=elsewhere,
            moved=tuple(ours.values()),
            given_back=sum(entry["value"] for entry in back),
            portal=sum(
                entry["value"]
                for entry in back
                if entry["kind"] == "REFUND" and not _is_ours(entry)
            ),
        )

    async def open_refunds(self, plan: Plan) -> int:
        """Count the refunds of an order that may still end by themselves."""
        if not self._shop.refunds_taken_on[plan.order_id]:
            return 0
        reported, _ = read_reports(await self._shop.refunds(plan.order_id))
        return 1 if reported is None else sum(not one.is_over for one in reported)

    async def shop_says(
        self, order_id: str, *, refresh: bool = False
    ) -> OrderReport | None:
        state = await self._shop.look(order_id, refresh=refresh)
        if state is None:
            return None
        late = (
            LateMoneyReport(one["payment_request_id"], one["status"], one["outcome"])
            for one in state["late_money"]
        )
        return OrderReport(state["status"], state["outcome"], tuple(late))

    async def _workflows(
        self, order_id: str, request_ids: list[str]
    ) -> OrderReport | None:
        found: list[LateMoneyReport] = []
        for request_id in sorted(request_ids, key=attempt_of):
            late = await self._view(late_payment_id(request_id), LatePaymentView)
            if isinstance(late, LatePaymentView):
                found.append(LateMoneyReport(request_id, late.status, late.outcome))
            elif late:
                found.append(LateMoneyReport(request_id, late, None))
        view = await self._view(workflow_id(order_id), PaymentView)
        if isinstance(view, PaymentView):
            return OrderReport(view.status, view.outcome, tuple(found), view.review)
        return OrderReport(view, None, tuple(found)) if view else None

    async def _view(self, name: str, kind: type[ViewT]) -> ViewT | str | None:
        """Return a workflow's view.

        None if there is no such workflow, FAILED if it has no result, and the error of
        its task if it cannot answer: that is a fault to count and show.
        """
        run = await newest_run(self._client, name, within=PATIENCE)
        if run is None:
            return None
        try:
            look = await look_up(self._client, name, kind, within=PATIENCE, run=run)
        except (RPCError, WorkflowQueryFailedError, KeepsChangingError) as error:
            return f"SILENT: {await self._why_its_task_fails(name) or error}"
        return look.view or "FAILED"

    async def _why_its_task_fails(self, name: str) -> str | None:
        """Return the error of the newest failed workflow task in the history."""
        why = None
        async for event in self._client.get_workflow_handle(
            name
        ).fetch_history_events():
            if event.HasField("workflow_task_failed_event_attributes"):
                failed = event.workflow_task_failed_event_attributes
                why = f"{failed.failure.message} (event {event.event_id})"
        return why


def _is_ours(entry: JsonObject) -> bool:
    """Whether a refund was made through the API, and not in the portal."""
    with suppress(ValueError):
        return bool(refunds_id_of(entry["request_id"]))
    return False


def _money(entries: list[JsonObject], for_a_person: tuple[str, ...]) -> Money:
    """Add up the movements, independently of the simulator's own sums."""
    held: Counter[str] = Counter()
    of_attempt: Counter[str] = Counter()
    for entry in entries:
        value = entry["value"] if entry["kind"] == "CHARGE" else -entry["value"]
        held[entry["currency"]] += value
        of_attempt[entry["payment_request_id"]] += value
    charges = sum(value > 0 for value in of_attempt.values())
    is_overdrawn = any(value < 0 for value in of_attempt.values())
    return Money(dict(held), charges, for_a_person, is_overdrawn)


def _for_a_person(plan: Plan, payments: list[JsonObject]) -> Iterable[str]:
    """Yield the faults of this order that only a person may settle."""
    for payment in payments:
        name = payment["payment_request_id"]
        if payment["other_value"] is not None:
            yield f"{name} took {payment['other_value']} instead of {plan.value}"
        if (
            payment["status"] == "SUCCESS"
            and payment["paid_at"] > payment["expires_at"]
        ):
            yield f"{name} was paid after Alipay had closed it"
