"""Temporal's database is gone: all orders are asked about anew, under the same ids."""

import asyncio
from collections import Counter
from pathlib import Path

import httpx
import pytest

from contracts import PaymentOutcome, RefundStatus
from tests.disaster.losing import PRICE, LosingShop, premises
from tests.test_end_to_end import an_order_id

pytestmark = pytest.mark.timeout(180)


class Orders:
    """What the shop's list names on the day of the loss."""

    def __init__(self) -> None:
        self.paid = an_order_id()
        self.refunded_in_part = an_order_id()
        self.paid_by_the_second_attempt = an_order_id()
        self.paid_by_the_second_attempt_and_opened_anew = an_order_id()
        self.paid_unheard = an_order_id()
        self.page_open = an_order_id()
        self.cancelled = an_order_id()
        self.never_opened = an_order_id()

    @property
    def all_paid(self) -> list[str]:
        return [
            self.paid,
            self.refunded_in_part,
            self.paid_by_the_second_attempt,
            self.paid_by_the_second_attempt_and_opened_anew,
            self.paid_unheard,
        ]


async def test_no_order_is_charged_twice_and_all_money_is_found(tmp_path: Path) -> None:
    orders = Orders()
    async with premises(tmp_path) as place:
        async with place.open() as shop:
            page = await take_orders(shop, orders)
        place.lose_the_database()
        async with place.open() as shop:
            assert (await shop.look(orders.paid))["code"] == "UNKNOWN_ORDER"
            await customers_go_on(shop, orders, page)
            await recovered(shop, orders)
            await refunds_go_on(shop, orders)
            await nothing_is_left_to_do(shop, orders)
            await compare_the_ledger(shop, orders)
            assert "6 PAID" in await shop.audits()


async def take_orders(shop: LosingShop, orders: Orders) -> httpx.Response:
    """Bring orders into each state; return the page of the one that is open."""
    for order_id in (orders.paid, orders.refunded_in_part):
        await shop.pay(await shop.opens(order_id))
        await shop.result(order_id)
    await shop.asks_for_a_refund(orders.refunded_in_part, "r1", 31400)
    for order_id in (
        orders.paid_by_the_second_attempt,
        orders.paid_by_the_second_attempt_and_opened_anew,
    ):
        await shop.opens(order_id)
        await shop.cancels_at_last(order_id)
        await shop.pay(await shop.opens(order_id))
        await shop.result(order_id)
    await shop.opens(orders.cancelled)
    await shop.cancels(orders.cancelled)
    await shop.fault(orders.paid_unheard, "notification_lost")
    await shop.pay(await shop.opens(orders.paid_unheard))
    return await shop.opens(orders.page_open)


async def customers_go_on(
    shop: LosingShop, orders: Orders, page: httpx.Response
) -> None:
    """The shop asks anew: who has paid is not asked to pay, others get their page."""
    for order_id in (orders.paid, orders.paid_by_the_second_attempt_and_opened_anew):
        again = await shop.take(order_id)
        assert again.json()["outcome"] == "PAID", again.text
        assert again.json()["cashier"] is None
    opened = await shop.take(orders.page_open)
    assert opened.json()["cashier"] == page.json()["cashier"]
    await shop.pay(opened)
    assert (await shop.result(orders.page_open)).outcome is PaymentOutcome.PAID


async def recovered(shop: LosingShop, orders: Orders) -> None:
    """`cashier recover --orders` finds what was paid, and opens nothing."""
    listed = await shop.lists(
        paid=orders.all_paid[:-1],
        open=[orders.paid_unheard, orders.page_open, orders.never_opened],
        cancelled=[orders.cancelled],
    )
    would = await shop.recovers("--orders", str(listed), "--dry-run")
    assert "5  BEGIN" in would
    assert "3  NOTHING" in would
    assert (await shop.look(orders.paid_unheard))["code"] == "UNKNOWN_ORDER"
    assert "5  BEGIN" in await shop.recovers("--orders", str(listed))
    results = await asyncio.gather(*map(shop.result, orders.all_paid))
    assert {one.outcome for one in results} == {PaymentOutcome.PAID}
    [payer] = [one for one in results[2].attempts if one.is_paid]
    assert payer.payment_request_id == f"{orders.paid_by_the_second_attempt}_2"


async def refunds_go_on(shop: LosingShop, orders: Orders) -> None:
    """The same refund asked for again moves nothing, and the rest can be refunded."""
    order_id = orders.refunded_in_part
    again = await shop.asks_for_a_refund(order_id, "r1", 31400)
    assert again.left == PRICE.model_copy(update={"value": 100000})
    assert await shop.held_for(order_id) == {"PHP": 100000}
    rest = await shop.asks_for_a_refund(order_id, "r2", 100000)
    assert {one.status for one in rest.refunds} == {RefundStatus.SUCCEEDED}
    assert await shop.held_for(order_id) == {"PHP": 0}


async def nothing_is_left_to_do(shop: LosingShop, orders: Orders) -> None:
    """A repeat finds all of it here; what nobody had paid is being closed.

    That it ends so is proven with skipped time, in `tests/workflows/test_lost_orders`:
    Alipay must say three times, 15 s apart, that it does not know an attempt.
    """
    file = await shop.takes_alipays_file()
    unpaid = [orders.cancelled, orders.never_opened]
    listed = await shop.lists(paid=orders.all_paid, cancelled=unpaid)
    said = await shop.recovers("--orders", str(listed), "--transactions", str(file))
    assert "8  NOTHING" in said
    assert "BEGIN" not in said
    # Their time to be paid is long over, and they are still open for a moment.
    stuck = (await shop.stuck()).values()
    assert {kind for row in stuck for kind in row["kinds"]} <= {"overdue"}
    payments = await shop.control("payments")
    opened = {one["payment_request_id"] for one in payments}
    assert f"{orders.cancelled}_1" in opened
    assert not {f"{orders.never_opened}_1", f"{orders.cancelled}_2"} & opened


async def compare_the_ledger(shop: LosingShop, orders: Orders) -> None:
    entries = (await shop.control("ledger"))["entries"]
    charges = Counter(one["order_id"] for one in entries if one["kind"] == "CHARGE")
    assert charges == dict.fromkeys([*orders.all_paid, orders.page_open], 1)
    told = Counter(
        event["data"]["order_id"]
        for event in shop.callbacks.events.values()
        if event["type"] == "payment.paid"
    )
    # Repeats bear the same id: for the shop each order was paid once.
    assert told == charges
