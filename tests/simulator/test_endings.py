"""Inquiry, expiry and cancel: what becomes of a payment, and its money."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from simulator.config import SimulatorConfig
from simulator.requests.money import Money, settle
from tests.samples.reading import sample
from tests.simulator.shop import MovableClock, Shop, amount, with_wallet


def fields_of(name: str) -> set[str]:
    return set(json.loads(sample(name)))


async def test_an_open_payment_is_processing_and_shows_its_page(shop: Shop) -> None:
    url = (await shop.pay())["normalUrl"]
    answer = await shop.inquire()
    assert answer.keys() >= fields_of("32-inquiry")
    assert answer["paymentResultCode"] == "PAYMENT_IN_PROCESS"
    assert answer["redirectActionForm"]["redirectUrl"] == url


async def test_a_paid_payment_is_success_with_time_and_settlement(shop: Shop) -> None:
    await shop.pay()
    shop.clock.advance(minutes=2)
    await shop.customer("pay")
    answer = await shop.inquire()
    assert answer.keys() >= fields_of("31-inquiry")
    assert answer["paymentTime"] == "2026-09-01T03:02:00-07:00"
    assert answer["grossSettlementAmount"] == amount("USD", 2300)
    assert answer["settlementQuote"]["quoteCurrencyPair"] == "USD/PHP"
    assert answer["transactions"] is None


def test_exchange_respects_currencies_without_minor_units() -> None:
    assert settle(Money("JPY", 14_730), "USD").settled == Money("USD", 10_000)
    assert str(Money("JPY", 14_730)) == "JPY 14,730"
    assert str(Money("PHP", 131_400)) == "PHP 1,314.00"


async def test_paymentid_wins_over_the_request_id(shop: Shop) -> None:
    payment_id = (await shop.pay())["paymentId"]
    body = {"paymentId": payment_id, "paymentRequestId": "other_1"}
    assert await shop.code("inquiryPayment", body) == "S SUCCESS"
    assert await shop.code("inquiryPayment", {}) == "F PARAM_ILLEGAL"
    unknown = {"paymentRequestId": "other_1"}
    for api in ("inquiryPayment", "cancel"):
        assert await shop.code(api, unknown) == "F ORDER_NOT_EXIST"


async def test_an_unpaid_payment_expires_after_14_minutes(shop: Shop) -> None:
    await shop.pay()
    shop.clock.advance(minutes=13, seconds=59)
    assert await shop.status() == "PROCESSING"
    shop.clock.advance(seconds=1)
    answer = await shop.inquire()
    assert answer.keys() >= fields_of("33-inquiry")
    assert (answer["paymentStatus"], answer["paymentResultCode"]) == (
        "FAIL",
        "PROCESS_FAIL",
    )


async def test_expiry_is_notified_without_anybody_asking(shop: Shop) -> None:
    await shop.pay()
    await shop.wait(minutes=14)
    # Not at the very instant, which may not have come yet by the merchant's clock.
    assert not shop.heard
    await shop.wait(seconds=3)
    (heard,) = shop.heard
    assert heard.body.keys() == fields_of("21-notify")
    assert heard.body["result"]["resultCode"] == "ORDER_IS_CLOSED"
    assert heard.proven


async def test_the_merchant_may_set_the_expiry(shop: Shop) -> None:
    await shop.pay(paymentExpiryTime="2026-09-01T18:02:00+08:00")
    shop.clock.advance(minutes=2)
    assert await shop.status() == "FAIL"


async def test_the_clock_factor_divides_durations(
    config: SimulatorConfig, merchant_key: RSAPrivateKey
) -> None:
    fast = replace(config, clock_factor=60)
    async with Shop(fast, merchant_key, MovableClock()).open() as shop:
        await shop.pay()
        await shop.pay(
            paymentRequestId="order-2_1", paymentExpiryTime="2026-09-01T10:02:00Z"
        )
        shop.clock.advance(seconds=2)
        assert await shop.status("order-2_1") == "FAIL"
        assert await shop.status() == "PROCESSING"
        shop.clock.advance(seconds=12)
        assert await shop.status() == "FAIL"


async def test_cancelling_an_unpaid_payment_closes_it(shop: Shop) -> None:
    await shop.pay()
    answer = await shop.call("cancel", {"paymentRequestId": "order-1_1"})
    assert answer.keys() == fields_of("41-cancel")
    assert await shop.cancel() == "S SUCCESS"
    inquiry = await shop.inquire()
    assert inquiry.keys() >= fields_of("34-inquiry")
    assert inquiry["paymentResultCode"] == "SUCCESS"
    assert "paymentTime" not in inquiry
    assert (await shop.http.post("/control/payments/order-1_1/pay")).status_code == 409
    assert await shop.moved() == []
    assert not shop.heard


async def test_cancelling_a_paid_payment_returns_the_money_once(shop: Shop) -> None:
    await shop.pay()
    await shop.customer("pay")
    assert await shop.cancel() == "S SUCCESS"
    assert await shop.cancel() == "S SUCCESS"
    assert await shop.moved() == ["CHARGE 131400", "RETURN 131400"]
    assert shop.simulation.ledger.nets() == {"ORDER-1001": {"PHP": 0}}
    assert "paymentTime" in await shop.inquire()


@pytest.mark.parametrize(
    ("time", "answer"),
    [
        (datetime(2026, 9, 1, 16, 14, 59, tzinfo=UTC), "S SUCCESS"),
        (datetime(2026, 9, 1, 16, 15, tzinfo=UTC), "F CANCEL_WINDOW_EXCEED"),
    ],
)
async def test_the_cancel_window_ends_at_a_quarter_past_midnight_in_utc_plus_8(
    shop: Shop, time: datetime, answer: str
) -> None:
    await shop.pay()
    await shop.customer("pay")
    shop.clock.now = time
    assert await shop.cancel() == answer


@pytest.mark.parametrize(
    ("wallet", "currency"),
    [
        ("DANA", "IDR"),
        ("OVO", "IDR"),
        ("GOPAY_ID", "IDR"),
        ("KREDIVO_ID", "IDR"),
        ("AKULAKU_PAYLATER", "IDR"),
        ("LINKAJA", "IDR"),
        ("JKOPAY", "TWD"),
    ],
)
async def test_some_wallets_cannot_be_cancelled(
    shop: Shop, wallet: str, currency: str
) -> None:
    await shop.pay(**with_wallet(wallet, currency))
    assert await shop.cancel() == "F PAYMENT_METHOD_NOT_SUPPORTED"
    await shop.customer("pay")
    assert await shop.cancel() == "F PAYMENT_METHOD_NOT_SUPPORTED"


async def test_a_declined_or_expired_payment_cannot_be_cancelled(shop: Shop) -> None:
    await shop.pay()
    await shop.customer("decline")
    assert await shop.cancel() == "F ORDER_STATUS_INVALID"
    await shop.pay(paymentRequestId="order-1_2")
    shop.clock.advance(minutes=14)
    assert await shop.cancel("order-1_2") == "F ORDER_STATUS_INVALID"
