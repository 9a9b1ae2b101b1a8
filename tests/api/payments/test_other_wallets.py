"""POST with another wallet, and POST while Alipay does not answer."""

import asyncio
from datetime import datetime

from contracts import Cashier, expiry_margin
from tests.api.running import Shop
from tests.builders import a_cancel, a_page, an_inquiry
from tests.fakes import FakeAlipay

SECOND = a_page(cashier=Cashier(url="https://tng.example/2", kind="normal"))


def letting_go() -> FakeAlipay:
    return FakeAlipay(
        pay=[a_page(), SECOND],
        inquiries=[an_inquiry("PROCESSING"), an_inquiry("CANCELLED")],
        cancels=[a_cancel()],
    )


async def test_another_wallet_gets_a_page_of_its_own(shop: Shop) -> None:
    alipay = letting_go()
    body = shop.sells(alipay)
    await shop.http.post("/payments", json=body)
    other = {**body, "wallet": "MAYA"}
    opened = await shop.http.post("/payments", json=other)
    again = await shop.http.post("/payments", json=other)
    assert [opened.status_code, again.status_code] == [201, 200]
    assert opened.json()["payment_request_id"] == f"{body['order_id']}_2"
    assert opened.json()["cashier"]["url"] == "https://tng.example/2"
    assert again.json() == opened.json()
    assert alipay.calls == ["pay", "inquire", "cancel", "inquire", "pay 2"]


async def test_a_wallet_can_be_chosen_again_after_another_one(shop: Shop) -> None:
    third = a_page(cashier=Cashier(url="https://gcash.example/3", kind="normal"))
    alipay = FakeAlipay(
        pay=[a_page(), SECOND, third],
        inquiries=[
            *(an_inquiry("PROCESSING"), an_inquiry("CANCELLED")),
            *(an_inquiry("PROCESSING"), an_inquiry("CANCELLED")),
        ],
        cancels=[a_cancel()],
    )
    body = shop.sells(alipay)
    await shop.http.post("/payments", json=body)
    await shop.http.post("/payments", json={**body, "wallet": "MAYA"})
    back = await shop.http.post("/payments", json=body)
    assert back.status_code == 201
    assert back.json()["payment_request_id"] == f"{body['order_id']}_3"
    assert back.json()["cashier"]["url"] == "https://gcash.example/3"


async def test_a_wallet_that_does_not_let_go_says_until_when(shop: Shop) -> None:
    page = a_page()
    alipay = FakeAlipay(
        pay=[page],
        inquiries=[an_inquiry("PROCESSING")],
        cancels=[a_cancel("NOT_ALLOWED", "")],
    )
    body = shop.sells(alipay)
    await shop.http.post("/payments", json=body)
    refused = await shop.http.post("/payments", json={**body, "wallet": "MAYA"})
    problem = refused.json()
    assert refused.status_code == 409
    assert problem["code"] == "WALLET_IS_PAYING"
    assert problem["wallet"] == "GCASH"
    assert problem["cashier"]["url"] == "https://gcash.example/cashier/1"
    assert page.expires_at is not None
    available_at = datetime.fromisoformat(problem["available_at"])
    margin = expiry_margin(f"{body['order_id']}_1")
    difference = available_at - (page.expires_at + margin)
    assert abs(difference.total_seconds()) < 1
    assert alipay.calls == ["pay", "inquire", "cancel", "inquire"]


async def test_a_page_that_takes_long_is_being_opened(shop: Shop) -> None:
    alipay, released = FakeAlipay(pay=[a_page()]), asyncio.Event()

    async def after_release() -> None:
        await released.wait()

    alipay.before_pay_answers = after_release
    body = shop.sells(alipay)
    waiting = await shop.http.post("/payments", json=body)
    released.set()
    opened = await shop.http.post("/payments", json=body)
    assert waiting.status_code == 202
    assert waiting.json()["status"] == "OPENING"
    assert waiting.headers["location"] == f"/payments/{body['order_id']}"
    assert "retry-after" in waiting.headers
    assert opened.status_code == 200
    assert opened.json()["cashier"] is not None
    assert alipay.calls == ["pay"]


async def test_a_payment_under_review_is_not_paid_with_another_wallet(
    shop: Shop,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("SUCCESS", amount=None)])
    body = shop.sells(alipay)
    await shop.http.post("/payments", json=body)
    refused = await shop.http.post("/payments", json={**body, "wallet": "MAYA"})
    state = await shop.look(body["order_id"])
    assert refused.status_code == 409
    assert refused.json()["code"] == "UNDER_REVIEW"
    assert state["status"] == "REVIEW"
