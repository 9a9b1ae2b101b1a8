"""A shop, which calls and retries the HTTP API as its documentation says."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import httpx

from chaos.orders import Plan

JsonObject = dict[str, Any]

# A killed process is restarted within seconds.
RETRY_PAUSE_SECONDS = 1.0
# How long the shop retries a call, or polls a payment, before it continues: the payment
# continues too, and is settled at the end.
PATIENCE_SECONDS = 45
# The documented answers of each call, besides 503, which means: retry.
DOCUMENTED = {
    "open": {200, 201, 202, 402, 409},
    "look": {200},
    "cancel": {200, 202, 409},
    # 422: less than the wallet gives back.
    "refund": {200, 201, 202, 402, 409, 422},
    "refunds": {200, 404},
}


class Shop:
    """One storefront; counts the answers to its calls."""

    def __init__(self, http: httpx.AsyncClient, url: str, api_key: str) -> None:
        self._http = http
        self._url = f"{url}/payments"
        self._headers = {"Authorization": f"Bearer {api_key}"}
        self.answers: Counter[str] = Counter()
        # By order: the refunds that the API has accepted.
        self.refunds_taken_on: defaultdict[str, set[str]] = defaultdict(set)
        self.undocumented: Counter[str] = Counter()
        self.currencies: dict[str, str] = {}

    async def open(self, plan: Plan, wallet: str) -> JsonObject | None:
        """Start the payment of an order; None if the shop gave up."""
        self.currencies[plan.order_id] = plan.currency
        body = {
            "order_id": plan.order_id,
            "amount": {"currency": plan.currency, "value": plan.value},
            "wallet": wallet,
            "description": "Chaos",
            "redirect_url": f"https://shop.example/return/{plan.order_id}",
            "terminal": {"type": "WEB"},
            "expires_in_minutes": plan.expires_in_minutes,
        }
        return await self._call("open", "POST", "", json=body)

    async def look(self, order_id: str, *, refresh: bool = False) -> JsonObject | None:
        params = {"refresh": "1"} if refresh else {}
        return await self._call("look", "GET", f"/{order_id}", params=params)

    async def cancel(self, order_id: str) -> JsonObject | None:
        return await self._call("cancel", "POST", f"/{order_id}/cancel")

    async def refund(self, order_id: str, refund_id: str, value: int | None) -> None:
        """Refund an amount, or without a value the rest."""
        body: JsonObject = {"refund_id": refund_id}
        if value is not None:
            currency = self.currencies[order_id]
            body["amount"] = {"currency": currency, "value": value}
        answer = await self._call("refund", "POST", f"/{order_id}/refunds", json=body)
        # A refusal is a problem document, without a refund.
        if answer and "refund_id" in answer:
            self.refunds_taken_on[order_id].add(refund_id)

    async def refunds(self, order_id: str) -> JsonObject | None:
        answer = await self._call("refunds", "GET", f"/{order_id}/refunds")
        return answer if answer and "refunds" in answer else None

    async def until_page(self, order_id: str) -> JsonObject | None:
        """Poll a payment that is being opened until it has a page, or has ended."""
        return await self._until(
            order_id, lambda state: bool(state["attempts"][-1]["cashier"])
        )

    async def until_over(
        self, order_id: str, *, refresh: bool = False
    ) -> JsonObject | None:
        return await self._until(order_id, lambda _: False, refresh=refresh)

    async def _until(
        self,
        order_id: str,
        is_enough: Callable[[JsonObject], bool],
        *,
        refresh: bool = False,
    ) -> JsonObject | None:
        state = None
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    state = await self.look(order_id, refresh=refresh)
                    if state and (is_over(state) or is_enough(state)):
                        return state
                    await asyncio.sleep(2 * RETRY_PAUSE_SECONDS)
        except TimeoutError:
            return state

    async def _call(
        self,
        name: str,
        method: str,
        path: str,
        **content: Any,  # noqa: ANN401 - httpx's
    ) -> JsonObject | None:
        """Retry until there is an answer; a repeat is always safe."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    answer = await self._once(name, method, path, **content)
                    if answer is not None:
                        return answer
                    await asyncio.sleep(RETRY_PAUSE_SECONDS)
        except TimeoutError:
            self.answers[f"{name}: gave up"] += 1
            return None

    async def _once(
        self,
        name: str,
        method: str,
        path: str,
        **content: Any,  # noqa: ANN401 - httpx's
    ) -> JsonObject | None:
        try:
            response = await self._http.request(
                method, f"{self._url}{path}", headers=self._headers, **content
            )
        except httpx.TransportError as error:
            self.answers[f"{name}: {type(error).__name__}"] += 1
            return None
        self.answers[f"{name}: {response.status_code}"] += 1
        if response.status_code in DOCUMENTED[name]:
            document: JsonObject = response.json()
            return document
        if response.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
            said = f"{response.status_code} {response.text[:200]}"
            self.undocumented[f"{name}: {said}"] += 1
        return None


def is_over(state: JsonObject) -> bool:
    """Whether the payment has ended or waits for a person."""
    return state.get("outcome") is not None or state.get("status") == "REVIEW"
