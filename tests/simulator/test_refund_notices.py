"""Notifications of refunds: where they go, what they say, and what goes wrong."""

import json
from dataclasses import replace

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from simulator.config import SimulatorConfig
from tests.samples.reading import sample
from tests.simulator.shop import (
    NOTIFY_URL,
    REFUND_NOTIFY_URL,
    MovableClock,
    Shop,
    a_pay,
)

PAID = "PAYMENT_RESULT S"
REFUNDED = "REFUND_RESULT S"


async def paid(shop: Shop) -> None:
    await shop.pay()
    await shop.customer("pay")


async def refund_under(shop: Shop, fault: str) -> None:
    """Pay, and refund in part while something goes wrong."""
    await paid(shop)
    await shop.plan(fault)
    await shop.refund(90_000)
    await shop.settle()


async def test_a_refund_that_was_taken_on_is_notified_when_it_is_done(
    shop: Shop,
) -> None:
    await refund_under(shop, "refund_in_process")
    assert shop.summaries == [PAID]
    await shop.wait(minutes=1)
    assert shop.summaries == [PAID, REFUNDED]
    assert shop.heard[1].proven
    body = shop.heard[1].body
    assert body.keys() >= json.loads(sample("60-notify")).keys()
    # Neither paymentId nor paymentRequestId: the refund's own id must lead to it.
    assert not body.keys() & {"paymentId", "paymentRequestId"}
    assert body["refundRequestId"] == "refund-1"
    assert body["refundStatus"] == "SUCCESS"
    assert body["refundAmount"] == {"currency": "PHP", "value": "90000"}


async def test_a_refund_that_failed_is_notified_as_failed(shop: Shop) -> None:
    await refund_under(shop, "refund_fails_later")
    await shop.wait(minutes=1)
    assert shop.summaries == [PAID, "REFUND_RESULT F"]
    body = shop.heard[1].body
    assert body.keys() >= json.loads(sample("61-notify")).keys()
    assert body["refundStatus"] == "FAIL"


async def test_a_refund_that_was_answered_at_once_is_not_notified(shop: Shop) -> None:
    await paid(shop)
    await shop.refund(90_000)
    await shop.wait(minutes=1)
    assert shop.summaries == [PAID]


async def test_a_refund_that_was_answered_at_once_may_be_notified_all_the_same(
    shop: Shop,
) -> None:
    await paid(shop)
    await shop.plan("instant_refund_notified")
    assert await shop.refund_code(90_000) == "S SUCCESS"
    await shop.settle()
    assert shop.summaries == [PAID, REFUNDED]


async def test_a_notification_goes_where_the_refund_says_else_to_the_dashboards(
    shop: Shop,
) -> None:
    await paid(shop)
    own = "https://shop.example/alipay/notifications/refund/order-1"
    for number, where in enumerate((None, own)):
        await shop.plan("refund_in_process")
        await shop.refund(100, f"refund-{number}", refundNotifyUrl=where)
    await shop.wait(minutes=1)
    assert [heard.url for heard in shop.heard] == [NOTIFY_URL, REFUND_NOTIFY_URL, own]
    assert all(heard.proven for heard in shop.heard)


async def test_a_notification_of_a_refund_may_be_lost(shop: Shop) -> None:
    await refund_under(shop, "refund_notice_lost")
    await shop.wait(hours=25)
    assert shop.summaries == [PAID]
    assert await shop.refund_status() == "SUCCESS"
    assert await shop.injected("refund_notice_lost") == 1


async def test_a_notification_of_a_refund_may_come_twice_or_late(shop: Shop) -> None:
    await refund_under(shop, "refund_notice_doubled")
    await shop.wait(minutes=1)
    assert shop.summaries == [PAID, REFUNDED, REFUNDED]
    await shop.plan("refund_notice_late")
    await shop.refund(100, "refund-2")
    await shop.wait(minutes=1)
    assert len(shop.heard) == 3
    await shop.wait(minutes=5)
    assert len(shop.heard) == 4


async def test_a_forged_notification_reports_success_while_nothing_is_given_back(
    shop: Shop,
) -> None:
    await paid(shop)
    await shop.plan("refund_notice_forged")
    await shop.plan("refund_fails_later")
    await shop.refund(90_000)
    await shop.settle()
    assert shop.summaries == [PAID, f"forged {REFUNDED}"]
    assert await shop.refund_status() == "PROCESSING"
    await shop.wait(minutes=1)
    assert shop.summaries == [PAID, f"forged {REFUNDED}", "REFUND_RESULT F"]
    assert await shop.moved() == ["CHARGE 131400"]


async def test_a_notification_may_overtake_the_answer_to_the_refund(
    shop: Shop,
) -> None:
    await paid(shop)
    await shop.plan("refund_notice_early")
    assert await shop.refund_code(90_000) == "U REFUND_IN_PROCESS"
    # Before anything else could happen: nobody has waited.
    assert shop.summaries == [PAID, REFUNDED]
    assert await shop.refund_code(90_000) == "S SUCCESS"
    assert await shop.moved() == ["CHARGE 131400", "REFUND 90000"]


async def test_an_unacknowledged_notification_of_a_refund_comes_eight_times(
    shop: Shop,
) -> None:
    await refund_under(shop, "refund_in_process")
    shop.answer = httpx.Response(404)
    for _ in range(30):
        await shop.wait(hours=1)
    assert shop.summaries == [PAID, *[REFUNDED] * 8]


async def test_the_sandbox_sends_everything_only_once(shop: Shop) -> None:
    shop.answer = httpx.Response(503)
    await shop.plan("sent_once")
    await refund_under(shop, "refund_in_process")
    for _ in range(30):
        await shop.wait(hours=1)
    assert shop.summaries == [PAID, REFUNDED]


async def test_a_notification_can_be_sent_by_hand(shop: Shop) -> None:
    await refund_under(shop, "refund_notice_lost")
    early = await shop.by_hand("refunds/refund-1/notify")
    assert early.status_code == 409
    await shop.wait(minutes=1)
    assert shop.summaries == [PAID]
    assert (await shop.by_hand("refunds/refund-1/notify")).is_success
    assert shop.summaries == [PAID, REFUNDED]
    assert (await shop.by_hand("refunds/other/notify")).status_code == 404


@pytest.mark.parametrize("named", [True, False])
async def test_a_refund_of_the_portal_is_notified_at_the_dashboards_url_if_any(
    config: SimulatorConfig, merchant_key: RSAPrivateKey, *, named: bool
) -> None:
    config = config if named else replace(config, refund_notify_url=None)
    async with Shop(config, merchant_key, MovableClock()).open() as shop:
        await shop.call("pay", a_pay())
        await shop.customer("pay")
        await shop.customer("refund")
        assert shop.summaries == [PAID, *[REFUNDED] * named]
