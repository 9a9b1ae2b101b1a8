"""The shop's live page through a stock nginx, which holds answers back by itself."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
from httpx_sse import aconnect_sse

from storefront.app import create_app
from storefront.settings import StorefrontSettings
from tests.http_server.calling import served
from tests.nginx import nginx_before
from tests.storefront.customer import Customer
from tests.storefront.played_api import PlayedApi, a_state, id_of

SOON_SECONDS = 10


async def test_a_customer_behind_a_stock_nginx_sees_each_event_as_it_happens(
    customer: Customer, api: PlayedApi, shop_settings: StorefrontSettings
) -> None:
    await customer.buy()
    order = await customer.order()
    state = a_state(order.order_id)

    async def stream() -> AsyncIterator[bytes]:
        yield f"data: {json.dumps(state)}\nid: {id_of(state)}\n\n".encode()
        await asyncio.Event().wait()

    api.instead[f"GET /payments/{order.order_id}/events"] = lambda _: httpx.Response(
        200, headers={"Content-Type": "text/event-stream"}, content=stream()
    )
    app = create_app(shop_settings, transport=api.transport)
    async with (
        served(app) as port,
        nginx_before(port) as transport,
        httpx.AsyncClient(transport=transport, base_url="http://shop.test") as http,
        asyncio.timeout(SOON_SECONDS),
        aconnect_sse(http, "GET", f"/orders/{order.token}/events") as source,
    ):
        assert (await anext(source.aiter_sse())).id == id_of(state)
        app.state.stopping.set()
