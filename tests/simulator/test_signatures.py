"""Who may call, and that every answer proves itself."""

import json

import pytest

from tests.samples.reading import sample
from tests.simulator.shop import Shop, a_pay


async def test_a_signed_call_is_answered_signed(shop: Shop) -> None:
    response = await shop.send("pay", a_pay())
    assert response.headers["signature"].startswith("algorithm=RSA256,keyVersion=1,")
    assert response.headers["response-time"] == "2026-09-01T03:00:00-07:00"
    assert (await shop.pay())["result"]["resultCode"] == "PAYMENT_IN_PROCESS"


@pytest.mark.parametrize(
    "how",
    [
        {"signature": "algorithm=RSA256,keyVersion=1,signature=AAAA"},
        {"signature": ""},
        {"signature": "algorithm=RSA256,keyVersion=2,signature=AAAA"},
    ],
)
async def test_a_wrong_signature_is_refused_unsigned(
    shop: Shop, how: dict[str, str]
) -> None:
    response = await shop.send("pay", a_pay(), **how)
    assert response.status_code == 200
    assert "signature" not in response.headers
    assert "response-time" not in response.headers
    result, published = response.json()["result"], json.loads(sample("11-response"))
    assert result["resultCode"] == published["result"]["resultCode"]
    assert result["resultStatus"] == "F"
    assert not shop.simulation.register.payments


async def test_the_signature_covers_the_path_that_was_called(shop: Shop) -> None:
    request = (await shop.send("inquiryPayment", {"paymentId": "1"})).request
    response = await shop.http.post(
        "/ams/sandbox/api/v1/payments/cancel",
        content=request.content,
        headers=request.headers,
    )
    assert response.json()["result"]["resultCode"] == "INVALID_SIGNATURE"


async def test_an_unknown_client_is_refused_unsigned(shop: Shop) -> None:
    response = await shop.send("pay", a_pay(), client_id="SANDBOX_nobody")
    assert "signature" not in response.headers
    assert response.json()["result"]["resultCode"] == "KEY_NOT_FOUND"


@pytest.mark.parametrize(
    ("client_id", "path"),
    [
        ("SANDBOX_5J0000000000000000", "/ams/api/v1/payments/pay"),
        ("5J0000000000000000", "/ams/sandbox/api/v1/payments/pay"),
    ],
)
async def test_sandbox_clients_and_sandbox_paths_belong_together(
    shop: Shop, client_id: str, path: str
) -> None:
    answer = await shop.call("pay", a_pay(), client_id=client_id, path=path)
    assert answer["result"]["resultCode"] == "NO_INTERFACE_DEF"
    assert not shop.simulation.register.payments


async def test_a_production_client_is_served_on_the_production_path(shop: Shop) -> None:
    path, client_id = "/ams/api/v1/payments/pay", "5J0000000000000000"
    answer = await shop.call("pay", a_pay(), client_id=client_id, path=path)
    assert answer["result"]["resultCode"] == "PAYMENT_IN_PROCESS"
    assert await shop.code("inquiryPayment", {"paymentRequestId": "order-1_1"}) == (
        "F ORDER_NOT_EXIST"
    )


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
async def test_a_body_that_is_not_an_object_is_refused_signed(
    shop: Shop, body: bytes
) -> None:
    response = await shop.send("pay", body)
    assert response.headers["signature"]
    assert response.json()["result"]["resultCode"] == "PARAM_ILLEGAL"


async def test_an_unknown_api_is_refused(shop: Shop) -> None:
    assert await shop.code("payNow", {}) == "F NO_INTERFACE_DEF"
