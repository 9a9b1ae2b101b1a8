"""The examples that give money back, each run as it is printed in the document."""

import pytest

from tests.examples.storefront import Storefront, an_order_id

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

WAYS = ["curl", "python", "client", "typescript"]


@pytest.mark.parametrize("way", WAYS, indirect=True)
async def test_money_is_given_back_once_for_each_refund_id(
    shop: Storefront, way: str
) -> None:
    order_id = an_order_id()
    await shop.paid(order_id)
    given = await shop.refund(way, "refund", order_id, "r-1", "50000")
    again = await shop.refund(way, "refund", order_id, "r-1", "50000")
    looked = await shop.refund(way, "look", order_id, "r-1")
    for ran in (given, again, looked):
        assert ran.code == 0, ran.out + ran.err
        assert (ran.json["refund_id"], ran.json["status"]) == ("r-1", "SUCCEEDED")
    other = await shop.refund(way, "refund", order_id, "r-1", "40000")
    more = await shop.refund(way, "refund", order_id, "r-2", "90000")
    assert (other.code, more.code) == (1, 1)
    state = await shop.look(order_id)
    assert state["refunds"]["given_back"] == {"currency": "PHP", "value": 50000}
    assert state["refunds"]["left"] == {"currency": "PHP", "value": 81400}


async def test_a_refund_by_one_way_is_the_same_by_another(shop: Storefront) -> None:
    order_id = an_order_id()
    await shop.paid(order_id)
    first = await shop.refund("client", "refund", order_id, "r-1", "50000")
    second = await shop.refund("curl", "refund", order_id, "r-1", "50000")
    third = await shop.refund("python", "refund", order_id, "r-1", "50000")
    assert [one.json["by"] for one in (first, second, third)] == ["back-office"] * 3
    assert (await shop.look(order_id))["refunds"]["given_back"]["value"] == 50000


@pytest.mark.parametrize("way", WAYS, indirect=True)
async def test_what_is_not_paid_is_not_given_back(shop: Storefront, way: str) -> None:
    order_id = an_order_id()
    await shop.opened(order_id)
    refused = await shop.refund(way, "refund", order_id, "r-1", "50000")
    assert refused.code == 1
    assert "not paid" in refused.out
