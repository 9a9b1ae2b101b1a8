"""The requests the client signs, and the responses it believes."""

from collections.abc import Callable

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from alipay.answers import path_of
from alipay.client import AlipayClient, open_connections
from alipay.errors import NoVerdictError, RejectedError, UnprovenResponseError
from alipay.keys.rsa import AlipayKeys
from alipay.messages import Message
from alipay.signing import verify
from tests.alipay.gateway import (
    CLIENT_ID,
    HOST,
    Answering,
    a_client,
    a_pay_request,
    signed,
    unsigned,
)
from tests.samples.reading import changed, sample

PAID = sample("31")
AnswersWith = Callable[[Answering], AlipayClient]


@pytest.fixture
def answers_with(merchant_key: RSAPrivateKey, alipay_key: RSAPrivateKey) -> AnswersWith:
    return lambda answering: a_client(answering, merchant_key, alipay_key)


def tampered(
    answering: Answering, change: Callable[[httpx.Response], None]
) -> Answering:
    def answer(request: httpx.Request) -> httpx.Response:
        response = answering(request)
        change(response)
        return response

    return answer


# ---- requests ----


@pytest.mark.parametrize(
    ("client_id", "path"),
    [
        (CLIENT_ID, "/ams/api/v1/payments/inquiryPayment"),
        ("SANDBOX_5Y00000000000000", "/ams/sandbox/api/v1/payments/inquiryPayment"),
    ],
    ids=["live", "sandbox"],
)
async def test_the_request_is_signed_over_the_path_and_the_bytes_sent(
    client_id: str, path: str, merchant_key: RSAPrivateKey, alipay_key: RSAPrivateKey
) -> None:
    sent: list[httpx.Request] = []

    def noting(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return signed(alipay_key, PAID, client_id=client_id)(request)

    client = a_client(
        noting, merchant_key, alipay_key, client_id=client_id, key_version=5
    )
    await client.inquire_payment("order-1_1")
    (request,) = sent
    assert str(request.url) == HOST + path
    assert request.method == "POST"
    assert request.headers["content-type"] == "application/json; charset=UTF-8"
    assert request.headers["client-id"] == client_id
    assert request.headers["request-time"].isdigit()
    assert len(request.headers["request-time"]) == len("1788256800000")
    assert request.content == b'{"paymentRequestId":"order-1_1"}'
    verify(
        Message(
            "POST", path, client_id, request.headers["request-time"], request.content
        ),
        request.headers["signature"],
        AlipayKeys({"5": merchant_key.public_key()}),
    )


def test_only_client_ids_of_the_sandbox_get_its_path() -> None:
    assert path_of("pay", "SANDBOX_1") == "/ams/sandbox/api/v1/payments/pay"
    for client_id in ("5J1", "sandbox_1", "MY_SANDBOX_1", "SANDBOX"):
        assert path_of("pay", client_id) == "/ams/api/v1/payments/pay"


async def test_connections_follow_no_redirect_and_time_out() -> None:
    transport = httpx.MockTransport(
        lambda _: httpx.Response(302, headers={"location": "https://elsewhere.example"})
    )
    async with open_connections(transport=transport) as http:
        assert (await http.post(HOST)).status_code == 302
        assert http.timeout.read == 10
        assert http.timeout.connect == 3


# ---- responses ----


async def test_an_unsigned_s_is_not_believed(answers_with: AnswersWith) -> None:
    with pytest.raises(UnprovenResponseError, match="unsigned"):
        await answers_with(unsigned(PAID)).inquire_payment("order-1_1")


async def test_an_unsigned_f_is_believed_as_alipay_did_not_know_the_caller(
    answers_with: AnswersWith,
) -> None:
    with pytest.raises(RejectedError) as refusal:
        await answers_with(unsigned(sample("11"))).inquire_payment("order-1_1")
    assert refusal.value.result_code == "INVALID_SIGNATURE"


async def test_an_unsigned_u_is_no_verdict(answers_with: AnswersWith) -> None:
    with pytest.raises(NoVerdictError):
        await answers_with(unsigned(sample("10"))).inquire_payment("order-1_1")


def drop(header: str) -> Callable[[httpx.Response], None]:
    def change(response: httpx.Response) -> None:
        del response.headers[header]

    return change


def put(header: str, value: str) -> Callable[[httpx.Response], None]:
    def change(response: httpx.Response) -> None:
        response.headers[header] = value

    return change


TAMPERED = {
    "no signature": drop("signature"),
    "no response time": drop("response-time"),
    "no client id": drop("client-id"),
    "empty signature": put("signature", ""),
    "signature of something else": put("signature", "signature=" + "A" * 344),
    "not a signature": put("signature", "hello"),
    "unknown key": put("signature", "keyVersion=9,signature=AAAA"),
    "other time": put("response-time", "2026-09-01T03:00:06-07:00"),
    "empty time": put("response-time", ""),
    "other client": put("client-id", "5J9999999999999999"),
}


@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED)
@pytest.mark.parametrize("body", [PAID, sample("36"), sample("10")], ids="SFU")
async def test_a_tampered_head_proves_neither_s_nor_f_nor_u(
    body: bytes,
    change: Callable[[httpx.Response], None],
    answers_with: AnswersWith,
    alipay_key: RSAPrivateKey,
) -> None:
    client = answers_with(tampered(signed(alipay_key, body), change))
    with pytest.raises(UnprovenResponseError):
        await client.inquire_payment("order-1_1")


