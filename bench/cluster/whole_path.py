"""A whole payment by shop, customer and Alipay, over HTTP."""

from http import HTTPStatus

import httpx

from bench.cluster.processes import ClusterBench
from bench.systems.orders import an_order
from bench.systems.subjects import ASKED_BY_SHOPS, PATIENCE, Ours
from contracts import PaymentOutcome

# Being opened, and busy: a shop retries.
AGAIN = (HTTPStatus.ACCEPTED, HTTPStatus.SERVICE_UNAVAILABLE)


class WholePath:
    """The shop opens a payment, the customer pays, Alipay notifies the API."""

    def __init__(self, bench: ClusterBench) -> None:
        self._http = bench.http
        self._ours = Ours(bench)
        self._url = f"{bench.ports.api_url}/payments"
        key = bench.home.api_key.read_text()
        self._headers = {"Authorization": f"Bearer {key}"}
        self._pages: dict[str, str] = {}

    async def open(self, order_id: str) -> None:
        """Start the payment of an order, and wait for the wallet's page."""
        body = an_order(order_id).model_dump(include=ASKED_BY_SHOPS)
        answer = await self._post(body)
        while answer.status_code in AGAIN:
            answer = await self._post(body)
        answer.raise_for_status()
        self._pages[order_id] = answer.json()["cashier"]["url"]

    async def finish(self, order_id: str) -> None:
        """Pay, and wait until a notification makes the payment PAID."""
        paid = await self._http.post(f"{self._pages.pop(order_id)}/pay")
        if not paid.is_redirect:
            raise RuntimeError(f"the wallet has refused: {paid.status_code}")
        result = await self._ours.handle(order_id).result(rpc_timeout=PATIENCE)
        if result.outcome is not PaymentOutcome.PAID:
            raise RuntimeError(f"a payment of the benchmark is {result.status}")

    async def _post(self, body: object) -> httpx.Response:
        return await self._http.post(self._url, headers=self._headers, json=body)
