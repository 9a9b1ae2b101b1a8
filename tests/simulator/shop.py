"""A merchant at the seam of the transports: signs, verifies, keeps what it hears."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from alipay.errors import SignatureVerificationError
from alipay.keys.rsa import AlipayKeys
from alipay.messages import Message
from alipay.signing import sign, verify
from simulator.app import create_app
from simulator.config import SimulatorConfig
from simulator.simulation import Simulation
from tests.samples.reading import sample

CLIENT_ID = "SANDBOX_5J0000000000000000"
BASE_URL = "http://wallet.example"
NOTIFY_URL = "https://shop.example/alipay/notifications/payment"
# What the dashboard has for refunds; a request may name another.
REFUND_NOTIFY_URL = "https://shop.example/alipay/notifications/refund"
REDIRECT_URL = "https://shop.example/orders/ORDER-1001"
# Ten minutes before the expiry in the DANA sample, and noon of no zone that matters.
START = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)
ACK = {"result": json.loads(sample("23-notify-ack"))["result"]}

Body = dict[str, Any]


@dataclass
class MovableClock:
    """Stands still until a test moves it."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@dataclass(frozen=True)
class Heard:
    """One notification as it arrived; `proven` when its signature verifies."""

    body: Body
    time: str
    proven: bool
    url: str

    @property
    def summary(self) -> str:
        proof = "" if self.proven else "forged "
        if "disputeNotificationType" in self.body:
            return f"{proof}{self.body['disputeNotificationType']}"
        return f"{proof}{self.body['notifyType']} {self.body['result']['resultStatus']}"


