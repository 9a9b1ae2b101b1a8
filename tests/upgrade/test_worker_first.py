"""The stated order: the worker is renewed first, then the API; nothing is lost."""

import asyncio
from pathlib import Path

import httpx
import pytest
from temporalio.client import WorkflowUpdateHandle

from cashier.temporal_calls import CommandError
from contracts import LateOutcome, PaymentNotified, PaymentOutcome, PaymentView
from tests.test_end_to_end import an_order_id
from tests.upgrade.bookkeeping import compare_the_books
from tests.upgrade.releases import CURRENT, Release
from tests.upgrade.renewing import renewable_system
from tests.upgrade.shopping import (
    NOT_EXIST_TRIES,
    Shop,
    an_order_with_short_pauses,
    release_of,
    until_asked,
    until_running,
)
from visibility.stuck import Kind

pytestmark = pytest.mark.timeout(240)


class Open:
    """What the old release leaves to the new one, order by order."""

    def __init__(self) -> None:
        self.with_page = an_order_id()
        self.in_review = an_order_id()
        self.late = an_order_id()
        self.late_in_review = an_order_id()
        self.kept_by_another_attempt = an_order_with_short_pauses(2)
        self.late_and_unknown = an_order_with_short_pauses(2)


async def test_what_the_old_release_leaves_open_is_ended_by_the_new_one(
    old: Release, tmp_path: Path
) -> None:
    orders = Open()
    async with renewable_system(tmp_path, worker=old, api=old) as renewable:
        shop = renewable.shop
        page = await begin(shop, orders)
        check = await until_it_hangs(shop, orders)
        await renewable.worker_of(CURRENT)
        await renewable.api_of(CURRENT)
        await goes_on(shop, orders, page)
        await is_freed(shop, orders)
        assert (await check.result()).outcome is PaymentOutcome.PAID
        await late_money_is_found(shop, orders)
        await compare_the_books(shop, settled_by_hand={orders.late_in_review})
        assert await shop.stuck() == {}


async def begin(shop: Shop, orders: Open) -> httpx.Response:
    """Bring payments into each state, by the old worker and API; return a page."""
    # Alipay does not know these attempts, and is asked for most of a minute.
    kept = await shop.opens(orders.kept_by_another_attempt)
    await shop.is_told_of_a_success(orders.kept_by_another_attempt, attempt=2)
    await shop.pay(kept)
    await shop.opens(orders.late_and_unknown)
    await shop.cancels(orders.late_and_unknown)
    await shop.is_told_of_a_success(orders.late_and_unknown, attempt=2)
    # A person must decide about other money than the order's.
    await shop.fault(orders.in_review, "other_amount")
    await shop.pay(await shop.opens(orders.in_review))
    await shop.until_status(orders.in_review, "REVIEW")
    await shop.lets_expire(orders.late_in_review)
    await shop.fault(orders.late_in_review, "other_amount")
    await shop.pays_late(orders.late_in_review)
    late = await shop.late_money_of(orders.late_in_review)
    await until_asked(late, 1)
    page = await shop.opens(orders.with_page)
    assert await release_of(await shop.payment_of(orders.with_page)) == 2
    return page


async def until_it_hangs(shop: Shop, orders: Open) -> WorkflowUpdateHandle[PaymentView]:
    """Wait until the old release ends nothing any more; return a check that hangs."""
    kept, unknown = orders.kept_by_another_attempt, orders.late_and_unknown
    late = await shop.late_money_of(unknown, attempt=2)
    await until_asked(late, NOT_EXIST_TRIES)
    # Late money that Alipay is asked about just now.
    await shop.lets_expire(orders.late)
    await shop.is_silent(orders.late, "inquiryPayment", times=6)
    await shop.pays_late(orders.late)
    await until_running(await shop.late_money_of(orders.late))
    with pytest.raises(CommandError, match="only late money in REVIEW"):
        await shop.resolves(unknown, "NOT_PAID", attempt=2)
    await until_asked(await shop.payment_of(kept), NOT_EXIST_TRIES + 1)
    check = await shop.asks_to_check(kept)
    assert (await shop.look(kept))["status"] == "CHECKING"
    # Of the orders that hang nothing is listed, only what waits for a person.
    stuck = {row["order_id"] for row in (await shop.stuck()).values()}
    assert stuck == {orders.in_review, orders.late_in_review}
    return check


async def a_forged_success_pays_nothing(shop: Shop, order_id: str) -> None:
    """Though the old release, which began the payment, would have believed it."""
    payment = await shop.payment_of(order_id)
    view = PaymentView.model_validate(await payment.query("view"))
    [attempt] = view.attempts
    forged = PaymentNotified(
        notify_type="PAYMENT_RESULT",
        result_status="S",
        result_code="SUCCESS",
        payment_request_id=attempt.payment_request_id,
        payment_id=attempt.payment_id or "",
        amount=view.amount,
    )
    await payment.signal("payment_notified", forged)
    await shop.checks(order_id)
    assert (await shop.look(order_id))["status"] == "AWAITING_CUSTOMER"


async def goes_on(shop: Shop, orders: Open, page: httpx.Response) -> None:
    """What waited for people goes on with what they do."""
    await a_forged_success_pays_nothing(shop, orders.with_page)
    await shop.pay(page)
    await shop.resolves(orders.in_review, "PAID")
    await shop.resolves(orders.late_in_review, "RETURNED", attempt=1)
    for order_id in (orders.with_page, orders.in_review):
        assert (await shop.result(order_id)).outcome is PaymentOutcome.PAID
    late = await (await shop.late_money_of(orders.late_in_review)).result()
    assert late.outcome is LateOutcome.RETURNED


async def is_freed(shop: Shop, orders: Open) -> None:
    """The order is paid, and the unknown success is left to late money."""
    kept = orders.kept_by_another_attempt
    await shop.checks(kept)
    result = await shop.result(kept)
    assert result.outcome is PaymentOutcome.PAID
    assert result.attempts[-1].payment_request_id == f"{kept}_1"
    late = await shop.late_money_of(kept, attempt=2)
    row = await shop.until_stuck(late.id, Kind.OVERDUE)
    assert row["workflow_type"] == "LatePayment"
    await shop.resolves(kept, "NOT_PAID", attempt=2)
    assert (await late.result()).outcome is LateOutcome.NOT_PAID


async def late_money_is_found(shop: Shop, orders: Open) -> None:
    """What Alipay is asked about in vain gets attention; what it answers ends."""
    unknown = await shop.late_money_of(orders.late_and_unknown, attempt=2)
    await shop.until_stuck(unknown.id, Kind.OVERDUE)
    await shop.resolves(orders.late_and_unknown, "NOT_PAID", attempt=2)
    late = await shop.late_money_of(orders.late)
    ended, returned = await asyncio.gather(unknown.result(), late.result())
    assert ended.outcome is LateOutcome.NOT_PAID
    assert returned.outcome is LateOutcome.RETURNED
