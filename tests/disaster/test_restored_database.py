"""Yesterday's database is put back: what happened since is found, and not repeated."""

from collections import Counter
from pathlib import Path

import pytest

from contracts import LateOutcome, PaymentOutcome
from tests.disaster.losing import PRICE, LosingShop, premises
from tests.test_end_to_end import an_order_id

pytestmark = pytest.mark.timeout(180)


class Orders:
    """Those before the backup, and what became of them after it; and a new one."""

    def __init__(self) -> None:
        self.paid_before = an_order_id()
        self.open_then_paid = an_order_id()
        self.open_then_paid_by_the_next_attempt = an_order_id()
        self.expired_then_paid_late = an_order_id()
        self.cancelled_then_paid_again = an_order_id()
        self.new = an_order_id()

    @property
    def kept(self) -> list[str]:
        """The orders whose money is kept."""
        return [
            self.paid_before,
            self.open_then_paid,
            self.open_then_paid_by_the_next_attempt,
            self.cancelled_then_paid_again,
            self.new,
        ]


async def test_money_that_came_or_went_back_since_the_backup_is_found(
    tmp_path: Path,
) -> None:
    orders = Orders()
    async with premises(tmp_path / "home") as place:
        async with place.open() as shop:
            await before_the_backup(shop, orders)
        place.back_up(tmp_path / "yesterday")
        async with place.open() as shop:
            await since_the_backup(shop, orders)
        place.put_back(tmp_path / "yesterday")
        async with place.open() as shop:
            await is_as_yesterday(shop, orders)
            await recovered(shop, orders)
            await refunds_are_the_same(shop, orders)
            await compare_the_ledger(shop, orders)


async def before_the_backup(shop: LosingShop, orders: Orders) -> None:
    await shop.pay(await shop.opens(orders.paid_before))
    await shop.result(orders.paid_before)
    await shop.opens(orders.open_then_paid)
    await shop.opens(orders.open_then_paid_by_the_next_attempt)
    await shop.lets_expire(orders.expired_then_paid_late)
    await shop.opens(orders.cancelled_then_paid_again)
    await shop.cancels_at_last(orders.cancelled_then_paid_again)


async def since_the_backup(shop: LosingShop, orders: Orders) -> None:
    """What Temporal will not know: payments, refunds, a next attempt, a new order."""
    await shop.asks_for_a_refund(orders.paid_before, "r1", 31400)
    await shop.pay(await shop.take(orders.open_then_paid))
    await shop.result(orders.open_then_paid)
    await shop.asks_for_a_refund(orders.open_then_paid, "r1", 31400)
    await shop.cancels_at_last(orders.open_then_paid_by_the_next_attempt)
    for order_id in (
        orders.open_then_paid_by_the_next_attempt,
        orders.cancelled_then_paid_again,
        orders.new,
    ):
        await shop.pay(await shop.opens(order_id))
        await shop.result(order_id)
    await shop.fault(orders.expired_then_paid_late, "notification_lost")
    await shop.pays_late(orders.expired_then_paid_late)


async def is_as_yesterday(shop: LosingShop, orders: Orders) -> None:
    assert (await shop.look(orders.open_then_paid))["status"] == "AWAITING_CUSTOMER"
    assert (await shop.look(orders.cancelled_then_paid_again))["outcome"] == "CANCELLED"
    assert (await shop.look(orders.new))["code"] == "UNKNOWN_ORDER"


async def recovered(shop: LosingShop, orders: Orders) -> None:
    """Alipay's own file names what yesterday's runs do not know."""
    file = await shop.takes_alipays_file()
    listed = await shop.lists(paid=orders.kept, expired=[orders.expired_then_paid_late])
    lists = ("--orders", str(listed), "--transactions", str(file))
    would = await shop.recovers(*lists, "--dry-run")
    assert f"{orders.paid_before}  " not in would
    assert f"{orders.open_then_paid}  HINT" in would
    assert f"{orders.open_then_paid_by_the_next_attempt}  HINT" in would
    assert f"{orders.cancelled_then_paid_again}  BEGIN" in would
    assert f"{orders.new}  BEGIN" in would
    assert f"{orders.expired_then_paid_late}  LATE_MONEY" in would
    await shop.recovers(*lists)
    for order_id in orders.kept:
        assert (await shop.result(order_id)).outcome is PaymentOutcome.PAID, order_id
    late = await shop.late_money_of(orders.expired_then_paid_late)
    went_back = (LateOutcome.RETURNED, LateOutcome.REFUNDED)
    assert (await late.result()).outcome in went_back


async def refunds_are_the_same(shop: LosingShop, orders: Orders) -> None:
    """A refund that was made since moves nothing when it is asked for again."""
    left = PRICE.model_copy(update={"value": 100000})
    for order_id in (orders.paid_before, orders.open_then_paid):
        again = await shop.asks_for_a_refund(order_id, "r1", 31400)
        assert again.left == left
        assert await shop.held_for(order_id) == {"PHP": 100000}


async def compare_the_ledger(shop: LosingShop, orders: Orders) -> None:
    entries = (await shop.control("ledger"))["entries"]
    charges = Counter(one["order_id"] for one in entries if one["kind"] == "CHARGE")
    assert charges == dict.fromkeys([*orders.kept, orders.expired_then_paid_late], 1)
    assert await shop.held_for(orders.expired_then_paid_late) == {"PHP": 0}
    refunds = Counter(one["order_id"] for one in entries if one["kind"] == "REFUND")
    assert refunds == {orders.paid_before: 1, orders.open_then_paid: 1}
    told = Counter(
        event["data"]["order_id"]
        for event in shop.callbacks.events.values()
        if event["type"] == "payment.paid"
    )
    assert told == dict.fromkeys(orders.kept, 1)
