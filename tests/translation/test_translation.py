"""Between contracts and messages: requests, the choice of the URL, the expiry."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from temporalio.contrib.pydantic import pydantic_data_converter

from alipay.keys.rsa import AlipayKeys
from alipay.messages import Message
from alipay.models import PayResponse
from alipay.notifications import NotificationReader, SignedNotification
from alipay.signing import sign, verify
from contracts import (
    Customer,
    Device,
    Goods,
    Money,
    Order,
    PaymentNotified,
    Settlement,
    Terminal,
)
from tests.activities.asking import NOTIFY_URL, a_pay_call
from tests.alipay.gateway import CLIENT_ID
from tests.builders import an_order
from tests.samples.reading import changed, sample
from translation.answers import choose_cashier, expiry_of
from translation.notifications import order_notified_of, to_payment_notified
from translation.requests import to_pay_request

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def sent_for(order: Order, expires_at: datetime | None = None) -> dict[str, Any]:
    call = a_pay_call(order, number=2, expires_at=expires_at)
    fields: dict[str, Any] = json.loads(
        to_pay_request(call, notify_url=NOTIFY_URL).to_wire()
    )
    return fields


def a_response(**changes: object) -> PayResponse:
    return PayResponse.model_validate({**json.loads(sample("05")), **changes})


# ---- requests ----


def test_a_plain_order_sends_only_the_required_fields() -> None:
    assert sent_for(an_order(order_id="order-1")) == {
        "productCode": "CASHIER_PAYMENT",
        "paymentRequestId": "order-1_2",
        "order": {
            "referenceOrderId": "order-1",
            "orderDescription": "Two cups of coffee",
            "orderAmount": {"currency": "PHP", "value": "131400"},
        },
        "paymentAmount": {"currency": "PHP", "value": "131400"},
        "paymentMethod": {"paymentMethodType": "GCASH"},
        "paymentRedirectUrl": "https://shop.example/return",
        "paymentNotifyUrl": NOTIFY_URL,
        "env": {"terminalType": "WEB"},
    }


def test_all_that_the_shop_knows_is_sent() -> None:
    order = an_order(
        settlement_currency="USD",
        terminal=Terminal(type="APP", os="IOS"),
        goods=[
            Goods(
                id="cup",
                name="Cup",
                category="Drinks/Coffee",
                unit_amount=Money(currency="PHP", value=65700),
                quantity=2,
                url="https://shop.example/cup",
                delivery="PHYSICAL",
            )
        ],
        customer=Customer(id="c1", first_name="Ana", email="ana@mail.example"),
        client=Device(ip="203.0.113.10", language="en", user_agent="Mozilla"),
    )
    sent = sent_for(order)
    assert sent["settlementStrategy"] == {"settlementCurrency": "USD"}
    assert sent["order"]["goods"] == [
        {
            "referenceGoodsId": "cup",
            "goodsName": "Cup",
            "goodsCategory": "Drinks/Coffee",
            "goodsUnitAmount": {"currency": "PHP", "value": "65700"},
            "goodsQuantity": "2",
            "goodsUrl": "https://shop.example/cup",
            "deliveryMethodType": "PHYSICAL",
        }
    ]
    assert sent["order"]["buyer"] == {
        "referenceBuyerId": "c1",
        "buyerName": {"firstName": "Ana"},
        "buyerEmail": "ana@mail.example",
    }
    assert sent["env"] == {
        "terminalType": "APP",
        "osType": "IOS",
        "clientIp": "203.0.113.10",
        "deviceLanguage": "en",
        "browserInfo": {"userAgent": "Mozilla"},
    }


def test_an_expiry_is_sent_with_its_offset_and_without_fractions() -> None:
    expires_at = datetime(2026, 11, 24, 3, 8, 0, 999, tzinfo=UTC)
    sent = sent_for(an_order(), expires_at)
    assert sent["paymentExpiryTime"] == "2026-11-24T03:08:00+00:00"


# ---- the page ----

NORMAL, SCHEME, APPLINK = "https://page.example", "kredivo://x", "https://link.example"
ALL = {"normalUrl": NORMAL, "schemeUrl": SCHEME, "applinkUrl": APPLINK}


def only(*kinds: str) -> dict[str, str | None]:
    return {name: url if name in kinds else None for name, url in ALL.items()}


@pytest.mark.parametrize(
    ("terminal", "os", "urls", "kind", "url"),
    [
        ("WEB", None, ALL, "normal", NORMAL),
        ("WEB", "IOS", ALL, "normal", NORMAL),
        ("WEB", None, only("applinkUrl", "schemeUrl"), "applink", APPLINK),
        ("WAP", "IOS", ALL, "applink", APPLINK),
        ("APP", "IOS", ALL, "applink", APPLINK),
        ("APP", "IOS", only("schemeUrl", "normalUrl"), "scheme", SCHEME),
        ("WAP", "ANDROID", ALL, "scheme", SCHEME),
        ("APP", "ANDROID", ALL, "scheme", SCHEME),
        ("APP", "ANDROID", only("applinkUrl", "normalUrl"), "applink", APPLINK),
        ("APP", "ANDROID", only("normalUrl"), "normal", NORMAL),
        ("WAP", None, ALL, "normal", NORMAL),
    ],
)
def test_the_url_fits_the_terminal(
    terminal: str, os: str | None, urls: dict[str, str], kind: str, url: str
) -> None:
    cashier = choose_cashier(a_response(**urls), Terminal(type=terminal, os=os))
    assert cashier is not None
    assert (cashier.kind, cashier.url) == (kind, url)


def test_the_older_form_is_a_page_where_no_url_is_given() -> None:
    form = {"method": "GET", "redirectUrl": NORMAL}
    response = a_response(**only(), redirectActionForm=form)
    cashier = choose_cashier(response, Terminal(type="WEB"))
    assert cashier is not None
    assert (cashier.kind, cashier.url) == ("normal", NORMAL)
    without = a_response(**only(), redirectActionForm={"method": "GET"})
    assert choose_cashier(without, Terminal(type="WEB")) is None
    assert choose_cashier(a_response(**only()), Terminal(type="WEB")) is None


# ---- the expiry ----


@pytest.mark.parametrize("skew", [-3600, 0, 3600], ids=["behind", "exact", "ahead"])
@pytest.mark.parametrize(
    ("age", "minutes_left"),
    [(0, 14), (60, 13), (840, 0), (9999, 0), (-60, 14)],
)
def test_the_default_expiry_counts_the_age_of_the_payment_and_not_our_clock(
    skew: int, age: int, minutes_left: int
) -> None:
    created = NOW + timedelta(seconds=skew)
    answered = (created + timedelta(seconds=age)).astimezone(
        timezone(timedelta(hours=-7))
    )
    response = a_response(
        paymentCreateTime=created.isoformat(), response_time=answered.isoformat()
    )
    expires_at = expiry_of(a_pay_call(an_order()), response, NOW)
    assert expires_at == NOW + timedelta(minutes=minutes_left)


@pytest.mark.parametrize("created", [None, "", "yesterday", "2026-11-24T03:00:00"])
@pytest.mark.parametrize("answered", [None, "1788256800000", "2026-11-24T03:00:00Z"])
def test_without_two_readable_times_the_payment_is_taken_for_new(
    created: str | None, answered: str | None
) -> None:
    response = a_response(paymentCreateTime=created, response_time=answered)
    expires_at = expiry_of(a_pay_call(an_order()), response, NOW)
    assert expires_at == NOW + timedelta(minutes=14)


def test_an_expiry_that_was_asked_for_holds() -> None:
    asked_for = NOW + timedelta(minutes=5)
    call = a_pay_call(an_order(), expires_at=asked_for)
    assert expiry_of(call, a_response(), NOW) == asked_for


# ---- notifications ----


def read_from(body: bytes, key: RSAPrivateKey) -> SignedNotification:
    """Sign a body as Alipay does, and read it as the API does."""
    message = Message("POST", "/notify", CLIENT_ID, "2026-09-01T10:02:41Z", body)
    reader = NotificationReader(
        path="/notify",
        client_id=CLIENT_ID,
        alipay_keys=AlipayKeys({"1": key.public_key()}),
    )
    headers = {
        "signature": sign(message, key),
        "request-time": message.time,
        "client-id": CLIENT_ID,
    }
    return reader.parse_notification(headers, body)


def test_a_decline_without_an_amount_is_handed_over(alipay_key: RSAPrivateKey) -> None:
    notified = to_payment_notified(read_from(sample("24"), alipay_key))
    assert (notified.notify_type, notified.result_status) == ("PAYMENT_RESULT", "F")
    assert notified.result_code == "USER_BALANCE_NOT_ENOUGH"
    assert notified.payment_request_id == "tea-7_1"
    assert notified.amount is None


async def test_half_an_emoji_reaches_neither_temporal_nor_a_log(
    alipay_key: RSAPrivateKey,
) -> None:
    body = changed(
        sample("25"),
        paymentTime="2026\ud83d",
        result={
            "resultCode": "SUCCESS",
            "resultStatus": "S",
            "resultMessage": "ok \ud83d",
        },
        settlementQuote={"quoteId": "Q\ud83d"},
    )
    notified = to_payment_notified(read_from(body, alipay_key))
    json.dumps(notified.model_dump(mode="json"), ensure_ascii=False).encode()
    payloads = await pydantic_data_converter.encode([notified])
    [read] = await pydantic_data_converter.decode(payloads, [PaymentNotified])
    assert read == notified
    assert notified.amount == Money(currency="PHP", value=25000)
    assert notified.result_message == "ok \ufffd"
    assert notified.evidence is not None
    assert notified.evidence.body.encode() == body


@pytest.mark.parametrize(
    ("changes", "order_id"),
    [
        ({"paymentRequestId": "tea-8_1"}, "tea-8"),
        ({"paymentRequestId": "tea-8_1", "notifyType": "PAYMENT_PENDING"}, "tea-8"),
        ({"paymentRequestId": "tea-8_1", "notifyType": "CAPTURE_RESULT"}, None),
        ({"paymentRequestId": "tea-8_1", "notifyType": None}, None),
        ({"paymentRequestId": "another-system"}, None),
        ({"paymentRequestId": None}, None),
    ],
)
def test_only_a_payment_notification_with_an_id_of_ours_is_for_a_payment(
    changes: dict[str, Any], order_id: str | None, alipay_key: RSAPrivateKey
) -> None:
    signed = read_from(changed(sample("20"), **changes), alipay_key)
    assert order_notified_of(signed.content) == order_id


async def test_a_notifications_evidence_still_proves_it_after_conversion(
    alipay_key: RSAPrivateKey,
) -> None:
    keys = AlipayKeys({"1": alipay_key.public_key()})
    body = sample("20").replace(b"success.", "sikerült \U0001f600".encode())
    signed = read_from(body, alipay_key)
    payloads = await pydantic_data_converter.encode([to_payment_notified(signed)])
    [read] = await pydantic_data_converter.decode(payloads, [PaymentNotified])
    assert isinstance(read, PaymentNotified)
    assert (read.notify_type, read.result_status) == ("PAYMENT_RESULT", "S")
    assert read.payment_request_id == "PAY-20260901-000002"
    assert read.amount == Money(currency="IDR", value=15000000)
    assert read.paid_at == "2026-09-01T03:02:40-07:00"
    assert read.settlement == Settlement(
        amount=Money(currency="USD", value=965),
        currency_pair="USD/IDR",
        price="15544.04",
        quote_id="Q-1",
    )
    evidence = read.evidence
    assert evidence is not None
    again = Message(
        evidence.method,
        evidence.path,
        evidence.client_id,
        evidence.time,
        evidence.body.encode(),
    )
    verify(again, evidence.signature, keys)
