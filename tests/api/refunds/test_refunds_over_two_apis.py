"""Two processes of the API refund the same orders, and viewers of both hear of it."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from httpx_sse import aconnect_sse

from tests.api.refunds.api_processes import api_process
from tests.api.refunds.refunding_shop import RefundingShop, php

SOON_SECONDS = 20
Apis = tuple[httpx.AsyncClient, httpx.AsyncClient]


@pytest.fixture(scope="module")
async def apis(
    refunding: RefundingShop, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Apis]:
    settings, client = refunding.shop.settings, refunding.shop.client
    homes = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("other")
    async with (
        api_process(settings, client, homes[0]) as one,
        api_process(settings, client, homes[1]) as other,
    ):
        yield one, other


async def refund(
    http: httpx.AsyncClient, order_id: str, refund_id: str, value: int | None
) -> httpx.Response:
    amount = None if value is None else php(value)
    body = {"refund_id": refund_id, "amount": amount}
    return await http.post(f"/payments/{order_id}/refunds", json=body)


async def test_of_twenty_refunds_of_60_of_100_by_two_apis_one_gives_back(
    apis: Apis, refunding: RefundingShop
) -> None:
    order_id = await refunding.paid()
    calls = (refund(apis[i % 2], order_id, f"r-{i}", 6000) for i in range(20))
    answers = await asyncio.gather(*calls)
    assert Counter(one.status_code for one in answers) == {201: 1, 409: 19}
    assert refunding.ledgers.of(order_id).total_back == 6000


async def test_twenty_refunds_of_5_of_100_by_two_apis_all_give_back(
    apis: Apis, refunding: RefundingShop
) -> None:
    order_id = await refunding.paid()
    calls = (refund(apis[i % 2], order_id, f"r-{i}", 500) for i in range(20))
    answers = await asyncio.gather(*calls)
    assert Counter(one.status_code for one in answers) == {201: 20}
    assert refunding.ledgers.of(order_id).total_back == 10000


async def test_the_same_refund_by_two_apis_moves_money_once(
    apis: Apis, refunding: RefundingShop
) -> None:
    order_id = await refunding.paid()
    calls = (refund(apis[i % 2], order_id, "r-1", 500) for i in range(20))
    answers = await asyncio.gather(*calls)
    assert Counter(one.status_code for one in answers) == {201: 1, 200: 19}
    assert len(refunding.ledgers.of(order_id).sent) == 1


async def test_all_that_is_left_is_given_back_once_however_often_it_is_asked(
    apis: Apis, refunding: RefundingShop
) -> None:
    order_id = await refunding.paid()
    calls = (refund(apis[i % 2], order_id, f"r-{i}", None) for i in range(20))
    answers = await asyncio.gather(*calls)
    assert Counter(one.status_code for one in answers) == {201: 1, 409: 19}
    assert refunding.ledgers.of(order_id).total_back == 10000


class Viewer:
    """Somebody before a result page, fed by the stream."""

    def __init__(self, events: AsyncIterator[Any]) -> None:
        self._events = events

    async def sees_given_back(self, value: int) -> dict[str, Any]:
        """Return the state once so much has been given back."""
        async with asyncio.timeout(SOON_SECONDS):
            while True:
                event = await anext(self._events)
                state: dict[str, Any] = json.loads(event.data)
                refunds = state["refunds"]
                if refunds and refunds["given_back"] == php(value):
                    return state


@asynccontextmanager
async def viewer(http: httpx.AsyncClient, order_id: str) -> AsyncIterator[Viewer]:
    path = f"/payments/{order_id}/events"
    async with aconnect_sse(http, "GET", path) as source:
        yield Viewer(source.aiter_sse())


async def test_viewers_at_both_apis_hear_what_was_given_back(
    apis: Apis, refunding: RefundingShop
) -> None:
    order_id = await refunding.paid()
    before = (await apis[0].get(f"/payments/{order_id}")).json()
    assert before["refunds"] is None
    async with viewer(apis[0], order_id) as near, viewer(apis[1], order_id) as far:
        await refund(apis[0], order_id, "r-1", 6000)
        first = [await near.sees_given_back(6000), await far.sees_given_back(6000)]
        # The owner goes on: Temporal's list tells nothing of this one.
        await refund(apis[0], order_id, "r-2", 1000)
        second = [await near.sees_given_back(7000), await far.sees_given_back(7000)]
    assert first[0]["refunds"] == first[1]["refunds"]
    assert second[0]["refunds"] == {
        "given_back": php(7000),
        "under_way": php(0),
        "left": php(3000),
        "refunds": [
            {"refund_id": "r-1", "amount": php(6000), "status": "SUCCEEDED"},
            {"refund_id": "r-2", "amount": php(1000), "status": "SUCCEEDED"},
        ],
    }
