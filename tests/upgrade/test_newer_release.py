"""A worker that meets payments of a newer release waits for a worker that knows it."""

from pathlib import Path

import httpx
import pytest

from contracts import RELEASE, PaymentOutcome, workflow_id
from tests.test_end_to_end import an_order_id
from tests.upgrade.bookkeeping import compare_the_books
from tests.upgrade.releases import CURRENT, Release
from tests.upgrade.renewing import renewable_system
from tests.upgrade.shopping import release_of
from visibility.stuck import Kind

pytestmark = pytest.mark.timeout(240)


async def test_a_payment_of_a_newer_release_waits_for_a_worker_that_knows_it(
    newer: Release, tmp_path: Path
) -> None:
    order_id = an_order_id()
    async with renewable_system(tmp_path, worker=CURRENT, api=newer) as renewable:
        shop = renewable.shop
        refused = await shop.posts(order_id)
        row = await shop.until_stuck(workflow_id(order_id), Kind.TASK_FAILURE)
        called = (await shop.control("calls"))["calls"]
        await renewable.worker_of(newer)
        await shop.until_status(order_id, "AWAITING_CUSTOMER")
        opened = await shop.take(order_id)
        await shop.pay(opened)
        result = await shop.result(order_id)
        assert await release_of(await shop.payment_of(order_id)) == newer.number
        await compare_the_books(shop, settled_by_hand=set())
        charges = (await shop.control("ledger"))["entries"]
    assert refused.status_code == httpx.codes.SERVICE_UNAVAILABLE, refused.text
    assert refused.json()["code"] == "UNAVAILABLE"
    assert called == []
    assert f"begun by release {newer.number}" in row["why"]
    assert f"knows releases up to {RELEASE}" in row["why"]
    assert result.outcome is PaymentOutcome.PAID
    assert [one["kind"] for one in charges] == ["CHARGE"]