@dataclass
class Shop:
    """One merchant and the simulator it talks to."""

    config: SimulatorConfig
    merchant_key: RSAPrivateKey
    clock: MovableClock
    heard: list[Heard] = field(default_factory=list)
    answer: httpx.Response = field(
        default_factory=lambda: httpx.Response(200, json=ACK)
    )
    simulation: Simulation = field(init=False)
    http: httpx.AsyncClient = field(init=False)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Shop"]:
        transport = httpx.MockTransport(self._hear)
        app = create_app(self.config, clock=self.clock, transport=transport)
        self.simulation = app.state.simulation
        wire = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=wire, base_url=BASE_URL) as self.http,
        ):
            yield self

    async def send(self, api: str, body: Body | bytes, **how: str) -> httpx.Response:
        """Call an API, signed; `how` bends client_id, path, signature or time."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        client_id = how.get("client_id", CLIENT_ID)
        path = how.get("path", f"/ams/sandbox/api/v1/payments/{api}")
        time = how.get("time", "1788256800000")
        message = Message("POST", path, client_id, time, content)
        headers = {
            "client-id": client_id,
            "request-time": time,
            "signature": how.get("signature", sign(message, self.merchant_key)),
        }
        return await self.http.post(path, content=content, headers=headers)

    async def call(self, api: str, body: Body, **how: str) -> Body:
        """Call an API and return its answer once the signature has verified."""
        response = await self.send(api, body, **how)
        assert response.status_code == 200
        verify(
            Message(
                "POST",
                response.request.url.path,
                response.headers["client-id"],
                response.headers["response-time"],
                response.content,
            ),
            response.headers["signature"],
            self._alipay_keys,
        )
        answer: Body = response.json()
        return answer

    async def code(self, api: str, body: Body) -> str:
        """Call an API and return status and code: `F PARAM_ILLEGAL`."""
        result = (await self.call(api, body))["result"]
        return f"{result['resultStatus']} {result['resultCode']}"

    async def pay(self, **changes: Any) -> Body:
        return await self.call("pay", a_pay(**changes))

    async def inquire(self, payment_request_id: str = "order-1_1") -> Body:
        return await self.call(
            "inquiryPayment", {"paymentRequestId": payment_request_id}
        )

    async def status(self, payment_request_id: str = "order-1_1") -> str:
        return str((await self.inquire(payment_request_id))["paymentStatus"])

    async def cancel(self, payment_request_id: str = "order-1_1") -> str:
        return await self.code("cancel", {"paymentRequestId": payment_request_id})

    async def refund(
        self, value: int, request_id: str = "refund-1", **changes: Any
    ) -> Body:
        """Refund the first payment; a change of None leaves a field out."""
        return await self.call("refund", self.a_refund(value, request_id, **changes))

    def a_refund(
        self, value: int, request_id: str = "refund-1", **changes: Any
    ) -> Body:
        payment = self.simulation.register.with_request_id("order-1_1")
        assert payment is not None
        body = {
            "refundRequestId": request_id,
            "paymentId": payment.payment_id,
            "refundAmount": amount(payment.currency, value),
        } | changes
        return {name: value for name, value in body.items() if value is not None}

    async def refund_code(
        self, value: int, request_id: str = "refund-1", **changes: Any
    ) -> str:
        """Refund and return status and code: `U REFUND_IN_PROCESS`."""
        return await self.code("refund", self.a_refund(value, request_id, **changes))

    async def refund_status(self, request_id: str = "refund-1") -> str:
        inquiry = {"refundRequestId": request_id}
        return str((await self.call("inquiryRefund", inquiry))["refundStatus"])

    async def by_hand(self, path: str) -> httpx.Response:
        """Do something by the control API, and let all that is due be sent."""
        response = await self.http.post(f"/control/{path}")
        await self.settle()
        return response

    async def customer(self, action: str, request_id: str = "order-1_1") -> None:
        """Let the customer `pay` or `decline`, and the notification arrive."""
        path = f"/control/payments/{request_id}/{action}"
        assert (await self.http.post(path)).is_success
        await self.settle()

    async def settle(self) -> None:
        assert (await self.http.post("/control/settle")).is_success

    async def wait(self, **duration: float) -> None:
        self.clock.advance(**duration)
        await self.settle()

    async def plan(self, fault: str, **order: Any) -> None:
        order = {"payment_request_id": "order-1_1", "fault": fault} | order
        assert (await self.http.post("/control/faults", json=order)).is_success

    async def injected(self, fault: str) -> int:
        return int((await self.http.get("/control/faults")).json()["injected"][fault])

    async def moved(self) -> list[str]:
        """Return the ledger's kinds and values: `CHARGE 131400`."""
        entries = (await self.http.get("/control/ledger")).json()["entries"]
        return [f"{entry['kind']} {entry['value']}" for entry in entries]

    @property
    def summaries(self) -> list[str]:
        return [one.summary for one in self.heard]

    @property
    def _alipay_keys(self) -> AlipayKeys:
        return AlipayKeys({"1": self.config.private_key.public_key()})

    def _hear(self, request: httpx.Request) -> httpx.Response:
        time = request.headers["request-time"]
        client_id = request.headers["client-id"]
        message = Message("POST", request.url.path, client_id, time, request.content)
        try:
            verify(message, request.headers["signature"], self._alipay_keys)
            proven = True
        except SignatureVerificationError:
            proven = False
        url = str(request.url)
        self.heard.append(Heard(json.loads(request.content), time, proven, url))
        return self.answer


def a_pay(**changes: Any) -> Body:
    """Build the published GCash request; a change of None leaves a field out."""
    body: Body = json.loads(sample("01-pay-request"))
    body |= {
        "paymentRequestId": "order-1_1",
        "paymentRedirectUrl": REDIRECT_URL,
        "paymentNotifyUrl": NOTIFY_URL,
    }
    return {
        name: value for name, value in (body | changes).items() if value is not None
    }


def amount(currency: str, value: int) -> Body:
    return {"currency": currency, "value": str(value)}


def with_wallet(code: str, currency: str, value: int = 1_500_000) -> Body:
    return {
        "paymentMethod": {"paymentMethodType": code},
        "paymentAmount": amount(currency, value),
    }
