"""The event stream through a stock nginx, which holds answers back by itself."""

import asyncio

import httpx
from httpx_sse import aconnect_sse

from tests.api.running import API_KEY, Shop, paid_notification
from tests.builders import a_page
from tests.fakes import FakeAlipay
from tests.fuzz.serving import served_api
from tests.nginx import nginx_before

SOON_SECONDS = 10


async def test_events_pass_a_stock_nginx_as_they_happen(shop: Shop) -> None:
    order_id = await shop.opens(FakeAlipay(pay=[a_page()]))
    async with (
        served_api(shop.settings, shop.client) as port,
        nginx_before(port) as transport,
        httpx.AsyncClient(
            transport=transport,
            base_url="http://api.test",
            headers={"Authorization": f"Bearer {API_KEY}"},
        ) as http,
        aconnect_sse(http, "GET", f"/payments/{order_id}/events") as source,
    ):
        events = source.aiter_sse()
        async with asyncio.timeout(SOON_SECONDS):
            assert (await anext(events)).json()["status"] == "AWAITING_CUSTOMER"
            await shop.notified(paid_notification(order_id))
            while (await anext(events)).json()["status"] != "PAID":
                pass
