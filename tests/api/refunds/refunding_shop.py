"""A storefront that gives money back, beside an Alipay with a ledger for each order."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from temporalio import activity

from alipay.messages import Message
from alipay.signing import sign
from contracts import (
    AlipayTrust,
    Money,
    OrderRefundAnswer,
    OrderRefundCall,
    ProvenEvent,
    RefundAnswer,
    RefundInquiryCall,
    ShopAnswer,
    refunds_id,
    refunds_id_of,
)
from tests.api.running import CLIENT_ID, Shop, alipays_time, paid_notification
from tests.builders import PAYMENT_ID, a_page, an_order, as_a_shop_sends_it
from tests.fakes import FakeAlipay
from tests.signing import trust
from tests.workflows.refunds.refunding import RefundingAlipay

PRICE = Money(currency="PHP", value=10000)


def php(value: int) -> dict[str, Any]:
    return {"currency": "PHP", "value": value}


class Ledgers:
    """What Alipay knows of each order's payment."""

    def __init__(self, paid: Money = PRICE) -> None:
        self._paid = paid
        self._of: dict[str, RefundingAlipay] = {}
        # Between the effect of a refund and its answer.
        self.before_answers: dict[str, Callable[[], Awaitable[object]]] = {}

    def of(self, order_id: str) -> RefundingAlipay:
        """Return the ledger of an order's payment, a new one at the first time."""
        new = RefundingAlipay(paid=self._paid)
        return self._of.setdefault(refunds_id(order_id), new)

    @property
    def activities(self) -> list[Callable[..., object]]:
        return [
            self.refund_order,
            self.inquire_refund,
            self.tell_shop,
            self.whom_to_trust,
        ]

    @activity.defn
    async def refund_order(self, call: OrderRefundCall) -> OrderRefundAnswer:
        answer = await self.of(call.order_id).refund_order(call)
        if call.order_id in self.before_answers:
            await self.before_answers[call.order_id]()
        return answer

    @activity.defn
    async def inquire_refund(self, call: RefundInquiryCall) -> RefundAnswer:
        owner = refunds_id_of(call.refund_request_id)
        return await self._of[owner].inquire_refund(call)

    @activity.defn
    async def tell_shop(self, told: ProvenEvent) -> ShopAnswer:
        return await self.of(told.event.order_id).tell_shop(told)

    @activity.defn
    async def whom_to_trust(self) -> AlipayTrust:
        return trust()


class RefundingShop:
    """Calls our API with a key that may refund; Alipay notifies it."""

    def __init__(self, shop: Shop, ledgers: Ledgers) -> None:
        self.shop = shop
        self.ledgers = ledgers

    async def paid(
        self,
        *,
        price: Money = PRICE,
        paid_at: str = "",
        payment_id: str = PAYMENT_ID,
        **changes: Any,
    ) -> str:
        """Have a new order paid; return its id.

        Args:
            price: What it costs.
            paid_at: When it was paid, as Alipay writes it; now, unless said.
            payment_id: Alipay's id of the payment.
            changes: What else is unusual about the order.
        """
        order = an_order(amount=price, **changes)
        body = as_a_shop_sends_it(order)
        order_id = order.order_id
        self.shop.alipays.set(order_id, FakeAlipay(pay=[a_page(payment_id=payment_id)]))
        opened = await self.shop.http.post("/payments", json=body)
        assert opened.status_code == 201, opened.text
        told = paid_notification(
            order_id,
            paymentAmount={"currency": price.currency, "value": str(price.value)},
            paymentTime=paid_at or alipays_time(),
            paymentId=payment_id,
        )
        assert (await self.shop.notified(told)).status_code == 200
        await self.shop.client.get_workflow_handle(f"payment:{order_id}").result()
        return order_id

    async def refunds(
        self, order_id: str, refund_id: str, value: int | None = None, **more: Any
    ) -> httpx.Response:
        body: dict[str, Any] = {"refund_id": refund_id, **more}
        if value is not None:
            body["amount"] = php(value)
        return await self.shop.http.post(f"/payments/{order_id}/refunds", json=body)

    async def look(self, order_id: str, refund_id: str = "") -> dict[str, Any]:
        path = f"/payments/{order_id}/refunds"
        answer = await self.shop.http.get(f"{path}/{refund_id}" if refund_id else path)
        assert answer.status_code == 200, answer.text
        state: dict[str, Any] = answer.json()
        return state

    async def becomes(
        self, order_id: str, refund_id: str, status: str
    ) -> dict[str, Any]:
        """Return a refund once it has this status."""
        async with asyncio.timeout(20):
            while (state := await self.look(order_id, refund_id))["status"] != status:
                pass
        return state

    async def notified(
        self, path: str, body: bytes, *, signed_path: str | None = None
    ) -> httpx.Response:
        """Notify as Alipay does, at a path of ours."""
        now = alipays_time()
        message = Message("POST", signed_path or f"/pay{path}", CLIENT_ID, now, body)
        headers = {
            "Signature": sign(message, self.shop.alipay_key),
            "Request-Time": now,
            "Client-Id": CLIENT_ID,
            "Content-Type": "application/json; charset=UTF-8",
        }
        return await self.shop.http.post(path, content=body, headers=headers)
