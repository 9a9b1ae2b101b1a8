"""The live page: what the API's stream tells, relayed and never invented."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from starlette.types import Message

from storefront.app import create_app
from storefront.pages.events import MOST_OF_ONE_ORDER
from storefront.settings import StorefrontSettings
from tests.storefront.customer import Customer, text_of
from tests.storefront.played_api import PlayedApi, a_problem, a_state, id_of


def events_in(stream: str) -> list[tuple[str, str]]:
    """Return id and text of each event that a browser would hear of."""
    events = []
    for block in stream.split("\n\n"):
        fields = dict(re.findall(r"^(event|id): (.*)$", block, re.MULTILINE))
        data = "\n".join(re.findall(r"^data: (.*)$", block, re.MULTILINE))
        if fields.get("event") == "status":
            events.append((fields["id"], text_of(data)))
    return events


@pytest.fixture
async def order_id(customer: Customer) -> str:
    await customer.buy()
    return (await customer.order()).order_id


async def listen(customer: Customer, **headers: str) -> list[tuple[str, str]]:
    token = (await customer.order()).token
    async with asyncio.timeout(10):
        answer = await customer.http.get(f"/orders/{token}/events", headers=headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "no-" in answer.headers["cache-control"]
    return events_in(answer.text)


async def test_each_event_is_the_page_s_own_fragment_under_its_id(
    customer: Customer, api: PlayedApi, order_id: str
) -> None:
    states = [a_state(order_id, status=one) for one in ("CHECKING", "PAID")]
    api.streams = [[*states]]
    heard = await listen(customer)
    assert [event_id for event_id, _ in heard] == [id_of(one) for one in states]
    assert "Checking your payment" in heard[0][1]
    assert "Paid. Thank you!" in heard[1][1]
    api.payments[order_id] = states[1]
    page = await customer.http.get(f"/orders/{(await customer.order()).token}")
    assert heard[1][1] in text_of(page.text)


async def test_money_that_is_seen_in_the_stream_fulfils_the_order(
    customer: Customer, api: PlayedApi, order_id: str
) -> None:
    api.streams = [[a_state(order_id, status="PAID")]]
    await listen(customer)
    assert (await customer.order()).fulfilled_at


async def test_a_stream_that_breaks_off_goes_on_where_it_was(
    customer: Customer, api: PlayedApi, order_id: str, pauses: list[float]
) -> None:
    waiting = a_state(order_id)
    paid = a_state(order_id, status="PAID")
    api.streams = [[waiting, None], [None], [paid]]
    heard = await listen(customer, **{"Last-Event-ID": "from-the-browser"})
    assert api.last_event_ids == ["from-the-browser", id_of(waiting), id_of(waiting)]
    assert [event_id for event_id, _ in heard] == [id_of(waiting), id_of(paid)]
    assert pauses == [1.0, 2.0]


async def test_while_the_api_is_away_nothing_is_sent_and_the_pauses_grow(
    customer: Customer, api: PlayedApi, order_id: str, pauses: list[float]
) -> None:
    tries: list[Any] = [
        lambda _: a_problem(503, "UNAVAILABLE"),
        lambda _: a_problem(404, "UNKNOWN_ORDER"),
        lambda _: httpx.Response(200, json={}),
        lambda _: httpx.Response(
            200,
            headers={"Content-Type": "text/event-stream"},
            content=b"data: {}\n\n",
        ),
        lambda _: a_problem(500, "BROKEN"),
        lambda _: a_problem(500, "BROKEN"),
        lambda _: a_problem(500, "BROKEN"),
    ]

    def away(request: httpx.Request) -> httpx.Response:
        if tries:
            answer: httpx.Response = tries.pop(0)(request)
            return answer
        api.instead.clear()
        return api.answer(request)

    api.instead[f"GET /payments/{order_id}/events"] = away
    api.streams = [[a_state(order_id, status="PAID")]]
    heard = await listen(customer)
    assert len(heard) == 1
    # The first one has asked for 7 seconds itself.
    assert pauses == [7.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


async def test_comments_are_no_events(
    customer: Customer, api: PlayedApi, order_id: str
) -> None:
    api.streams = [[a_state(order_id), None], [a_state(order_id, status="PAID")]]
    assert len(await listen(customer)) == 2


async def test_the_stream_ends_when_nothing_can_change_any_more(
    customer: Customer, api: PlayedApi, order_id: str
) -> None:
    unpaid = [a_state(order_id, status=one) for one in ("EXPIRED", "CANCELLED")]
    late = a_state(order_id, status="EXPIRED", late=[(1, None)])
    honoured = a_state(order_id, status="EXPIRED", late=[(1, "HONOURED")])
    api.streams = [[*unpaid, late, honoured, a_state(order_id, status="PAID")]]
    heard = await listen(customer)
    # An unpaid end is none: the money may come late, or from another device.
    assert [event_id for event_id, _ in heard] == [
        id_of(one) for one in (*unpaid, late, honoured)
    ]
    assert "Paid late, and accepted" in heard[-1][1]


async def test_the_stream_speaks_the_visitor_s_language(
    customer: Customer, api: PlayedApi, order_id: str
) -> None:
    api.streams = [[a_state(order_id, status="PAID")]]
    [(_, told)] = await listen(customer, **{"Accept-Language": "id"})
    assert "Sudah dibayar" in told


async def test_an_event_s_id_that_is_none_of_ours_is_refused(
    customer: Customer, api: PlayedApi, order_id: str
) -> None:
    token = (await customer.order()).token
    for name in (b"\xe9", b"x" * 65):
        answer = await customer.http.get(
            f"/orders/{token}/events", headers=[(b"Last-Event-ID", name)]
        )
        assert answer.status_code == 422
    assert api.last_event_ids == []


async def test_a_stopping_shop_ends_its_streams(
    customer: Customer, api: PlayedApi, order_id: str
) -> None:
    customer.stopping.set()
    assert await listen(customer) == []


async def test_a_stop_waits_for_no_stream_in_which_nothing_happens(
    customer: Customer, api: PlayedApi, order_id: str
) -> None:
    waiting = a_state(order_id)
    was_closed = False

    async def stream() -> AsyncIterator[bytes]:
        nonlocal was_closed
        yield f"data: {json.dumps(waiting)}\nid: {id_of(waiting)}\n\n".encode()
        customer.stopping.set()
        try:
            await asyncio.Event().wait()
        finally:
            was_closed = True

    api.instead[f"GET /payments/{order_id}/events"] = lambda _: httpx.Response(
        200, headers={"Content-Type": "text/event-stream"}, content=stream()
    )
    assert [event_id for event_id, _ in await listen(customer)] == [id_of(waiting)]
    assert was_closed


async def test_nobody_takes_all_streams_with_one_order(
    customer: Customer, api: PlayedApi, order_id: str
) -> None:
    path = f"/orders/{(await customer.order()).token}/events"
    all_listen = asyncio.Event()
    listening = 0

    async def stream() -> AsyncIterator[bytes]:
        nonlocal listening
        listening += 1
        if listening == MOST_OF_ONE_ORDER:
            all_listen.set()
        await asyncio.Event().wait()
        yield b""

    api.instead[f"GET /payments/{order_id}/events"] = lambda _: httpx.Response(
        200, headers={"Content-Type": "text/event-stream"}, content=stream()
    )
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        for _ in range(MOST_OF_ONE_ORDER):
            group.create_task(customer.http.get(path))
        await all_listen.wait()
        assert (await customer.http.get(path)).status_code == 429
        customer.stopping.set()
    # Their places are free again.
    assert (await customer.http.get(path)).status_code == 200


class Feed(httpx.AsyncByteStream):
    """Tells more than anybody takes."""

    def __init__(self, state: dict[str, Any]) -> None:
        self.is_closed = False
        self._event = f"data: {json.dumps(state)}\n\n".encode()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(100):
            yield self._event

    async def aclose(self) -> None:
        self.is_closed = True


async def test_a_browser_that_leaves_during_an_event_leaves_no_stream_open(
    customer: Customer,
    api: PlayedApi,
    order_id: str,
    shop_settings: StorefrontSettings,
) -> None:
    path = f"/orders/{(await customer.order()).token}/events"
    left = asyncio.Event()
    feed = Feed(a_state(order_id))

    async def receive() -> Message:
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        # A browser that takes no more: what comes next waits.
        if message.get("body"):
            asyncio.get_running_loop().call_later(0.1, left.set)
            await asyncio.Event().wait()

    api.instead[f"GET /payments/{order_id}/events"] = lambda _: httpx.Response(
        200, headers={"Content-Type": "text/event-stream"}, stream=feed
    )
    app = create_app(shop_settings, transport=api.transport)
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"shop.example")],
    }
    async with asyncio.timeout(10):
        # FastAPI itself may complain of what it cannot send any more.
        with suppress(ExceptionGroup):
            await app(scope, receive, send)
    assert feed.is_closed
