"""Alipay at the seam of the transport: answers signed as Alipay signs them."""

from collections.abc import Callable

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from alipay.client import AlipayClient
from alipay.keys.rsa import AlipayKeys
from alipay.messages import Message
from alipay.models import Amount, Env, PaymentMethod, PayRequest, WireOrder
from alipay.signing import sign

CLIENT_ID = "5J0000000000000000"
HOST = "https://alipay.example"
ANSWERED_AT = "2026-09-01T03:00:05-07:00"

Answering = Callable[[httpx.Request], httpx.Response]


def signed(
    key: RSAPrivateKey,
    body: bytes,
    *,
    time: str = ANSWERED_AT,
    client_id: str = CLIENT_ID,
    key_version: int = 1,
) -> Answering:
    """Answer every call with this body, signed for the path that was called."""

    def answer(request: httpx.Request) -> httpx.Response:
        message = Message("POST", request.url.path, client_id, time, body)
        headers = {
            "signature": sign(message, key, key_version=key_version),
            "client-id": client_id,
            "response-time": time,
        }
        return httpx.Response(200, content=body, headers=headers)

    return answer


def unsigned(body: bytes, *, status: int = 200) -> Answering:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, content=body)

    return answer


def failing(error: Exception) -> Answering:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error

    return answer


def a_client(
    answering: Answering,
    merchant_key: RSAPrivateKey,
    alipay_key: RSAPrivateKey,
    *,
    client_id: str = CLIENT_ID,
    key_version: int = 1,
) -> AlipayClient:
    return AlipayClient(
        httpx.AsyncClient(transport=httpx.MockTransport(answering)),
        host=HOST,
        client_id=client_id,
        private_key=merchant_key,
        alipay_keys=AlipayKeys({"1": alipay_key.public_key()}),
        key_version=key_version,
    )


def a_pay_request() -> PayRequest:
    price = Amount(currency="PHP", value=131400)
    return PayRequest(
        payment_request_id="order-1_1",
        order=WireOrder(
            reference_order_id="order-1",
            order_description="Két kávé",
            order_amount=price,
        ),
        payment_amount=price,
        payment_method=PaymentMethod(payment_method_type="GCASH"),
        payment_redirect_url="https://shop.example/return",
        env=Env(terminal_type="WEB"),
    )
