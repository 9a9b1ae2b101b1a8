"""(k) The history of a refund, and the actions that Temporal Cloud would bill."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from statistics import mean
from typing import Any, Final

import httpx
from temporalio.api.history.v1 import History

from bench.measures.cost import Cost
from bench.systems.orders import PRICE, an_order, new_order_id
from bench.systems.processes import Bench
from bench.systems.subjects import ASKED_BY_SHOPS
from contracts import refunds_id

HALF: Final = PRICE.value // 2
PATIENCE_SECONDS: Final = 60


FIRST: Final = "in full"
PART: Final = "a first part, with the timer of the owner's end"
FURTHER: Final = "a further part"


async def measure_refund_cost(
    bench: Bench, refunds: int, show_step: Callable[[str], None]
) -> list[Cost]:
    """Refund orders that were paid at the simulator, through the API, and count.

    The events and bytes of a further refund are those that it adds.
    """
    shop = _Shop(bench.http, bench.ports.api_url, bench.home.api_key.read_text())
    found = []
    for name, value in ((FIRST, None), (PART, HALF)):
        show_step(f"Paying for {name}")
        order_ids = [new_order_id() for _ in range(refunds)]
        for order_id in order_ids:
            await shop.has_paid(order_id)
        show_step(f"Refunding {name}")
        found.append(await _count(bench, shop, name, order_ids, value, "1"))
    before = await _sizes(bench, order_ids)
    rest = await _count(bench, shop, FURTHER, order_ids, HALF // 2, "2")
    added = replace(rest, events=rest.events - before[0], bytes=rest.bytes - before[1])
    return [*found, added]


async def _count(
    bench: Bench,
    shop: "_Shop",
    name: str,
    order_ids: list[str],
    value: int | None,
    refund_id: str,
) -> Cost:
    before = await bench.billed_actions()
    for order_id in order_ids:
        await shop.refund(order_id, refund_id, value)
    actions = await bench.billed_actions() - before
    events, size = await _sizes(bench, order_ids)
    return Cost(name, len(order_ids), events, size, actions / len(order_ids))


async def _sizes(bench: Bench, order_ids: list[str]) -> tuple[float, float]:
    """Return events and bytes of the owners of refunds, as means."""
    histories = []
    for order_id in order_ids:
        handle = bench.client.get_workflow_handle(refunds_id(order_id))
        histories.append(History(events=(await handle.fetch_history()).events))
    return (
        mean(len(history.events) for history in histories),
        mean(history.ByteSize() for history in histories),
    )


class _Shop:
    """Calls the API; its customers pay at the simulator's page."""

    def __init__(self, http: httpx.AsyncClient, url: str, api_key: str) -> None:
        self._http = http
        self._url = f"{url}/payments"
        self._headers = {"Authorization": f"Bearer {api_key}"}

    async def has_paid(self, order_id: str) -> None:
        """Pay an order, and wait until it is PAID."""
        body = an_order(order_id).model_dump(include=ASKED_BY_SHOPS)
        opened = await self._call("POST", "", json=body)
        page = await self._http.post(f"{opened['cashier']['url']}/pay")
        if page.is_error:
            page.raise_for_status()
        async with asyncio.timeout(PATIENCE_SECONDS):
            # The API is another process, which can only be polled.
            while (  # noqa: ASYNC110
                await self._call("GET", f"/{order_id}")
            )["outcome"] != "PAID":
                await asyncio.sleep(0.1)

    async def refund(self, order_id: str, refund_id: str, value: int | None) -> None:
        amount = None if value is None else {"currency": PRICE.currency, "value": value}
        body = {"refund_id": refund_id, "amount": amount}
        done = await self._call("POST", f"/{order_id}/refunds", json=body)
        if done["status"] != "SUCCEEDED":
            raise RuntimeError(f"a refund of the benchmark is {done['status']}")

    async def _call(
        self, method: str, path: str, json: object = None
    ) -> dict[str, Any]:
        answer = await self._http.request(
            method, f"{self._url}{path}", headers=self._headers, json=json
        )
        answer.raise_for_status()
        document: dict[str, Any] = answer.json()
        return document
