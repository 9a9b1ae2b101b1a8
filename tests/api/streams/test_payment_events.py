"""GET /payments/{order_id}/events: viewers hear of each change, and cost nothing."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from httpx_sse import EventSource, ServerSentEvent, aconnect_sse
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from contracts import TASK_QUEUE
from tests.api.running import API_KEY, Shop, paid_notification, settings_in
from tests.builders import a_cancel, a_page, an_inquiry
from tests.fakes import FakeAlipay
from tests.fuzz.serving import served_api
from workflows.cashier_payment import CashierPayment
from workflows.late_payment import LatePayment

SOON_SECONDS = 10


class Viewer:
    """Somebody before a result page, fed by the stream."""

    def __init__(self, source: EventSource) -> None:
        self.response = source.response
        self._events = source.aiter_sse()

    async def hears(self) -> ServerSentEvent:
        async with asyncio.timeout(SOON_SECONDS):
            return await anext(self._events)

    async def sees(self) -> dict[str, Any]:
        event = await self.hears()
        assert event.event == "payment"
        state: dict[str, Any] = json.loads(event.data)
        return state

    async def sees_status(self, status: str) -> dict[str, Any]:
        """Wait for a status, over those that pass."""
        while (state := await self.sees())["status"] != status:
            pass
        return state


@dataclass
class ServedShop:
    """A shop whose API is reached over a socket, as streams need it."""

    shop: Shop
    http: httpx.AsyncClient

    @asynccontextmanager
    async def viewer(
        self, order_id: str, *, last_event_id: str = ""
    ) -> AsyncIterator[Viewer]:
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        path = f"/payments/{order_id}/events"
        async with aconnect_sse(self.http, "GET", path, headers=headers) as source:
            yield Viewer(source)


@pytest.fixture(scope="module")
async def served(
    dev_server: WorkflowEnvironment,
    alipay_key: RSAPrivateKey,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[ServedShop]:
    settings = settings_in(tmp_path_factory.mktemp("settings"), alipay_key)
    async with served_api(settings, dev_server.client) as port:
        http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {API_KEY}"},
            timeout=30,
        )
        shop = Shop(settings, dev_server.client, alipay_key, http=http)
        async with (
            http,
            Worker(
                dev_server.client,
                task_queue=TASK_QUEUE,
                workflows=[CashierPayment, LatePayment],
                activities=shop.alipays.activities,
            ),
        ):
            yield ServedShop(shop, http)


async def test_a_viewer_sees_at_once_how_a_payment_stands(served: ServedShop) -> None:
    order_id = await served.shop.opens(FakeAlipay(pay=[a_page()]))
    async with served.viewer(order_id) as viewer:
        state = await viewer.sees()
    assert state == await served.shop.look(order_id)
    assert viewer.response.headers["content-type"].startswith("text/event-stream")


async def test_a_viewer_hears_that_it_is_paid(served: ServedShop) -> None:
    order_id = await served.shop.opens(FakeAlipay(pay=[a_page()]))
    async with served.viewer(order_id) as viewer:
        await viewer.sees_status("AWAITING_CUSTOMER")
        await served.shop.notified(paid_notification(order_id))
        state = await viewer.sees_status("PAID")
    assert state == await served.shop.look(order_id)


async def test_what_another_process_is_told_is_heard_too(
    served: ServedShop, dev_server: WorkflowEnvironment
) -> None:
    order_id = await served.shop.opens(
        FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("SUCCESS")])
    )
    payment = dev_server.client.get_workflow_handle(f"payment:{order_id}")
    async with served.viewer(order_id) as viewer:
        await viewer.sees_status("AWAITING_CUSTOMER")
        # Straight to Temporal: this API has no part in it.
        await payment.execute_update("check_now")
        assert (await viewer.sees_status("PAID"))["outcome"] == "PAID"


async def test_a_payment_under_review_is_heard_of(
    served: ServedShop, dev_server: WorkflowEnvironment
) -> None:
    other_money = an_inquiry("SUCCESS").model_copy(update={"amount": None})
    order_id = await served.shop.opens(
        FakeAlipay(pay=[a_page()], inquiries=[other_money])
    )
    payment = dev_server.client.get_workflow_handle(f"payment:{order_id}")
    async with served.viewer(order_id) as viewer:
        await viewer.sees_status("AWAITING_CUSTOMER")
        await payment.execute_update("check_now")
        assert (await viewer.sees_status("REVIEW"))["outcome"] is None


async def test_money_that_comes_after_the_end_is_heard_of(served: ServedShop) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[an_inquiry("FAIL"), an_inquiry("SUCCESS")],
        cancels=[a_cancel()],
    )
    order_id = await served.shop.opens(alipay)
    async with served.viewer(order_id) as viewer:
        await served.shop.look(order_id, refresh=True)
        state = await viewer.sees_status("DECLINED")
        assert state["late_money"] == []
        await served.shop.notified(paid_notification(order_id))
        while not state["late_money"] or not state["late_money"][0]["outcome"]:
            state = await viewer.sees()
    assert state["late_money"][0]["outcome"] == "RETURNED"
    assert state["outcome"] == "DECLINED"


async def test_whoever_comes_back_hears_only_what_was_missed(
    served: ServedShop,
) -> None:
    order_id = await served.shop.opens(FakeAlipay(pay=[a_page()]))
    async with served.viewer(order_id) as viewer:
        seen = (await viewer.hears()).id
    async with served.viewer(order_id, last_event_id=seen) as viewer:
        await served.shop.notified(paid_notification(order_id))
        # Were the present state sent again, it would come first.
        assert (await viewer.sees())["status"] == "PAID"
    async with served.viewer(order_id, last_event_id=seen) as viewer:
        assert (await viewer.sees())["status"] == "PAID"


async def test_the_same_state_has_the_same_id_for_everybody(
    served: ServedShop,
) -> None:
    order_id = await served.shop.opens(FakeAlipay(pay=[a_page()]))
    async with served.viewer(order_id) as first:
        first_id = (await first.hears()).id
    # Nobody watched in between, so this one was looked up anew.
    async with served.viewer(order_id) as second:
        assert (await second.hears()).id == first_id


async def test_all_viewers_of_one_payment_hear_of_it(
    served: ServedShop, dev_server: WorkflowEnvironment
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    order_id = await served.shop.opens(alipay)
    async with asyncio.TaskGroup() as group:

        async def watch() -> None:
            async with served.viewer(order_id) as viewer:
                await viewer.sees_status("AWAITING_CUSTOMER")
                watching.release()
                await viewer.sees_status("PAID")

        watching = asyncio.Semaphore(0)
        for _ in range(30):
            group.create_task(watch())
        for _ in range(30):
            await watching.acquire()
        await served.shop.notified(paid_notification(order_id))
    assert alipay.calls == ["pay"]


async def test_an_unknown_order_has_no_stream(served: ServedShop) -> None:
    response = await served.http.get("/payments/nobody-s/events")
    assert response.status_code == 404
    assert response.json()["code"] == "UNKNOWN_ORDER"


async def test_without_a_key_there_is_no_stream(served: ServedShop) -> None:
    order_id = await served.shop.opens(FakeAlipay(pay=[a_page()]))
    response = await served.http.get(
        f"/payments/{order_id}/events", headers={"Authorization": "Bearer wrong"}
    )
    assert response.status_code == 401


async def test_a_stop_of_the_api_ends_the_streams_and_waits_for_none(
    dev_server: WorkflowEnvironment,
    served: ServedShop,
    alipay_key: RSAPrivateKey,
    tmp_path: Path,
) -> None:
    order_id = await served.shop.opens(FakeAlipay(pay=[a_page()]))
    settings = settings_in(tmp_path, alipay_key)
    async with httpx.AsyncClient(
        headers={"Authorization": f"Bearer {API_KEY}"}, timeout=30
    ) as http:
        async with served_api(settings, dev_server.client) as port:
            url = f"http://127.0.0.1:{port}/payments/{order_id}/events"
            streaming = http.stream("GET", url)
            response = await streaming.__aenter__()
            lines = response.aiter_lines()
            assert await anext(lines) == ": ping"
        # The server has stopped although the stream was open, and said its end.
        async with asyncio.timeout(SOON_SECONDS):
            rest = [line async for line in lines]
        await streaming.__aexit__(None, None, None)
    assert any(line.startswith("data: ") for line in rest)
