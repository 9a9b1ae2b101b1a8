"""Alipay's official SDK against the simulator, and our signatures against the SDK's."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from alipay.errors import SignatureVerificationError
from alipay.keys.rsa import AlipayKeys
from alipay.messages import Message
from alipay.signing import sign, verify
from simulator.app import create_app
from simulator.config import SimulatorConfig
from tests.http_server.calling import served
from tests.official_sdk.running import HOST, OfficialSdk, SdkError, find_sdk, tls_before
from tests.simulator.shop import (
    ACK,
    CLIENT_ID,
    NOTIFY_URL,
    REDIRECT_URL,
    REFUND_NOTIFY_URL,
)

PRICE = {"currency": "PHP", "value": "131400"}
PATH = "/ams/api/v1/payments/pay"
TIME = "2026-11-24T10:02:41Z"
BODY = '{"a":"Két kávé"}'


@dataclass
class Merchant:
    """A merchant who calls the simulator with the SDK, and is notified."""

    sdk: OfficialSdk
    simulator: httpx.AsyncClient
    notified: list[httpx.Request] = field(default_factory=list)

    async def pays(self, order_id: str) -> dict[str, Any]:
        return await self.sdk.call(
            "pay",
            payment_request_id=f"{order_id}_1",
            order={"reference_order_id": order_id, "order_description": "Két kávé"},
            payment_amount=PRICE,
            payment_method={"payment_method_type": "GCASH"},
            payment_redirect_url=REDIRECT_URL,
            payment_notify_url=NOTIFY_URL,
        )

    async def customer_pays(self, order_id: str) -> None:
        for path in (f"payments/{order_id}_1/pay", "settle"):
            answer = await self.simulator.post(f"/control/{path}")
            assert answer.is_success

    async def refunds(
        self, payment_id: str, request_id: str, value: str
    ) -> dict[str, Any]:
        return await self.sdk.call(
            "refund",
            refund_request_id=request_id,
            payment_id=payment_id,
            refund_amount={"currency": "PHP", "value": value},
            refund_reason="Hideg kávé",
            refund_notify_url=REFUND_NOTIFY_URL,
        )

    async def verifies(self, request: httpx.Request, key: RSAPrivateKey) -> bool:
        """Whether the SDK takes a notification for one that a key has signed."""
        return await self.sdk.verifies(
            "POST",
            request.url.path,
            request.headers["client-id"],
            request.headers["request-time"],
            request.content.decode(),
            request.headers["signature"],
            key=key,
        )

    async def status(self, order_id: str) -> str:
        request_id = f"{order_id}_1"
        answer = await self.sdk.call("inquire_payment", payment_request_id=request_id)
        return str(answer["paymentStatus"])


@pytest.fixture
async def merchant(
    merchant_key: RSAPrivateKey, alipay_key: RSAPrivateKey, tmp_path: Path
) -> AsyncIterator[Merchant]:
    find_sdk()
    heard: list[httpx.Request] = []

    def hear(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        return httpx.Response(200, json=ACK)

    config = SimulatorConfig(
        private_key=alipay_key,
        clients={CLIENT_ID: merchant_key.public_key()},
        base_url=f"https://{HOST}",
    )
    app = create_app(config, transport=httpx.MockTransport(hear))
    certificate = tmp_path / "certificate.pem"
    async with (
        served(app) as port,
        tls_before(port, alipay_key, certificate) as tls_port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as simulator,
    ):
        sdk = OfficialSdk(CLIENT_ID, merchant_key, alipay_key, tls_port, certificate)
        yield Merchant(sdk, simulator, heard)


async def test_the_official_sdk_pays_inquires_and_refunds(merchant: Merchant) -> None:
    opened = await merchant.pays("order-1")
    assert opened["result"]["resultCode"] == "PAYMENT_IN_PROCESS"
    assert opened["normalUrl"].startswith(f"https://{HOST}/")
    assert await merchant.status("order-1") == "PROCESSING"
    await merchant.customer_pays("order-1")
    assert await merchant.status("order-1") == "SUCCESS"
    refunded = await merchant.refunds(opened["paymentId"], "refund-1", "31400")
    assert refunded["result"]["resultStatus"] == "S"
    known = await merchant.sdk.call("inquire_refund", refund_request_id="refund-1")
    assert known["refundStatus"] == "SUCCESS"
    assert known["refundAmount"] == {"currency": "PHP", "value": "31400"}


async def test_the_official_sdk_reads_the_refunds_of_a_payment(
    merchant: Merchant,
) -> None:
    payment_id = (await merchant.pays("order-5"))["paymentId"]
    await merchant.customer_pays("order-5")
    refunded = await merchant.refunds(payment_id, "refund-5", "31400")
    by_hand = "/control/payments/order-5_1/refund?value=100"
    assert (await merchant.simulator.post(by_hand)).is_success
    answer = await merchant.sdk.call("inquire_payment", payment_id=payment_id)
    ours, portal = await merchant.sdk.reads("transactions", json.dumps(answer))
    assert ours == {
        "type": "REFUND",
        "status": "SUCCESS",
        "result_code": "SUCCESS",
        "transaction_id": refunded["refundId"],
        "request_id": "refund-5",
        "value": "31400",
    }
    assert (portal["type"], portal["value"]) == ("REFUND", "100")
    assert portal["request_id"].startswith("portal-")


async def test_the_official_sdk_verifies_and_reads_the_notification_of_a_refund(
    merchant: Merchant, alipay_key: RSAPrivateKey
) -> None:
    payment_id = (await merchant.pays("order-6"))["paymentId"]
    await merchant.customer_pays("order-6")
    fault = {"payment_request_id": "order-6_1", "fault": "refund_takes_hours"}
    await merchant.simulator.post("/control/faults", json=fault)
    taken_on = await merchant.refunds(payment_id, "refund-6", "31400")
    assert taken_on["result"]["resultCode"] == "REFUND_IN_PROCESS"
    for path in ("refunds/refund-6/finish?outcome=FAIL", "settle"):
        assert (await merchant.simulator.post(f"/control/{path}")).is_success
    notice = merchant.notified[-1]
    assert str(notice.url) == REFUND_NOTIFY_URL
    assert await merchant.verifies(notice, alipay_key)
    read = await merchant.sdk.reads("refund_notice", notice.content.decode())
    assert read | {"refund_id": ""} == {
        "notify_type": "REFUND_RESULT",
        "refund_status": "FAIL",
        "refund_request_id": "refund-6",
        "refund_id": "",
    }


async def test_the_official_sdk_cancels_a_payment(merchant: Merchant) -> None:
    await merchant.pays("order-2")
    answer = await merchant.sdk.call("cancel", payment_request_id="order-2_1")
    assert answer["result"]["resultStatus"] == "S"
    assert await merchant.status("order-2") == "CANCELLED"


async def test_the_official_sdk_reads_a_refusal(merchant: Merchant) -> None:
    answer = await merchant.sdk.call("inquire_payment", payment_request_id="unknown_1")
    assert answer["result"]["resultStatus"] == "F"
    assert answer["result"]["resultCode"] == "ORDER_NOT_EXIST"


async def test_the_simulator_refuses_what_the_sdk_signs_with_another_key(
    merchant: Merchant, alipay_key: RSAPrivateKey
) -> None:
    merchant.sdk.merchant_key = alipay_key
    # Such an answer is unsigned, which the SDK says in its own way.
    with pytest.raises(SdkError, match="signature not exist"):
        await merchant.pays("order-3")
    calls = (await merchant.simulator.get("/control/payments")).json()
    assert "order-3_1" not in str(calls)


async def test_the_official_sdk_verifies_the_simulator_s_notifications(
    merchant: Merchant, merchant_key: RSAPrivateKey, alipay_key: RSAPrivateKey
) -> None:
    await merchant.pays("order-4")
    await merchant.customer_pays("order-4")
    assert merchant.notified
    for request in merchant.notified:
        assert await merchant.verifies(request, alipay_key)
        with pytest.raises(SdkError, match="Verification failed"):
            await merchant.verifies(request, merchant_key)


async def test_the_official_sdk_verifies_what_our_client_signs(
    merchant: Merchant, merchant_key: RSAPrivateKey
) -> None:
    message = Message("POST", PATH, CLIENT_ID, TIME, BODY.encode())
    parts = ("POST", PATH, CLIENT_ID, TIME)
    signature = sign(message, merchant_key)
    assert await merchant.sdk.verifies(*parts, BODY, signature, key=merchant_key)
    with pytest.raises(SdkError, match="Verification failed"):
        await merchant.sdk.verifies(*parts, BODY + " ", signature, key=merchant_key)


async def test_we_verify_what_the_official_sdk_signs(
    merchant: Merchant, merchant_key: RSAPrivateKey
) -> None:
    value = await merchant.sdk.sign("POST", PATH, CLIENT_ID, TIME, BODY)
    signature = f"algorithm=RSA256,keyVersion=1,signature={value}"
    keys = AlipayKeys({"1": merchant_key.public_key()})
    verify(Message("POST", PATH, CLIENT_ID, TIME, BODY.encode()), signature, keys)
    with pytest.raises(SignatureVerificationError):
        verify(Message("POST", PATH, CLIENT_ID, TIME, b"{}"), signature, keys)
