"""What `pay` demands, answers, and answers the second time."""

import json
from typing import Any

import pytest

from tests.samples.reading import sample
from tests.simulator.shop import (
    BASE_URL,
    Body,
    Shop,
    a_pay,
    amount,
    with_wallet,
)

WAP = {"terminalType": "WAP", "osType": "ANDROID"}


async def test_pay_answers_in_process_with_a_cashier_page(shop: Shop) -> None:
    answer = await shop.pay(**with_wallet("ALIPAY_HK", "HKD", 10_000))
    # The text form repeats redirectActionForm; the gateway writes both, we write one.
    published = json.loads(sample("04-pay-response")).keys() - {"paymentActionForm"}
    assert answer.keys() == published
    assert answer["normalUrl"].startswith(f"{BASE_URL}/cashier/")
    assert answer["paymentAmount"] == amount("HKD", 10_000)
    assert answer["paymentCreateTime"] == "2026-09-01T03:00:00-07:00"
    assert answer["orderCodeForm"]["expireTime"] == "2026-09-01T03:14:00-07:00"


async def test_a_phone_gets_the_links_of_its_wallet(shop: Shop) -> None:
    answer = await shop.pay(env=WAP, **with_wallet("KREDIVO_ID", "IDR"))
    assert answer.keys() >= json.loads(sample("05-pay-response")).keys()
    assert answer["schemeUrl"].startswith("kredivoid://")
    assert answer["appIdentifier"] == "com.finaccel.android"
    iphone = await shop.pay(
        paymentRequestId="order-2_1", env={"terminalType": "APP", "osType": "IOS"}
    )
    assert "applinkUrl" in iphone
    assert not iphone.keys() & {"schemeUrl", "orderCodeForm", "appIdentifier"}


@pytest.mark.parametrize("name", ["01", "02", "03"])
async def test_the_published_requests_are_accepted(shop: Shop, name: str) -> None:
    body = json.loads(sample(f"{name}-pay-request"))
    assert await shop.code("pay", body) == "U PAYMENT_IN_PROCESS"


ORDER = a_pay()["order"]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"productCode": "AGREEMENT_PAYMENT"}, "PARAM_ILLEGAL", "productCode"),
        ({"paymentRequestId": None}, "PARAM_ILLEGAL", "paymentRequestId"),
        ({"paymentRequestId": "a" * 65}, "PARAM_ILLEGAL", "paymentRequestId"),
        ({"paymentRequestId": "order 1"}, "PARAM_ILLEGAL", "paymentRequestId"),
        ({"paymentRequestId": 1}, "PARAM_ILLEGAL", "paymentRequestId"),
        ({"order": None}, "PARAM_ILLEGAL", "order"),
        (
            {"order": {**ORDER, "referenceOrderId": ""}},
            "PARAM_ILLEGAL",
            "order.referenceOrderId",
        ),
        (
            {"order": {**ORDER, "orderDescription": "x" * 257}},
            "PARAM_ILLEGAL",
            "order.orderDescription",
        ),
        ({"paymentAmount": amount("PHP", 0)}, "PARAM_ILLEGAL", "paymentAmount.value"),
        ({"paymentAmount": amount("PHP", -1)}, "PARAM_ILLEGAL", "paymentAmount.value"),
        (
            {"paymentAmount": {"currency": "PHP", "value": 100}},
            "PARAM_ILLEGAL",
            "paymentAmount.value",
        ),
        (
            {"paymentAmount": {"currency": "PHP", "value": "1.00"}},
            "PARAM_ILLEGAL",
            "paymentAmount.value",
        ),
        (
            {"paymentAmount": amount("XXX", 100)},
            "CURRENCY_NOT_SUPPORT",
            "paymentAmount.currency",
        ),
        (
            {"paymentAmount": amount("USD", 100)},
            "CURRENCY_NOT_SUPPORT",
            "paymentAmount.currency",
        ),
        (with_wallet("DANA", "IDR", 1_500_050), "PARAM_ILLEGAL", "paymentAmount.value"),
        (with_wallet("JKOPAY", "TWD", 150), "PARAM_ILLEGAL", "paymentAmount.value"),
        (with_wallet("g-cash", "PHP"), "PARAM_ILLEGAL", "paymentMethodType"),
        ({"paymentRedirectUrl": None}, "PARAM_ILLEGAL", "paymentRedirectUrl"),
        ({"paymentRedirectUrl": "/orders/1"}, "PARAM_ILLEGAL", "paymentRedirectUrl"),
        ({"paymentNotifyUrl": "ftp://a/b"}, "PARAM_ILLEGAL", "paymentNotifyUrl"),
        ({"paymentNotifyUrl": "http://[a/b"}, "PARAM_ILLEGAL", "paymentNotifyUrl"),
        ({"paymentNotifyUrl": "http://a:99999/b"}, "PARAM_ILLEGAL", "paymentNotifyUrl"),
        ({"paymentNotifyUrl": "http://:80/b"}, "PARAM_ILLEGAL", "paymentNotifyUrl"),
        ({"env": {"terminalType": "WAP"}}, "PARAM_ILLEGAL", "env.osType"),
        ({"env": {"terminalType": "TV"}}, "PARAM_ILLEGAL", "env.terminalType"),
        (
            {"settlementStrategy": {"settlementCurrency": "XXX"}},
            "SETTLE_CONTRACT_NOT_MATCH",
            "settlementCurrency",
        ),
        ({"paymentExpiryTime": "soon"}, "PARAM_ILLEGAL", "paymentExpiryTime"),
        (
            {"paymentExpiryTime": "2026-09-01T10:05:00"},
            "PARAM_ILLEGAL",
            "paymentExpiryTime",
        ),
        (
            {"paymentExpiryTime": "2026-09-01T17:59:59+08:00"},
            "PARAM_ILLEGAL",
            "paymentExpiryTime",
        ),
        (
            {"paymentExpiryTime": "2026-09-01T10:20:00Z"},
            "PARAM_ILLEGAL",
            "paymentExpiryTime",
        ),
    ],
)
async def test_bad_input_is_refused_and_names_the_field(
    shop: Shop, changes: dict[str, Any], code: str, field: str
) -> None:
    result = (await shop.pay(**changes))["result"]
    assert (result["resultStatus"], result["resultCode"]) == ("F", code)
    assert field in result["resultMessage"]
    assert not shop.simulation.register.payments


