"""A whole system in this process, to record histories with signed messages of Alipay.

Simulator, API and activities are the real ones, so what they sign, send and keep is
what a merchant's histories hold; only the wires between them are in memory.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from temporalio.client import Client, WorkflowHandle

from activities.callbacks import CallbackActivities
from activities.shop.earlier_events import EarlierEvents
from activities.shop.paid_events import ProvenPaidEvents
from alipay.client import AlipayClient
from api.app import create_app
from api.callers.keys import ApiKey, Scope, write_keys
from api.settings import ApiSettings
from cashier.system.home import write_public_key
from contracts import (
    PaymentOutcome,
    RefundConfirmation,
    RefundResolution,
    RefundReturn,
    RefundStatus,
    Resolution,
    notice_id,
    refund_request_id,
    refunds_id,
    workflow_id,
)
from simulator import app as simulator_app
from simulator.config import SimulatorConfig, wall_clock
from worker import build_worker

CLIENT_ID = "SANDBOX_5YRECORDED0000"
NOTIFY_URL = "https://shop.example/alipay/notifications/payment"
WALLET_URL = "http://wallet.example"
# The API key of this storefront, which no other process can call.
HALF = 65700
API_KEY = f"cashier_{'the-key-of-the-recorded-storefront':-<43}"


@dataclass(frozen=True)
class Signers:
    """The keys of both sides, and the folder of their public keys."""

    folder: Path
    merchant: RSAPrivateKey
    alipay: RSAPrivateKey

    @classmethod
    def new(cls, folder: Path) -> "Signers":
        """Make keys; only the public ones are kept, so nothing else can be signed."""
        made = cls(folder, _new_key(), _new_key())
        write_public_key(made.merchant, folder / "merchant" / "1.pem")
        write_public_key(made.alipay, folder / "alipay" / "1.pem")
        return made


def _new_key() -> RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Clock:
    """The simulator's time, which can be moved on."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return wall_clock() + self._ahead

    def move(self, duration: timedelta) -> None:
        self._ahead += duration


class Proven:
    """One order, with its shop, its customer and its operators."""

    def __init__(
        self,
        client: Client,
        clock: Clock,
        shop: httpx.AsyncClient,
        wallet: httpx.AsyncClient,
    ) -> None:
        self.client = client
        self._clock = clock
        self._shop = shop
        self._wallet = wallet
        self.order_id = ""
        self._page = ""

    @property
    def payment(self) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(workflow_id(self.order_id))

    async def opens(
        self, order_id: str, *, wallet: str = "GCASH", currency: str = "PHP"
    ) -> None:
        self.order_id = order_id
        answer = await self._shop.post(
            "/payments",
            json={
                "order_id": order_id,
                "amount": {"currency": currency, "value": 131400},
                "wallet": wallet,
                "description": "Two cups of coffee",
                "redirect_url": "https://shop.example/return",
                "terminal": {"type": "WEB"},
            },
        )
        assert answer.status_code == 201, answer.text
        self._page = answer.json()["cashier"]["url"]

    async def does(self, deed: str, *, fault: str | None = None) -> None:
        """The customer does it (`pay`, `decline`), and Alipay notifies."""
        if fault:
            await self.plans(fault)
        answer = await self._wallet.post(f"{self._page}/{deed}")
        assert answer.is_redirect, answer.text  # back to the shop
        await self.settles()

    @property
    def refunds(self) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(refunds_id(self.order_id))

    async def gives_back(self, refund_id: str, value: int | None) -> str:
        """Refund an amount, or the remaining one, as the shop; return the state."""
        amount = None if value is None else {"currency": "PHP", "value": value}
        answer = await self._shop.post(
            f"/payments/{self.order_id}/refunds",
            json={"refund_id": refund_id, "amount": amount, "note": "as agreed"},
        )
        assert answer.status_code in (200, 201, 202, 402), answer.text
        return str(answer.json().get("status", ""))

    async def confirms(self, refund_id: str) -> None:
        said = RefundConfirmation(refund_id=refund_id, by="ben", reason="checked")
        await self.refunds.execute_update("confirm", said)

    async def settles_refund(self, refund_id: str, outcome: str) -> None:
        said = RefundResolution(
            refund_id=refund_id, outcome=outcome, by="anna", reason="the customer waits"
        )
        await self.refunds.execute_update("resolve", said)

    async def bounces(self, refund_id: str) -> None:
        """Alipay pays a refund back to the merchant, and a person records it."""
        name = refund_request_id(self.order_id, refund_id, 1)
        done = await self._wallet.post(f"/control/refunds/{name}/return")
        done.raise_for_status()
        said = RefundReturn(refund_id=refund_id, by="anna", reason="settlement file")
        await self.refunds.execute_update("returned", said)

    async def tops_up(self) -> None:
        (await self._wallet.post("/control/top-up")).raise_for_status()

    async def finishes_refunds(self) -> None:
        """End the refunds in process, and notify."""
        await self.leaps(timedelta(minutes=10))

    async def until_refund(self, refund_id: str, status: RefundStatus) -> None:
        async with asyncio.timeout(60):
            while await self.gives_back(refund_id, HALF) != status:  # noqa: ASYNC110
                await asyncio.sleep(0.2)

    async def plans(self, fault: str, *, times: int | None = None) -> None:
        plan: dict[str, Any] = {"order_id": self.order_id, "fault": fault}
        if times:
            plan["times"] = times
        (await self._wallet.post("/control/faults", json=plan)).raise_for_status()

    async def disputed(self) -> WorkflowHandle[Any, Any]:
        """The customer disputes it; return the notice that Alipay sends of that."""
        payment = f"/control/payments/{self.order_id}_1"
        (await self._wallet.post(f"{payment}/dispute")).raise_for_status()
        await self.settles()
        sent = (await self._wallet.get(payment)).json()["notifications"]
        name = notice_id(sent[-1]["body"].encode())
        return self.client.get_workflow_handle(name)

    async def cancels(self) -> None:
        """The shop does not want it paid any more."""
        answer = await self._shop.post(f"/payments/{self.order_id}/cancel")
        assert answer.status_code == 200, answer.text

    async def leaps(self, duration: timedelta) -> None:
        """Let time pass at Alipay, with everything due by then."""
        self._clock.move(duration)
        await self.settles()

    async def asks_alipay(self, path: str) -> None:
        """Ask the simulator's control API for something, by its path."""
        (await self._wallet.post(path)).raise_for_status()

    async def settles(self) -> None:
        (await self._wallet.post("/control/settle")).raise_for_status()

    async def resolved_by(self, *persons: str) -> None:
        """Persons, one after the other, settle it alike: nothing is delivered."""
        for person in persons:
            said = Resolution(
                outcome=PaymentOutcome.CANCELLED,
                reason="returned in the portal",
                by=person,
            )
            await self.payment.execute_update("resolve", said)


