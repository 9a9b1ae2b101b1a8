"""A whole system with the examples beside it, and what a shop and a customer do."""

import base64
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from cashier.system.home import Home
from cashier.system.ports import Ports, free_port
from cashier.system.processes import System, running_system
from contracts import workflow_id
from tests.examples.receiving import Receiver, a_receiver
from tests.examples.running import COMMANDS, REFUNDS, Ran, run


@dataclass
class Storefront:
    """A system as `make up` runs it, and the examples beside it."""

    system: System
    http: httpx.AsyncClient
    settings: dict[str, str]
    receiver: Receiver

    async def run(self, way: str, *arguments: str) -> Ran:
        return await run(*COMMANDS[way], *arguments, environment=self.settings)

    async def refund(self, way: str, *arguments: str) -> Ran:
        """Give money back, or look at a refund, with an example."""
        return await run(*REFUNDS[way], *arguments, environment=self.settings)

    async def paid(self, order_id: str) -> None:
        """Have an order paid, without an example."""
        opened = await self.opened(order_id)
        await self.pay(opened["cashier"]["url"])
        assert await self.until_ended(order_id) == "PAID"

    async def start(self, way: str, order_id: str, wallet: str = "GCASH") -> Any:
        """Start a payment; return what the example prints."""
        ran = await self.run(way, "start", order_id, wallet)
        assert ran.code == 0, ran.out + ran.err
        return ran.json

    async def opened(self, order_id: str, **changes: object) -> Any:
        """Have the API open a payment, without an example."""
        body = {
            "order_id": order_id,
            "amount": {"currency": "PHP", "value": 131400},
            "wallet": "GCASH",
            "description": "Two cups of coffee",
            "redirect_url": f"https://shop.example/return/{order_id}",
            "terminal": {"type": "WEB"},
            **changes,
        }
        return (await self._api("POST", "/payments", json=body)).json()

    async def cancelled(self, order_id: str) -> None:
        """Cancel a payment, and wait until it is over: until the shop was told."""
        await self._api("POST", f"/payments/{order_id}/cancel")
        assert await self.until_ended(order_id) == "CANCELLED"

    async def look(self, order_id: str) -> Any:
        return (await self._api("GET", f"/payments/{order_id}")).json()

    async def _api(self, method: str, path: str, **content: Any) -> httpx.Response:
        url, key = self.settings["API_URL"], self.settings["API_KEY"]
        headers = {"Authorization": f"Bearer {key}"}
        return await self.http.request(method, url + path, headers=headers, **content)

    async def pay(self, page: str, **query: str) -> None:
        """The customer presses Pay, and all notifications due are sent."""
        pressed = await self.http.post(f"{page}/pay", params=query)
        assert pressed.status_code == httpx.codes.SEE_OTHER
        await self.http.post(f"{self.system.ports.simulator_url}/control/settle")

    async def payments(self, order_id: str) -> list[Any]:
        """What Alipay has created for an order."""
        url = f"{self.system.ports.simulator_url}/control/payments"
        payments = (await self.http.get(url)).json()
        return [one for one in payments if one["order_id"] == order_id]

    async def until_ended(self, order_id: str) -> str:
        client = await self.system.client()
        handle = client.get_workflow_handle(workflow_id(order_id))
        result = await handle.result(rpc_timeout=timedelta(seconds=60))
        outcome: str = result["outcome"]
        return outcome


@asynccontextmanager
async def a_storefront(folder: Path) -> AsyncIterator[Storefront]:
    home, ports = Home(folder), Ports.free()
    secret = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    secrets_file = home.folder / "callback-secrets"
    secrets_file.write_text(secret)
    callback_port = free_port()
    # Other rules than those that hold by themselves, so that a missing one shows.
    rules = {
        "CASHIER_CALLBACK_URL": f"http://127.0.0.1:{callback_port}/hooks/cashier",
        "CASHIER_CALLBACK_SECRETS_FILE": str(secrets_file),
        "CASHIER_CALLBACK_PRIVATE_ADDRESSES": "true",
        "CASHIER_LATE_MONEY": "HONOUR",
        "CASHIER_SECOND_PERSON_ABOVE": '{"PHP": 100000}',
    }
    async with (
        a_receiver("python", folder, port=callback_port, secret=secret) as receiver,
        running_system(home, ports, keep=False, settings=rules) as system,
        httpx.AsyncClient(timeout=30) as http,
    ):
        api = {"API_URL": ports.api_url, "API_KEY": home.api_key.read_text()}
        settings = {**home.environment(ports), **rules, **api}
        yield Storefront(system, http, settings, receiver)


def an_order_id() -> str:
    return f"shop-{uuid4().hex[:10]}"


def page_of(found: Any) -> str:
    """Return the page of an answer: the API's, or a client's view."""
    newest = found["attempts"][-1] if "attempts" in found else found
    url: str = newest["cashier"]["url"]
    return url


def attempt_of(found: Any) -> str:
    newest = found["attempts"][-1] if "attempts" in found else found
    request_id: str = newest["payment_request_id"]
    return request_id
