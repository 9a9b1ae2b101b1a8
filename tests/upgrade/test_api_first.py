"""The wrong order, and a rollback: what docs/versioning.md says that they cost."""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from temporalio.service import RPCError

from alipay.keys.rsa import AlipayKeys, load_public_key
from audit.findings import Rule
from audit.history.record import read_history
from audit.replay.comparison import compare
from audit.replay.replaying import Replays
from cashier.system.home import CLIENT_ID
from codec.payload_codec import EncryptingCodec
from contracts import RELEASE, LateOutcome, PaymentOutcome
from tests.test_end_to_end import an_order_id
from tests.upgrade.bookkeeping import compare_the_books
from tests.upgrade.releases import CURRENT, Release
from tests.upgrade.renewing import renewable_system
from tests.upgrade.shopping import (
    Shop,
    release_of,
    reset_to_its_begin,
    until_asked,
    until_running,
)
from translation.proof import serve
from visibility.stuck import Kind

pytestmark = pytest.mark.timeout(240)


@dataclass
class Begun:
    """Orders whose payments of release 3 another release's worker has taken up."""

    page: httpx.Response
    with_page: str
    in_review: str
    late: str = field(default_factory=an_order_id)
    kept_by_another_attempt: str = field(default_factory=an_order_id)


async def test_payments_begun_before_their_worker_came_are_not_lost(
    old: Release, tmp_path: Path
) -> None:
    async with renewable_system(tmp_path, worker=old, api=CURRENT) as renewable:
        shop = renewable.shop
        first = await begin(shop)
        await take_old_ways(shop, first)
        await renewable.worker_of(CURRENT)
        await end(shop, first)
        await only_those_that_differ_are_stuck(shop, first)
        assert await audited(shop, first.with_page) == {
            Rule.INPUT_DIFFERS,
            Rule.TIMER_DIFFERS,
            Rule.RESULT_DIFFERS,
        }
        second = await begin(shop)
        await renewable.worker_of(old)
        await the_old_worker_goes_on(shop, second)
        await renewable.worker_of(CURRENT)
        # Its task is tried again after pauses, until which nobody answers for it.
        await shop.until_status(second.in_review, "REVIEW")
        await shop.resolves(second.in_review, "PAID")
        assert (await shop.result(second.in_review)).outcome is PaymentOutcome.PAID
        await is_reset(shop, first.kept_by_another_attempt)
        await compare_the_books(shop, settled_by_hand=set())
        assert await shop.stuck() == {}


async def begin(shop: Shop) -> Begun:
    """Bring payments of today's release to a page, and to a person."""
    with_page, in_review = an_order_id(), an_order_id()
    page = await shop.opens(with_page)
    await shop.fault(in_review, "other_amount")
    await shop.pay(await shop.opens(in_review))
    await shop.until_status(in_review, "REVIEW")
    for order_id in (with_page, in_review):
        assert await release_of(await shop.payment_of(order_id)) == RELEASE
    return Begun(page, with_page, in_review)


async def take_old_ways(shop: Shop, begun: Begun) -> None:
    """Bring payments to where the old release asks otherwise than today's."""
    kept = begun.kept_by_another_attempt
    page = await shop.opens(kept)
    await shop.is_told_of_a_success(kept, attempt=2)
    await until_asked(await shop.payment_of(kept), 2)
    await shop.pay(page)
    # Both releases begin with the same inquiry, which Alipay does not answer yet.
    await shop.lets_expire(begun.late)
    await shop.is_silent(begun.late, "inquiryPayment", times=3)
    await shop.pays_late(begun.late)
    await until_running(await shop.late_money_of(begun.late))
    assert (await shop.look(kept))["status"] == "CHECKING"


async def end(shop: Shop, begun: Begun) -> None:
    """The customer pays, the person decides."""
    await shop.pay(begun.page)
    await shop.resolves(begun.in_review, "PAID")
    for order_id in (begun.with_page, begun.in_review):
        assert (await shop.result(order_id)).outcome is PaymentOutcome.PAID


def assert_its_task_fails(why: str) -> None:
    """Make sure that the old code cannot go on.

    Temporal keeps the words of the first failure of several alone. Where the worker was
    exchanged just then, that is the task which nobody took.
    """
    assert "Nondeterminism error" in why or "WorkflowTaskTimedOut" in why, why


async def only_those_that_differ_are_stuck(shop: Shop, begun: Begun) -> None:
    late = await (await shop.late_money_of(begun.late)).result()
    assert late.outcome is LateOutcome.RETURNED
    kept = await shop.payment_of(begun.kept_by_another_attempt)
    row = await shop.until_stuck(kept.id, Kind.TASK_FAILURE)
    assert_its_task_fails(row["why"])
    assert (await shop.stuck()).keys() == {kept.id}


async def audited(shop: Shop, order_id: str) -> set[Rule]:
    """Return what today's audit finds wrong with a payment."""
    history = await (await shop.payment_of(order_id)).fetch_history()
    home = shop.system.home
    record = read_history(history.to_json(), EncryptingCodec(home.keyring))
    key = load_public_key((home.alipay_keys / "1.pem").read_text())
    serve(CLIENT_ID, AlipayKeys({"1": key}))
    async with Replays() as replays:
        found = compare(record, await replays.replay(record))
    return {finding.rule for finding in found}


async def the_old_worker_goes_on(shop: Shop, second: Begun) -> None:
    """It ends what it began, and what has gone no way that it does not know."""
    await shop.pay(second.page)
    assert (await shop.result(second.with_page)).outcome is PaymentOutcome.PAID
    # The old release does not tell the shop of a review, as the newer one has done.
    assert shop.callbacks.types_of(second.in_review) == ["payment.review"]
    with suppress(RPCError):  # Temporal takes no update while the task fails
        await shop.asks_to_check(second.in_review)
    row = await shop.until_stuck(
        (await shop.payment_of(second.in_review)).id, Kind.TASK_FAILURE
    )
    assert_its_task_fails(row["why"])


async def is_reset(shop: Shop, order_id: str) -> None:
    """Where neither worker ends it, the payment begins anew with all it has heard."""
    payment = await shop.payment_of(order_id)
    await shop.until_stuck(payment.id, Kind.TASK_FAILURE)
    await reset_to_its_begin(payment)
    result = await shop.result(order_id)
    assert result.outcome is PaymentOutcome.PAID
    late = await shop.late_money_of(order_id, attempt=2)
    await shop.until_stuck(late.id, Kind.OVERDUE)
    await shop.resolves(order_id, "NOT_PAID", attempt=2)
    assert (await late.result()).outcome is LateOutcome.NOT_PAID