@asynccontextmanager
async def proven_order(
    client: Client, folder: Path, signers: Signers
) -> AsyncIterator[Proven]:
    """Run everything for one order.

    Args:
        client: Of Temporal; its converter and its identity are kept in the history.
        folder: An empty one, for settings.
        signers: Who signs.
    """
    api_keys = folder / "api-keys"
    write_keys(api_keys, [ApiKey.of(API_KEY, name="shop", scopes=Scope)])
    settings = ApiSettings(
        client_id=CLIENT_ID,
        alipay_keys_dir=signers.folder / "alipay",
        notify_url=NOTIFY_URL,
        api_keys_file=api_keys,
        second_person_above={"PHP": 100_000},
        clear_text=True,  # the client's converter decides, this only lets it
    )
    clock, app = Clock(), create_app(settings, client)
    simulated = simulator_app.create_app(
        SimulatorConfig(
            private_key=signers.alipay,
            clients={CLIENT_ID: signers.merchant.public_key()},
            base_url=WALLET_URL,
            refund_notify_url=NOTIFY_URL,
        ),
        clock=clock,
        transport=httpx.ASGITransport(app),
    )
    wire = httpx.ASGITransport(simulated)
    async with (
        simulated.router.lifespan_context(simulated),
        httpx.AsyncClient(transport=wire) as to_alipay,
        httpx.AsyncClient(transport=wire, base_url=WALLET_URL) as wallet,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://api.test",
            headers={"Authorization": f"Bearer {API_KEY}"},
        ) as shop,
    ):
        alipay = AlipayClient(
            to_alipay,
            host="https://alipay.example",
            client_id=CLIENT_ID,
            private_key=signers.merchant,
            alipay_keys=settings.alipay_keys,
        )
        callbacks = CallbackActivities(
            to_alipay,
            url=None,
            secrets=list,
            earlier=EarlierEvents(client),
            paid=ProvenPaidEvents(alipay, client),
        )
        async with build_worker(
            client, alipay, callbacks, notify_url=NOTIFY_URL, sandbox=True
        ):
            yield Proven(client, clock, shop, wallet)