async def test_a_tampered_body_is_not_believed(
    answers_with: AnswersWith, alipay_key: RSAPrivateKey
) -> None:
    def raise_amount(request: httpx.Request) -> httpx.Response:
        proper = signed(alipay_key, PAID)(request)
        body = PAID.replace(b'"131400"', b'"131401"')
        return httpx.Response(200, content=body, headers=proper.headers)

    with pytest.raises(UnprovenResponseError, match="does not match"):
        await answers_with(raise_amount).inquire_payment("order-1_1")


async def test_an_answer_to_another_call_is_not_believed(
    answers_with: AnswersWith, alipay_key: RSAPrivateKey
) -> None:
    def replay(request: httpx.Request) -> httpx.Response:
        cancel = httpx.Request("POST", HOST + path_of("cancel", CLIENT_ID))
        return signed(alipay_key, PAID)(cancel)

    with pytest.raises(UnprovenResponseError):
        await answers_with(replay).inquire_payment("order-1_1")


async def test_an_answer_signed_with_another_key_is_not_believed(
    answers_with: AnswersWith, merchant_key: RSAPrivateKey
) -> None:
    with pytest.raises(UnprovenResponseError):
        await answers_with(signed(merchant_key, PAID)).inquire_payment("order-1_1")


async def test_an_answer_to_another_client_is_not_believed(
    answers_with: AnswersWith, alipay_key: RSAPrivateKey
) -> None:
    answering = signed(alipay_key, PAID, client_id="5J9999999999999999")
    with pytest.raises(UnprovenResponseError):
        await answers_with(answering).inquire_payment("order-1_1")


async def test_an_unproven_body_is_not_even_parsed(
    answers_with: AnswersWith, alipay_key: RSAPrivateKey
) -> None:
    answering = tampered(signed(alipay_key, b"not JSON"), put("signature", "no"))
    with pytest.raises(UnprovenResponseError):
        await answers_with(answering).inquire_payment("order-1_1")


async def test_the_response_time_is_the_headers_and_not_the_bodys(
    answers_with: AnswersWith, alipay_key: RSAPrivateKey
) -> None:
    body = changed(PAID, responseTime="1999-01-01T00:00:00Z")
    answering = signed(alipay_key, body, time="2026-09-01T03:00:09-07:00")
    answer = await answers_with(answering).inquire_payment("order-1_1")
    assert answer.response_time == "2026-09-01T03:00:09-07:00"


async def test_an_unsigned_page_is_not_believed(
    answers_with: AnswersWith, merchant_key: RSAPrivateKey
) -> None:
    # PAYMENT_IN_PROCESS is a U, but it names the page to which the customer is sent.
    client = answers_with(unsigned(sample("05")))
    with pytest.raises(UnprovenResponseError):
        await client.pay(a_pay_request())
