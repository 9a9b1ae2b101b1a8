"""Notifications: what they say, who signed them, and how often they come."""

import json
from dataclasses import replace

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from simulator.config import SimulatorConfig
from simulator.payments.notifier import GAPS
from tests.samples.reading import sample
from tests.simulator.shop import ACK, MovableClock, Shop


async def test_a_payment_is_notified_signed(shop: Shop) -> None:
    await shop.pay()
    await shop.customer("pay")
    (heard,) = shop.heard
    assert heard.proven
    assert heard.time == "2026-09-01T10:00:00Z"
    assert heard.body.keys() == json.loads(sample("20-notify")).keys()
    assert heard.body["result"]["resultStatus"] == "S"


async def test_a_dispute_is_notified_signed_under_its_own_type(shop: Shop) -> None:
    await shop.pay()
    await shop.customer("pay")
    await shop.customer("dispute")
    await shop.customer("dispute?kind=DISPUTE_JUDGED")
    assert shop.summaries[1:] == ["DISPUTE_CREATED", "DISPUTE_JUDGED"]
    assert all(heard.proven for heard in shop.heard)
    body = shop.heard[1].body
    assert body.keys() <= json.loads(sample("62-notify")).keys()
    assert body["paymentRequestId"] == "order-1_1"
    assert await shop.moved() == ["CHARGE 131400"]


async def test_a_declined_payment_is_notified_as_failed(shop: Shop) -> None:
    await shop.pay()
    await shop.customer("decline")
    assert shop.summaries == ["PAYMENT_RESULT F"]
    assert shop.heard[0].body["result"]["resultCode"] == "USER_BALANCE_NOT_ENOUGH"
    assert (await shop.inquire())["paymentResultCode"] == "USER_BALANCE_NOT_ENOUGH"


async def test_an_unacknowledged_notification_comes_8_times_in_24_hours(
    shop: Shop,
) -> None:
    shop.answer = httpx.Response(503)
    await shop.pay()
    await shop.customer("pay")
    for sends, gap in enumerate(GAPS[1:], start=1):
        assert len(shop.heard) == sends
        await shop.wait(seconds=gap.total_seconds() - 1)
        assert len(shop.heard) == sends
        await shop.wait(seconds=1)
    await shop.wait(days=2)
    assert len(shop.heard) == len(GAPS) == 8
    assert len({heard.time for heard in shop.heard}) == 8
    assert all(heard.proven for heard in shop.heard)
    payment = (await shop.http.get("/control/payments/order-1_1")).json()
    (notification,) = payment["notifications"]
    assert [one["status"] for one in notification["deliveries"]] == [503] * 8
    assert notification["next_at"] is None


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="success"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"result": {"resultStatus": "S"}}),
        httpx.Response(
            200, json={"result": {"resultCode": "SUCCESS", "resultStatus": "F"}}
        ),
        httpx.Response(202, json=ACK),
        httpx.Response(200, json={"result": ACK["result"] | {"resultMessage": "ok"}}),
        httpx.Response(
            200, json={"result": {"resultCode": "SUCCESS", "resultStatus": "S"}}
        ),
        httpx.Response(200, json=ACK | {"extra": "field"}),
        httpx.Response(200, json={"result": ACK["result"] | {"extra": "field"}}),
        httpx.Response(200, content=b"\xff"),
    ],
)
async def test_only_the_right_acknowledgement_ends_the_resending(
    shop: Shop, answer: httpx.Response
) -> None:
    shop.answer = answer
    await shop.pay()
    await shop.customer("pay")
    shop.answer = httpx.Response(200, json=ACK)
    await shop.wait(minutes=2)
    await shop.wait(hours=24)
    assert len(shop.heard) == 2


async def test_blanks_and_order_do_not_matter_in_an_acknowledgement(
    shop: Shop,
) -> None:
    backwards = {"result": dict(reversed(ACK["result"].items()))}
    shop.answer = httpx.Response(200, text=json.dumps(backwards, indent=4))
    await shop.pay()
    await shop.customer("pay")
    await shop.wait(hours=24)
    assert len(shop.heard) == 1


async def test_a_deeply_nested_acknowledgement_is_recorded_and_sent_again(
    shop: Shop,
) -> None:
    shop.answer = httpx.Response(200, content=b'{"result":' * 100_000)
    await shop.pay()
    await shop.customer("pay")
    payment = (await shop.http.get("/control/payments/order-1_1")).json()
    (delivery,) = payment["notifications"][0]["deliveries"]
    assert (delivery["status"], delivery["acknowledged"]) == (200, False)
    await shop.wait(minutes=2)
    assert len(shop.heard) == 2


async def test_the_clock_factor_shortens_the_gaps(
    config: SimulatorConfig, merchant_key: RSAPrivateKey
) -> None:
    fast = replace(config, clock_factor=60)
    async with Shop(fast, merchant_key, MovableClock()).open() as shop:
        shop.answer = httpx.Response(500)
        await shop.pay()
        await shop.customer("pay")
        await shop.wait(seconds=2)
        assert len(shop.heard) == 2


async def test_the_configured_url_serves_when_pay_names_none(
    config: SimulatorConfig, merchant_key: RSAPrivateKey
) -> None:
    named = replace(config, notify_url="https://shop.example/default")
    async with Shop(named, merchant_key, MovableClock()).open() as shop:
        await shop.pay(paymentNotifyUrl=None)
        await shop.customer("pay")
        assert shop.summaries == ["PAYMENT_RESULT S"]


async def test_a_host_that_cannot_be_decoded_is_recorded(shop: Shop) -> None:
    await shop.pay(paymentNotifyUrl="http://xn--zzzzzzz999/notify")
    await shop.customer("pay")
    payment = (await shop.http.get("/control/payments/order-1_1")).json()
    (delivery,) = payment["notifications"][0]["deliveries"]
    assert (delivery["status"], delivery["problem"]) == (None, "IDNAError")


async def test_an_unreachable_shop_is_recorded(
    config: SimulatorConfig, merchant_key: RSAPrivateKey
) -> None:
    class Unreachable(Shop):
        def _hear(self, request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("refused", request=request)

    async with Unreachable(config, merchant_key, MovableClock()).open() as shop:
        await shop.pay()
        await shop.customer("pay")
        payment = (await shop.http.get("/control/payments/order-1_1")).json()
        (delivery,) = payment["notifications"][0]["deliveries"]
        assert (delivery["status"], delivery["problem"]) == (None, "ConnectError")
