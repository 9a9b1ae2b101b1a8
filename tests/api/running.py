"""Runs the API as it is served, with a scripted Alipay behind each order."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from temporalio import activity
from temporalio.client import Client

from activities.order_payments import OrderActivities
from alipay.keys.rsa import one_line_public_key
from alipay.messages import Message
from alipay.signing import sign
from api.app import create_app
from api.callers.keys import ApiKey, Scope, write_keys
from api.settings import ApiSettings
from contracts import (
    CancelAnswer,
    CancelCall,
    InquiryAnswer,
    InquiryCall,
    PayAnswer,
    PayCall,
    order_of,
)
from tests.builders import PAYMENT_ID, an_order, as_a_shop_sends_it
from tests.fakes import FakeAlipay
from tests.samples.reading import changed, sample

# Always the same, because it stands in the names of tests.
API_KEY = f"cashier_{'the-key-of-the-tests-storefront':-<43}"
CLIENT_ID = "5J0000000000000000"
# The path that Alipay calls, which is what it signs; the proxy in front cuts `/pay`.
SIGNED_PATH = "/pay/alipay/notifications/payment"
NOTIFICATIONS = "/alipay/notifications/payment"


def settings_in(folder: Path, alipay_key: RSAPrivateKey) -> ApiSettings:
    """Return settings whose secrets lie in this folder."""
    (folder / "alipay-keys").mkdir()
    (folder / "alipay-keys" / "1.pem").write_text(
        one_line_public_key(alipay_key.public_key())
    )
    write_keys(
        folder / "api-keys", [ApiKey.of(API_KEY, name="storefront", scopes=Scope)]
    )
    return ApiSettings(
        client_id=CLIENT_ID,
        alipay_keys_dir=folder / "alipay-keys",
        notify_url=f"https://shop.example{SIGNED_PATH}",
        api_keys_file=folder / "api-keys",
        clear_text=True,
    )


class Alipays:
    """One scripted Alipay for each order, so that tests can share a worker."""

    def __init__(self, client: Client) -> None:
        self._of_order: dict[str, FakeAlipay] = {}
        self._orders = OrderActivities(client)

    def set(self, order_id: str, alipay: FakeAlipay) -> None:
        self._of_order[order_id] = alipay

    @property
    def activities(self) -> list[Callable[..., object]]:
        return [
            self.pay,
            self.inquire_payment,
            self.cancel_payment,
            self._orders.find_payment,
        ]

    @activity.defn
    async def pay(self, call: PayCall) -> PayAnswer:
        return await self._of_order[order_of(call.payment_request_id)].pay(call)

    @activity.defn
    async def inquire_payment(self, call: InquiryCall) -> InquiryAnswer:
        alipay = self._of_order[order_of(call.payment_request_id)]
        return await alipay.inquire_payment(call)

    @activity.defn
    async def cancel_payment(self, call: CancelCall) -> CancelAnswer:
        alipay = self._of_order[order_of(call.payment_request_id)]
        return await alipay.cancel_payment(call)


class Shop:
    """A storefront that calls our API, and Alipay that notifies it."""

    def __init__(
        self,
        settings: ApiSettings,
        client: Client,
        alipay_key: RSAPrivateKey,
        *,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        """Call the API in this process, or one that `http` reaches elsewhere."""
        self.settings = settings
        self.client = client
        self.alipays = Alipays(client)
        self.alipay_key = alipay_key
        self.http = http or httpx.AsyncClient(
            transport=httpx.ASGITransport(create_app(settings, client)),
            base_url="http://api.test",
            headers={"Authorization": f"Bearer {API_KEY}"},
        )

    def sells(self, alipay: FakeAlipay) -> dict[str, Any]:
        """Return the body of a call for a new order, which this Alipay answers."""
        body = as_a_shop_sends_it(an_order())
        self.alipays.set(body["order_id"], alipay)
        return body

    async def opens(self, alipay: FakeAlipay) -> str:
        """Open a payment of a new order; return the order's id."""
        body = self.sells(alipay)
        response = await self.http.post("/payments", json=body)
        assert response.status_code == 201, response.text
        order_id: str = body["order_id"]
        return order_id

    async def opens_again(self, order_id: str) -> None:
        """Open the next attempt of an order that ended unpaid."""
        body = {**self.sells(FakeAlipay()), "order_id": order_id}
        response = await self.http.post("/payments", json=body)
        assert response.status_code == 201, response.text

    async def look(self, order_id: str, *, refresh: bool = False) -> dict[str, Any]:
        response = await self.http.get(
            f"/payments/{order_id}", params={"refresh": "1"} if refresh else {}
        )
        assert response.status_code == 200, response.text
        state: dict[str, Any] = response.json()
        return state

    async def notified(
        self,
        body: bytes,
        *,
        received: bytes | None = None,
        extra: tuple[tuple[str, str], ...] = (),
    ) -> httpx.Response:
        """Notify as Alipay does: signed, and perhaps received differently."""
        now = alipays_time()
        message = Message("POST", SIGNED_PATH, CLIENT_ID, now, body)
        headers = [
            ("Signature", sign(message, self.alipay_key)),
            ("Request-Time", now),
            ("Client-Id", CLIENT_ID),
            ("Content-Type", "application/json; charset=UTF-8"),
            *extra,
        ]
        return await self.http.post(
            NOTIFICATIONS,
            content=body if received is None else received,
            headers=headers,
        )


def alipays_time() -> str:
    """Return the time of a message of Alipay's that is sent now."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def paid_notification(order_id: str, *, attempt: int = 1, **changes: object) -> bytes:
    fields = {
        "paymentRequestId": f"{order_id}_{attempt}",
        "paymentId": PAYMENT_ID,
        "paymentAmount": {"currency": "PHP", "value": "131400"},
    }
    return changed(sample("20"), **{**fields, **changes})
