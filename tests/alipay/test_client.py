"""The client's answers: verdict, no verdict, or proof, and never anything else."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from alipay.client import AlipayClient
from alipay.errors import (
    AlipayError,
    NoVerdictError,
    RejectedError,
    TrafficExceededError,
    UnprovenResponseError,
)
from alipay.http_answer import LARGEST_ANSWER
from alipay.models import Amount, Answer
from tests.alipay.gateway import (
    ANSWERED_AT,
    Answering,
    a_client,
    a_pay_request,
    failing,
    signed,
    unsigned,
)
from tests.samples.reading import changed, sample

Call = Callable[[AlipayClient], Awaitable[Answer]]
CALLS: dict[str, Call] = {
    "pay": lambda client: client.pay(a_pay_request()),
    "inquiryPayment": lambda client: client.inquire_payment("order-1_1"),
    "inquiryPayment by paymentId": lambda client: client.inquire_payment_id("20261"),
    "cancel": lambda client: client.cancel_payment("order-1_1"),
}
EVERY_CALL = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)

AnswersWith = Callable[[Answering], AlipayClient]


@pytest.fixture
def answers_with(merchant_key: RSAPrivateKey, alipay_key: RSAPrivateKey) -> AnswersWith:
    return lambda answering: a_client(answering, merchant_key, alipay_key)


def a_result(status: str, code: str) -> bytes:
    return b'{"result":{"resultStatus":"%s","resultCode":"%s"}}' % (
        status.encode(),
        code.encode(),
    )


# ---- S, F and U ----


@EVERY_CALL
async def test_a_signed_s_is_an_answer(
    call: Call, answers_with: AnswersWith, alipay_key: RSAPrivateKey
) -> None:
    client = answers_with(signed(alipay_key, a_result("S", "SUCCESS")))
    assert (await call(client)).result.result_code == "SUCCESS"


@EVERY_CALL
async def test_an_f_is_a_verdict(
    call: Call, answers_with: AnswersWith, alipay_key: RSAPrivateKey
) -> None:
    client = answers_with(signed(alipay_key, sample("07")))
    with pytest.raises(RejectedError) as refusal:
        await call(client)
    assert refusal.value.result_code == "ORDER_IS_CLOSED"
    assert "already used" in refusal.value.result_message


@EVERY_CALL
@pytest.mark.parametrize("status", ["U", "X", "", "s"])
async def test_a_u_or_any_unknown_letter_is_no_verdict(
    call: Call, status: str, answers_with: AnswersWith, alipay_key: RSAPrivateKey
) -> None:
    client = answers_with(signed(alipay_key, a_result(status, "UNKNOWN_EXCEPTION")))
    with pytest.raises(NoVerdictError, match="UNKNOWN_EXCEPTION"):
        await call(client)


@EVERY_CALL
async def test_an_exceeded_rate_limit_is_an_error_of_its_own(
    call: Call, answers_with: AnswersWith, alipay_key: RSAPrivateKey
) -> None:
    body = a_result("U", "REQUEST_TRAFFIC_EXCEED_LIMIT")
    with pytest.raises(TrafficExceededError):
        await call(answers_with(signed(alipay_key, body)))


async def test_payment_in_process_answers_pay_but_not_the_other_calls(
    answers_with: AnswersWith, alipay_key: RSAPrivateKey
) -> None:
    client = answers_with(signed(alipay_key, sample("05")))
    answer = await client.pay(a_pay_request())
    assert answer.scheme_url == "kredivo://deeplink/alipayplus/?codeValue=2810020401"
    assert answer.response_time == ANSWERED_AT
    for call in (CALLS["inquiryPayment"], CALLS["cancel"]):
        with pytest.raises(NoVerdictError, match="PAYMENT_IN_PROCESS"):
            await call(client)


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("31", "SUCCESS"),
        ("32", "PROCESSING"),
        ("33", "FAIL"),
        ("34", "CANCELLED"),
        ("35", "PENDING"),
    ],
)
async def test_the_published_inquiries_are_read(
    name: str, status: str, answers_with: AnswersWith, alipay_key: RSAPrivateKey
) -> None:
    client = answers_with(signed(alipay_key, sample(name)))
    answer = await client.inquire_payment("PAY-20260901-000001")
    assert answer.payment_status == status
    assert answer.payment_amount is not None
    assert answer.payment_amount.value in (131400, 1212)


# ---- failures of the network ----


@EVERY_CALL
@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.ReadTimeout("slow"),
        httpx.PoolTimeout("busy"),
        httpx.WriteError("cut"),
        httpx.ReadError("cut"),
        httpx.RemoteProtocolError("peer closed without a complete body"),
        httpx.DecodingError("not gzip"),
        httpx.ProxyError("no"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_failing_network_is_no_verdict(
    call: Call, error: httpx.HTTPError, answers_with: AnswersWith
) -> None:
    with pytest.raises(NoVerdictError, match=type(error).__name__) as no_verdict:
        await call(answers_with(failing(error)))
    assert no_verdict.value.__cause__ is error


@EVERY_CALL
@pytest.mark.parametrize("status", [201, 204, 301, 400, 401, 404, 429, 500, 502, 503])
async def test_another_http_status_is_no_verdict_with_any_body(
    call: Call, status: int, answers_with: AnswersWith
) -> None:
    client = answers_with(unsigned(sample("07"), status=status))
    with pytest.raises(NoVerdictError, match=f"HTTP {status}"):
        await call(client)


NOT_AN_ANSWER = {
    "empty": b"",
    "cut": sample("07")[:-20],
    "HTML": b"<html>Bad gateway</html>",
    "a list": b"[]",
    "null": b"null",
    "no result": b"{}",
    "result is null": b'{"result":null}',
    "no status": b'{"result":{"resultCode":"SUCCESS"}}',
    "status is an object": b'{"result":{"resultStatus":{},"resultCode":"SUCCESS"}}',
    "not UTF-8": b'{"result":"\xff\xfe"}',
    "a doubled key": a_result("S", "SUCCESS")[:-1] + b',"a":1,"a":1}',
    "two results": a_result("S", "SUCCESS")[:-1] + b"," + a_result("F", "X")[1:],
    "NaN": a_result("S", "SUCCESS")[:-1] + b',"a":NaN}',
    "half a character in the id": a_result("S", "SUCCESS")[:-1]
    + b',"paymentId":"2026\\ud83d"}',
    "deep": b"[" * 100_000,
    "long number": b'{"result":' + b"9" * 10_000 + b"}",
    "too large": b" " * (LARGEST_ANSWER + 1),
    "odd amount": changed(
        sample("05"), paymentAmount={"currency": "P", "value": "1e3"}
    ),
    "negative amount": changed(
        sample("05"), paymentAmount={"currency": "PHP", "value": "-1"}
    ),
    "an amount that is true": changed(
        sample("05"), paymentAmount={"currency": "PHP", "value": True}
    ),
}


@pytest.mark.parametrize("is_signed", [True, False], ids=["signed", "unsigned"])
@pytest.mark.parametrize("body", NOT_AN_ANSWER.values(), ids=NOT_AN_ANSWER)
async def test_a_body_of_another_shape_is_no_verdict(
    body: bytes, is_signed: bool, answers_with: AnswersWith, alipay_key: RSAPrivateKey
) -> None:
    answering = signed(alipay_key, body) if is_signed else unsigned(body)
    with pytest.raises(NoVerdictError):
        await answers_with(answering).pay(a_pay_request())


# ---- fields of an answer ----


async def test_unknown_fields_are_kept(
    answers_with: AnswersWith, alipay_key: RSAPrivateKey
) -> None:
    body = changed(sample("05"), inventedNextYear={"a": [1]})
    answer = await answers_with(signed(alipay_key, body)).pay(a_pay_request())
    assert (answer.model_extra or {})["inventedNextYear"] == {"a": [1]}
    assert (answer.model_extra or {})["appIdentifier"] == "com.finaccel.android"


async def test_numbers_are_read_as_the_strings_they_should_be(
    answers_with: AnswersWith, alipay_key: RSAPrivateKey
) -> None:
    body = changed(
        sample("31"),
        paymentId=202609011940108,
        paymentAmount={"currency": "PHP", "value": 131400},
        settlementQuote={"quotePrice": 15544.04, "guaranteed": True},
    )
    answer = await answers_with(signed(alipay_key, body)).inquire_payment("order-1_1")
    assert answer.payment_id == "202609011940108"
    assert answer.payment_amount == Amount(currency="PHP", value=131400)
    assert answer.settlement_quote is not None
    assert answer.settlement_quote.quote_price == "15544.04"


async def test_half_a_character_in_a_name_does_not_hide_that_it_was_paid(
    answers_with: AnswersWith, alipay_key: RSAPrivateKey
) -> None:
    body = changed(sample("31"), pspCustomerInfo={"displayCustomerId": "Mar\ud83d***"})
    assert b"Mar\\ud83d***" in body
    answer = await answers_with(signed(alipay_key, body)).inquire_payment("order-1_1")
    assert answer.payment_status == "SUCCESS"
    assert answer.exchange is not None
    assert answer.exchange.answer.message.body == body


# ---- texts of errors ----


@EVERY_CALL
@pytest.mark.parametrize(
    "answering",
    [
        unsigned(sample("07")),
        unsigned(a_result("S", "SUCCESS")),
        unsigned(b"<html>", status=502),
        failing(httpx.ReadTimeout("slow")),
    ],
    ids=["F", "unproven", "HTTP 502", "time-out"],
)
async def test_no_error_quotes_a_key_a_signature_or_the_request(
    call: Call, answering: Answering, answers_with: AnswersWith
) -> None:
    sent: list[httpx.Request] = []

    def noting(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return answering(request)

    with pytest.raises(AlipayError) as raised:
        await call(answers_with(noting))
    text = f"{raised.value} {raised.value!r}"
    value = sent[0].headers["signature"].partition("signature=")[2]
    assert value[:20] not in text
    assert "shop.example" not in text
    assert "PRIVATE KEY" not in text


def test_only_an_f_is_a_verdict_in_the_tree_of_errors() -> None:
    assert issubclass(TrafficExceededError, NoVerdictError)
    assert issubclass(UnprovenResponseError, NoVerdictError)
    assert not issubclass(RejectedError, NoVerdictError)
    assert issubclass(RejectedError, AlipayError)
