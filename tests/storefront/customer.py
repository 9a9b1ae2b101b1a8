"""A customer of the shop, with a browser that has no script."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape

import httpx

from storefront.app import create_app
from storefront.ordering.database import PATIENCE_SECONDS
from storefront.ordering.orders import ShopOrder
from storefront.pages.events import Sleep
from storefront.settings import StorefrontSettings
from storefront.shop import Shop
from tests.storefront.played_api import PlayedApi, a_state


@dataclass
class Customer:
    """Browses and buys; `http` keeps the cookies."""

    http: httpx.AsyncClient
    shop: Shop
    stopping: asyncio.Event

    async def add(self, product: str = "flat-white") -> None:
        answer = await self.http.post("/cart", data={"product": product})
        assert answer.status_code == 303

    async def checkout_form(self) -> dict[str, str]:
        """Return the hidden fields of the checkout, as the customer sees it now."""
        page = (await self.http.get("/cart")).text
        form = page.partition('action="/checkout"')[2]
        return dict(
            re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)
        )

    async def buy(
        self, product: str = "flat-white", wallet: str = "GCASH"
    ) -> httpx.Response:
        await self.add(product)
        form = await self.checkout_form()
        return await self.http.post("/checkout", data={**form, "wallet": wallet})

    async def order(self) -> ShopOrder:
        """Return the customer's last order."""
        order = await self.shop.orders.find(self.http.cookies["order"])
        assert order
        return order

    async def looks(self) -> str:
        """Return what the page of the last order says, as text."""
        answer = await self.http.get(f"/orders/{self.http.cookies['order']}")
        assert answer.status_code == 200
        return text_of(answer.text)


@asynccontextmanager
async def a_customer(
    settings: StorefrontSettings,
    api: PlayedApi,
    *,
    sleep: Sleep | None = None,
    patience: float = PATIENCE_SECONDS,
) -> AsyncIterator[Customer]:
    """Open the shop for one customer."""
    app = create_app(settings, transport=api.transport, sleep=sleep, patience=patience)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url=settings.base_url,
            headers={"Origin": settings.base_url},
        ) as http,
    ):
        yield Customer(http, app.state.shop, app.state.stopping)


async def a_paid_order(customer: Customer, api: PlayedApi) -> str:
    """Have a coffee bought for PHP 180.00; return the order's number."""
    await customer.buy()
    order_id = (await customer.order()).order_id
    api.payments[order_id] = a_state(order_id, status="PAID")
    assert "Paid. Thank you!" in await customer.looks()
    return order_id


def text_of(html: str) -> str:
    body = html.partition("<main")[2] or html
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", f"<{body}")).split())