@pytest.mark.parametrize(
    "time",
    [
        "9999-12-31T23:59:59-12:00",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00+12:00",
    ],
)
async def test_an_expiry_time_at_the_end_of_the_calendar_is_refused(
    shop: Shop, time: str
) -> None:
    body = a_pay(**with_wallet("MAYA", "PHP"), paymentExpiryTime=time)
    assert await shop.code("pay", body) == "F PARAM_ILLEGAL"


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(a_pay(order=ORDER | {"orderDescription": "a\ud800"})).encode(),
        json.dumps(a_pay(paymentRequestId="\udfff")).encode(),
        json.dumps({"\ud800": "a"}).encode(),
        b'{"paymentRequestId": "\xed\xa0\x80"}',
    ],
)
async def test_half_of_a_surrogate_pair_is_refused(shop: Shop, body: bytes) -> None:
    answer = (await shop.send("pay", body)).json()
    assert answer["result"]["resultCode"] == "PARAM_ILLEGAL"
    assert not shop.simulation.register.payments


async def test_a_whole_surrogate_pair_is_a_character(shop: Shop) -> None:
    coffee = ORDER | {"orderDescription": "\N{SLICE OF PIZZA}"}
    assert await shop.code("pay", a_pay(order=coffee)) == "U PAYMENT_IN_PROCESS"
    (payment,) = shop.simulation.register.payments
    assert payment.description == "\N{SLICE OF PIZZA}"


async def test_a_repeated_pay_creates_no_second_payment(shop: Shop) -> None:
    assert await shop.pay() == await shop.pay()
    (payment,) = shop.simulation.register.payments
    assert payment.pay_calls == 2


async def test_a_repeat_of_a_paid_one_is_in_process_without_a_page(shop: Shop) -> None:
    await shop.pay()
    await shop.customer("pay")
    answer = await shop.pay()
    assert answer.keys() == json.loads(sample("06-pay-response")).keys()
    assert await shop.moved() == ["CHARGE 131400"]


async def test_a_repeat_of_a_failed_one_is_closed(shop: Shop) -> None:
    await shop.pay()
    await shop.customer("decline")
    assert await shop.code("pay", a_pay()) == "F ORDER_IS_CLOSED"


async def test_a_repeat_of_an_expired_one_is_closed(shop: Shop) -> None:
    await shop.pay()
    shop.clock.advance(minutes=14)
    assert await shop.code("pay", a_pay()) == "F ORDER_IS_CLOSED"


async def test_a_repeat_with_its_own_expiry_time_is_closed_after_that_time(
    shop: Shop,
) -> None:
    body = a_pay(paymentExpiryTime="2026-09-01T10:02:00Z")
    assert await shop.code("pay", body) == "U PAYMENT_IN_PROCESS"
    shop.clock.advance(minutes=3)
    assert await shop.code("pay", body) == "F ORDER_IS_CLOSED"


async def test_a_repeat_of_one_cancelled_unpaid_is_closed(shop: Shop) -> None:
    await shop.pay()
    await shop.cancel()
    assert await shop.code("pay", a_pay()) == "F ORDER_IS_CLOSED"


async def test_a_repeat_of_one_cancelled_after_payment_is_cancelled(shop: Shop) -> None:
    await shop.pay()
    await shop.customer("pay")
    await shop.cancel()
    assert await shop.code("pay", a_pay()) == "F ORDER_IS_CANCELED"


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        ({"paymentAmount": amount("PHP", 131_500)}, "paymentAmount"),
        (with_wallet("ALIPAY_CN", "CNY", 131_400), "paymentAmount"),
        (with_wallet("MAYA", "PHP", 131_400), "paymentMethodType"),
    ],
)
async def test_a_repeat_with_other_values_is_inconsistent_and_names_them(
    shop: Shop, changes: Body, differs: str
) -> None:
    await shop.pay()
    result = (await shop.pay(**changes))["result"]
    assert (result["resultStatus"], result["resultCode"]) == (
        "F",
        "REPEAT_REQ_INCONSISTENT",
    )
    assert differs in result["resultMessage"]


async def test_another_id_for_the_same_order_is_a_second_payment(shop: Shop) -> None:
    first, second = await shop.pay(), await shop.pay(paymentRequestId="order-1_2")
    assert first["paymentId"] != second["paymentId"]
    await shop.customer("pay")
    await shop.customer("pay", "order-1_2")
    assert await shop.moved() == ["CHARGE 131400", "CHARGE 131400"]


async def test_an_id_of_another_client_is_refused(shop: Shop) -> None:
    await shop.pay()
    path, client_id = "/ams/api/v1/payments/pay", "5J0000000000000000"
    answer = await shop.call("pay", a_pay(), client_id=client_id, path=path)
    assert answer["result"]["resultCode"] == "ACCESS_DENIED"


async def test_a_notify_url_is_not_required(shop: Shop) -> None:
    await shop.pay(paymentNotifyUrl=None)
    await shop.customer("pay")
    assert await shop.status() == "SUCCESS"
    assert not shop.heard
