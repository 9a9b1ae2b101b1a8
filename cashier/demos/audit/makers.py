"""Makes payments of all kinds, as they happen in production, for the auditor."""

import asyncio
from typing import Any

import httpx
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from cashier.demos.audit.shop import Callbacks
from cashier.payments.send_update import act
from cashier.system.processes import System
from contracts import (
    CallbackSettlement,
    CallbackView,
    PaymentOutcome,
    PaymentStatus,
    PaymentView,
    Resolution,
    callbacks_id,
    late_payment_id,
    workflow_id,
)
from temporal_client import data_converter

# The simulator's minutes are seconds; ours stay minutes.
CLOCK_FACTOR = 60
# Above it two persons must resolve a payment, in centavos.
SECOND_PERSON_ABOVE = 100_000
SMALL, LARGE = 25_000, 131_400
# The pause between two polls, in seconds.
PAUSE_SECONDS = 0.1
# Answers of the API: Temporal does not answer; Alipay refused the refund.
SAY_IT_AGAIN, REFUSED = 503, 402


class Maker:
    """The shop, its customers and its operators."""

    def __init__(
        self, system: System, http: httpx.AsyncClient, callbacks: Callbacks
    ) -> None:
        self._system = system
        self._http = http
        self._callbacks = callbacks
        key = system.home.api_key.read_text()
        self._clients: dict[str, Client] = {}
        self._key = {"Authorization": f"Bearer {key}"}

    async def paid(self, order: str) -> None:
        await self._pays(await self._opens(order))

    async def notified_twice(self, order: str) -> None:
        await self._pays(await self._opens(order), "notification_doubled")

    async def notification_lost(self, order: str) -> None:
        """The shop's result page makes the payment ask Alipay."""
        await self._pays(await self._opens(order), "notification_lost")
        await self._looks(order, refresh=True)

    async def asked_twice(self, order: str) -> None:
        """Alipay's first answer to `pay` is cut off."""
        await self.plans(order, "cut")
        await self._pays(await self._opens(order))

    async def declined(self, order: str) -> None:
        await self._does(await self._opens(order), "decline")

    async def cancelled(self, order: str) -> None:
        await self._opens(order)
        await self._cancels(order)

    async def expired(self, order: str) -> None:
        """Nobody pays, and Alipay's notification of that is lost: our timer asks."""
        await self.plans(order, "notification_lost")
        await self._opens(order, minutes=1)

    async def another_wallet(self, order: str) -> None:
        await self._opens(order)
        await self._pays(await self._opens(order, wallet="MAYA"))

    async def settled_by_one(self, order: str) -> None:
        await self._pays(await self._opens(order, value=SMALL), "other_amount")
        await self._settles(order, "anna")

    async def settled_by_two(self, order: str) -> None:
        await self._pays(await self._opens(order), "other_amount")
        await self._settles(order, "anna")
        await self._settles(order, "ben")

    async def late_returned(self, order: str) -> None:
        """Paid after its end: cancelled, which costs nothing."""
        await self._pays_late(order, await self._opens(order, minutes=1))

    async def late_refunded(self, order: str) -> None:
        """The same with a wallet that allows refunds only."""
        page = await self._opens(order, wallet="DANA", currency="IDR", minutes=1)
        await self._pays_late(order, page)

    async def late_untrue(self, order: str) -> None:
        """Paid after the shop has cancelled it: Alipay returns the money by itself."""
        page = await self._opens(order)
        await self._cancels(order)
        await self._pays(page, "pay_after_cancel")
        await self.until(late_payment_id(f"{order}_1"))

    async def paid_twice(self, order: str) -> None:
        """Paid with the second attempt, and then with the first one, too."""
        page = await self._opens(order, minutes=1)
        await self.until(workflow_id(order))
        await self._pays(await self._opens(order))
        await self.until(workflow_id(order))
        await self._pays(page, "pay_after_expiry")
        await self.until(late_payment_id(f"{order}_1"))

    async def told_late(self, order: str) -> None:
        """The shop accepts the callback only after some tries."""
        self._callbacks.refuse(order, times=2)
        await self.paid(order)
        await self.until(callbacks_id(order))

    async def told_in_order(self, order: str) -> None:
        """It is cancelled and paid again while the shop accepts no callbacks."""
        self._callbacks.refuse(order)
        await self._opens(order)
        await self._cancels(order)
        await self.paid(order)
        await self.until(workflow_id(order))
        self._callbacks.refuse(order, times=0)
        told, client = callbacks_id(order), await self.client("anna")
        await act(client, told, "resend", answers=CallbackView)
        await self.until(told)

    async def told_by_phone(self, order: str) -> None:
        """The shop accepts no callback, and an operator notifies it in another way."""
        self._callbacks.refuse(order)
        await self.paid(order)
        told = callbacks_id(order)
        await self._exists(told)
        said = CallbackSettlement(reason="notified by phone", by="anna")
        client = await self.client("anna")
        await act(client, told, "settle", said, answers=CallbackView)
        await self.until(told)

    async def until_over(self, order: str) -> None:
        """Wait until an order's payment has ended."""
        await self.until(workflow_id(order))

    # ---- actions ----

    async def _opens(
        self,
        order: str,
        *,
        wallet: str = "GCASH",
        currency: str = "PHP",
        value: int = LARGE,
        minutes: int | None = None,
    ) -> str:
        body = {
            "order_id": order,
            "amount": {"currency": currency, "value": value},
            "wallet": wallet,
            "description": "Cups of coffee",
            "redirect_url": f"https://shop.example/return/{order}",
            "terminal": {"type": "WEB"},
            "expires_in_minutes": minutes,
        }
        opened = await self._call("POST", "/payments", json=body)
        return str(opened["cashier"]["url"])

    async def _looks(self, order: str, *, refresh: bool = False) -> Any:  # noqa: ANN401
        query = "?refresh=1" if refresh else ""
        return await self._call("GET", f"/payments/{order}{query}")

    async def _cancels(self, order: str) -> None:
        await self._call("POST", f"/payments/{order}/cancel")
        await self.until(workflow_id(order))

    async def _pays(self, page: str, fault: str | None = None) -> None:
        await self._does(page, "pay", fault)

    async def _pays_late(self, order: str, page: str) -> None:
        await self.until(workflow_id(order))
        await self._pays(page, "pay_after_expiry")
        await self.until(late_payment_id(f"{order}_1"))

    async def _does(self, page: str, deed: str, fault: str | None = None) -> None:
        params = {"fault": fault} if fault else {}
        done = await self._http.post(f"{page}/{deed}", params=params)
        if not done.is_redirect:  # back to the shop
            done.raise_for_status()

    async def plans(self, order: str, fault: str, *, times: int | None = None) -> None:
        """Let the simulator fail for an order, so many times."""
        body = {"order_id": order, "fault": fault, "times": times}
        await self.controls("faults", json=body)

    async def controls(self, path: str, **more: Any) -> None:  # noqa: ANN401
        """Do something in Alipay's portal, or as Alipay itself."""
        url = f"{self._system.ports.simulator_url}/control/{path}"
        (await self._http.post(url, **more)).raise_for_status()

    async def is_paid(self, order: str, *, value: int) -> None:
        """Pay an order, and wait until its payment has ended."""
        await self._pays(await self._opens(order, value=value))
        await self.until(workflow_id(order))

    async def asks_back(self, order: str, refund: dict[str, Any]) -> None:
        """Ask the API for a refund; it may stay open."""
        url = f"{self._system.ports.api_url}/payments/{order}/refunds"
        while True:
            answer = await self._http.post(url, headers=self._key, json=refund)
            if answer.status_code != SAY_IT_AGAIN:
                break
            await asyncio.sleep(PAUSE_SECONDS)
        if answer.status_code != REFUSED:
            answer.raise_for_status()

    async def status_of_refund(self, order: str, refund_id: str) -> str:
        """Return the status of a refund, from the API."""
        told = await self._call("GET", f"/payments/{order}/refunds/{refund_id}")
        return str(told["status"])

    async def _settles(self, order: str, person: str) -> None:
        while True:
            if (await self._looks(order))["status"] == PaymentStatus.REVIEW:
                break
            await asyncio.sleep(PAUSE_SECONDS)
        said = Resolution(
            outcome=PaymentOutcome.CANCELLED, reason="returned by hand", by=person
        )
        client = await self.client(person)
        await act(client, workflow_id(order), "resolve", said, answers=PaymentView)

    async def until(self, named: str) -> None:
        """Wait until the newest run of a workflow, started or not yet, has ended."""
        handle = (await self.client("shop")).get_workflow_handle(named)
        await self._exists(named)
        await handle.result()

    async def _exists(self, named: str) -> None:
        """Wait until a workflow is started by a notification or another workflow."""
        handle = (await self.client("shop")).get_workflow_handle(named)
        while True:
            try:
                await handle.describe()
                return
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
            await asyncio.sleep(PAUSE_SECONDS)

    async def client(self, identity: str) -> Client:
        """Return a client with the identity of a person, for the histories."""
        if identity not in self._clients:
            self._clients[identity] = await Client.connect(
                f"127.0.0.1:{self._system.ports.temporal}",
                data_converter=data_converter(self._system.home.keyring),
                identity=identity,
            )
        return self._clients[identity]

    async def _call(self, method: str, path: str, **more: Any) -> Any:  # noqa: ANN401
        """Call the API; repeat the call while it answers `not yet`."""
        url = f"{self._system.ports.api_url}{path}"
        while True:
            answer = await self._http.request(
                method, url, headers=self._key, timeout=60, **more
            )
            if answer.status_code not in (202, 503):
                answer.raise_for_status()
                return answer.json()
            await asyncio.sleep(PAUSE_SECONDS)
