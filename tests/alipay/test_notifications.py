"""Notifications: verified first, read after, and refused with only two errors."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from starlette.datastructures import Headers

from alipay.errors import MalformedNotificationError, SignatureVerificationError
from alipay.keys.rsa import AlipayKeys
from alipay.messages import Message
from alipay.models import Amount, Notification
from alipay.notifications import ACKNOWLEDGEMENT, NotificationReader
from alipay.signing import sign
from tests.alipay.gateway import CLIENT_ID
from tests.samples.reading import changed, sample

PATH = "/alipay/notifications/payment"
TIME = "2026-09-01T10:02:41Z"
PAID = sample("20")


@pytest.fixture(scope="module")
def reader(alipay_key: RSAPrivateKey) -> NotificationReader:
    return NotificationReader(
        path=PATH,
        client_id=CLIENT_ID,
        alipay_keys=AlipayKeys({"1": alipay_key.public_key()}),
    )


def headers_of(
    body: bytes,
    key: RSAPrivateKey,
    *,
    path: str = PATH,
    time: str = TIME,
    client_id: str = CLIENT_ID,
) -> dict[str, str]:
    message = Message("POST", path, client_id, time, body)
    return {
        "Signature": sign(message, key),
        "Request-Time": time,
        "Client-Id": client_id,
        "Content-Type": "application/json",
    }


# ---- published notifications ----


@pytest.mark.parametrize(
    ("name", "notify_type", "status", "value"),
    [
        ("20", "PAYMENT_RESULT", "S", 15000000),
        ("21", "PAYMENT_RESULT", "F", 131400),
        ("22", "PAYMENT_PENDING", "S", 1212),
    ],
)
def test_the_published_notifications_are_read(
    name: str,
    notify_type: str,
    status: str,
    value: int,
    reader: NotificationReader,
    alipay_key: RSAPrivateKey,
) -> None:
    body = sample(name)
    signed = reader.parse_notification(headers_of(body, alipay_key), body)
    assert signed.content.notify_type == notify_type
    result, amount = signed.content.result, signed.content.payment_amount
    assert result is not None
    assert amount is not None
    assert (result.result_status, amount.value) == (status, value)
    assert signed.message == Message("POST", PATH, CLIENT_ID, TIME, body)


def test_unknown_fields_are_kept_and_numbers_are_read(
    reader: NotificationReader, alipay_key: RSAPrivateKey
) -> None:
    body = changed(
        PAID,
        paymentId=42,
        paymentAmount={"currency": "PHP", "value": 131400},
        inventedNextYear=[1, 2],
    )
    content = reader.parse_notification(headers_of(body, alipay_key), body).content
    assert content.payment_id == "42"
    assert content.payment_amount == Amount(currency="PHP", value=131400)
    assert (content.model_extra or {})["inventedNextYear"] == [1, 2]


def test_the_names_of_headers_are_read_in_any_case(
    reader: NotificationReader, alipay_key: RSAPrivateKey
) -> None:
    headers = headers_of(PAID, alipay_key)
    for spelling in (str.lower, str.upper, str.title):
        reader.parse_notification({spelling(k): v for k, v in headers.items()}, PAID)


def test_the_acknowledgement_is_the_one_alipay_wants() -> None:
    assert ACKNOWLEDGEMENT == {
        "result": {
            "resultCode": "SUCCESS",
            "resultStatus": "S",
            "resultMessage": "success",
        }
    }


# ---- unproven messages ----


@pytest.mark.parametrize("header", ["Signature", "Request-Time", "Client-Id"])
@pytest.mark.parametrize("value", [None, "", " ", "other"])
def test_a_missing_or_wrong_header_proves_nothing(
    header: str,
    value: str | None,
    reader: NotificationReader,
    alipay_key: RSAPrivateKey,
) -> None:
    headers = headers_of(PAID, alipay_key)
    del headers[header]
    if value is not None:
        headers[header] = value
    with pytest.raises(SignatureVerificationError):
        reader.parse_notification(headers, PAID)


@pytest.mark.parametrize("header", ["signature", "request-time", "client-id"])
def test_a_header_that_comes_twice_leaves_open_which_was_signed(
    header: str, reader: NotificationReader, alipay_key: RSAPrivateKey
) -> None:
    raw = [
        (name.lower().encode(), value.encode())
        for name, value in headers_of(PAID, alipay_key).items()
    ]
    for twice in ([*raw, (header.encode(), b"x")], [(header.encode(), b"x"), *raw]):
        with pytest.raises(SignatureVerificationError, match=header):
            reader.parse_notification(Headers(raw=twice), PAID)


def test_a_header_that_comes_twice_in_two_cases_is_refused_too(
    reader: NotificationReader, alipay_key: RSAPrivateKey
) -> None:
    headers = {**headers_of(PAID, alipay_key), "signature": "x"}
    with pytest.raises(SignatureVerificationError, match="twice"):
        reader.parse_notification(headers, PAID)


@pytest.mark.parametrize("at", [0, len(PAID) // 2, len(PAID) - 1])
def test_one_changed_byte_proves_nothing(
    at: int, reader: NotificationReader, alipay_key: RSAPrivateKey
) -> None:
    forged = PAID[:at] + bytes([PAID[at] ^ 1]) + PAID[at + 1 :]
    with pytest.raises(SignatureVerificationError, match="does not match"):
        reader.parse_notification(headers_of(PAID, alipay_key), forged)


def test_a_message_for_another_path_client_or_key_proves_nothing(
    reader: NotificationReader,
    alipay_key: RSAPrivateKey,
    merchant_key: RSAPrivateKey,
) -> None:
    elsewhere = headers_of(PAID, alipay_key, path="/alipay/notifications/refund")
    to_another = headers_of(PAID, alipay_key, client_id="5J9999999999999999")
    by_another = headers_of(PAID, merchant_key)
    disguised = {**to_another, "Client-Id": CLIENT_ID}
    for headers in (elsewhere, to_another, by_another, disguised):
        with pytest.raises(SignatureVerificationError):
            reader.parse_notification(headers, PAID)


ODD_VALUES: list[object] = [
    "", "-1", "1.5", "1e3", " 1", "\u0661", "9" * 17, 1.5, True, [],
]  # fmt: skip
MALFORMED = {
    "empty": b"",
    "not JSON": b"result=SUCCESS",
    "cut": PAID[:-10],
    "a list": b"[]",
    "null": b"null",
    "not UTF-8": b'{"notifyType":"\xff"}',
    "UTF-16": PAID.decode().encode("utf-16"),
    "deep": b"[" * 60_000,
    "a number of 10,000 digits": b"1" * 10_000,
    "a doubled key": PAID.replace(
        b'"paymentAmount"',
        b'"paymentAmount":{"currency":"X","value":"1"},"paymentAmount"',
    ),
    "a doubled key further in": PAID.replace(
        b'"value": "15000000"', b'"value": "1", "value": "15000000"', 1
    ),
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_a_signed_body_of_another_shape_is_malformed(
    body: bytes, reader: NotificationReader, alipay_key: RSAPrivateKey
) -> None:
    with pytest.raises(MalformedNotificationError) as refusal:
        reader.parse_notification(headers_of(body, alipay_key), body)
    # It goes into a log and into an answer.
    assert len(str(refusal.value)) < 1000
    assert "15000000" not in str(refusal.value)


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_a_body_is_not_parsed_before_it_is_verified(
    body: bytes, reader: NotificationReader, merchant_key: RSAPrivateKey
) -> None:
    with pytest.raises(SignatureVerificationError):
        reader.parse_notification(headers_of(body, merchant_key), body)


def test_the_samples_contain_the_duplicate_keys() -> None:
    assert MALFORMED["a doubled key"] != PAID != MALFORMED["a doubled key further in"]


# ---- malformed fields ----


def read(reader: NotificationReader, key: RSAPrivateKey, body: bytes) -> Notification:
    return reader.parse_notification(headers_of(body, key), body).content


@pytest.mark.parametrize("value", ODD_VALUES, ids=repr)
def test_an_unreadable_amount_is_left_out_and_the_rest_is_read(
    value: object, reader: NotificationReader, alipay_key: RSAPrivateKey
) -> None:
    body = changed(PAID, paymentAmount={"currency": "IDR", "value": value})
    content = read(reader, alipay_key, body)
    assert content.payment_amount is None
    assert content.payment_request_id == "PAY-20260901-000002"


UNREADABLE: dict[str, list[object]] = {
    "paymentAmount": ["15000000", 1, [], {}, {"currency": "IDR"}, {"value": "1"}],
    "result": ["S", [], {}, {"resultStatus": "S"}, {"resultCode": "SUCCESS"}],
    "paymentRequestId": [{"a": 1}, [], True, "PAY\ud83d_1"],
    "paymentId": [{"a": 1}, [], True, "2026\ud83d"],
    "notifyType": [{"a": 1}, [], True, "PAYMENT_RESULT\ud83d"],
    "paymentTime": [{"a": 1}, []],
    "paymentCreateTime": [{"a": 1}, []],
}


@pytest.mark.parametrize("field", UNREADABLE)
def test_a_field_that_cannot_be_read_is_as_good_as_missing(
    field: str, reader: NotificationReader, alipay_key: RSAPrivateKey
) -> None:
    without = read(reader, alipay_key, changed(PAID, **{field: None}))
    assert without != read(reader, alipay_key, PAID)
    for value in UNREADABLE[field]:
        assert read(reader, alipay_key, changed(PAID, **{field: value})) == without


def test_half_a_currency_is_no_currency(
    reader: NotificationReader, alipay_key: RSAPrivateKey
) -> None:
    body = changed(PAID, paymentAmount={"currency": "ID\ud83d", "value": "1"})
    assert read(reader, alipay_key, body).payment_amount is None


def test_an_odd_message_does_not_hide_the_result(
    reader: NotificationReader, alipay_key: RSAPrivateKey
) -> None:
    result = {"resultCode": "SUCCESS", "resultStatus": "S", "resultMessage": []}
    said = read(reader, alipay_key, changed(PAID, result=result)).result
    assert said is not None
    assert (said.result_status, said.result_message) == ("S", None)


def test_a_decline_without_an_amount_is_read(
    reader: NotificationReader, alipay_key: RSAPrivateKey
) -> None:
    content = read(reader, alipay_key, sample("24"))
    assert content.result is not None
    assert content.result.result_code == "USER_BALANCE_NOT_ENOUGH"
    assert content.payment_request_id == "tea-7_1"
    assert content.payment_amount is None


def test_half_an_emoji_in_the_customers_name_does_not_hide_a_payment(
    reader: NotificationReader, alipay_key: RSAPrivateKey
) -> None:
    body = sample("25")
    signed = reader.parse_notification(headers_of(body, alipay_key), body)
    content = signed.content
    assert b"Mar\\ud83d***" in signed.message.body
    assert content.payment_amount == Amount(currency="PHP", value=25000)
    assert content.payment_id == "2026112400000000000008"
    json.dumps(content.model_dump(), ensure_ascii=False).encode()


# ---- other kinds of notifications ----


@pytest.mark.parametrize(
    ("name", "kind"),
    [("60", "REFUND_RESULT"), ("61", "REFUND_RESULT"), ("62", "DISPUTE_CREATED")],
)
def test_a_notification_of_another_kind_is_read(
    name: str, kind: str, reader: NotificationReader, alipay_key: RSAPrivateKey
) -> None:
    content = read(reader, alipay_key, sample(name))
    assert content.kind == kind
    assert not content.is_of_a_payment
    assert content.refund_request_id or content.dispute_id


def test_a_type_under_the_name_of_disputes_is_no_payments(
    reader: NotificationReader, alipay_key: RSAPrivateKey
) -> None:
    body = changed(PAID, notifyType=None, disputeNotificationType="PAYMENT_RESULT")
    assert not read(reader, alipay_key, body).is_of_a_payment
    assert read(reader, alipay_key, PAID).is_of_a_payment
