"""GET and cancel: what a shop may know of a payment, and how it closes one."""

from datetime import datetime
from time import monotonic

from contracts import Money, expiry_margin
from tests.api.running import Shop, paid_notification
from tests.builders import PAYMENT_ID, a_cancel, a_page, an_inquiry
from tests.fakes import FakeAlipay


async def test_an_open_payment_is_told(shop: Shop) -> None:
    order_id = await shop.opens(FakeAlipay(pay=[a_page()]))
    state = await shop.look(order_id)
    assert state["status"] == "AWAITING_CUSTOMER"
    assert state["outcome"] is None
    assert state["amount"] == {"currency": "PHP", "value": 131400}
    [attempt] = state["attempts"]
    assert attempt["payment_request_id"] == f"{order_id}_1"
    assert attempt["payment_id"] == PAYMENT_ID
    assert "opened_by" not in state


async def test_a_closed_payment_is_told(shop: Shop) -> None:
    order_id = await shop.opens(FakeAlipay(pay=[a_page()]))
    await shop.notified(paid_notification(order_id))
    state = await shop.look(order_id)
    assert (state["status"], state["outcome"]) == ("PAID", "PAID")
    assert state["paid_at"] == "2026-09-01T03:02:40-07:00"
    assert state["settlement"]["amount"] == {"currency": "USD", "value": 965}
    assert state["closed_at"] is not None


async def test_a_refresh_asks_alipay_first(shop: Shop) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("SUCCESS")])
    order_id = await shop.opens(alipay)
    assert (await shop.look(order_id))["outcome"] is None
    assert (await shop.look(order_id, refresh=True))["outcome"] == "PAID"
    assert (await shop.look(order_id, refresh=True))["outcome"] == "PAID"
    assert alipay.calls == ["pay", "inquire"]


async def test_a_cancelled_payment_can_no_longer_be_paid(shop: Shop) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        cancels=[a_cancel()],
        inquiries=[an_inquiry("PROCESSING"), an_inquiry("CANCELLED")],
    )
    order_id = await shop.opens(alipay)
    for _ in range(2):
        response = await shop.http.post(f"/payments/{order_id}/cancel")
        assert response.status_code == 200
        assert response.json()["outcome"] == "CANCELLED"
    assert alipay.calls == ["pay", "inquire", "cancel", "inquire"]


async def test_a_customer_who_is_faster_than_the_cancel_has_paid(shop: Shop) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[an_inquiry("SUCCESS")],
    )
    order_id = await shop.opens(alipay)
    response = await shop.http.post(f"/payments/{order_id}/cancel")
    assert response.status_code == 200
    assert response.json()["outcome"] == "PAID"


async def test_a_cancel_under_review_is_answered_at_once_with_the_review(
    shop: Shop,
) -> None:
    other = Money(currency="PHP", value=100)
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("SUCCESS", amount=other)])
    order_id = await shop.opens(alipay)
    await shop.look(order_id, refresh=True)
    began = monotonic()
    response = await shop.http.post(f"/payments/{order_id}/cancel")
    assert response.status_code == 202
    assert response.json()["status"] == "REVIEW"
    assert monotonic() - began < 8, "it waited for the API's patience"


async def test_a_wallet_that_cannot_be_cancelled_says_until_when(shop: Shop) -> None:
    page = a_page()
    alipay = FakeAlipay(
        pay=[page],
        cancels=[a_cancel("NOT_ALLOWED", "")],
        inquiries=[an_inquiry("PROCESSING")],
    )
    body = {
        **shop.sells(alipay),
        "wallet": "DANA",
        "amount": {"currency": "IDR", "value": 15000000},
    }
    assert (await shop.http.post("/payments", json=body)).status_code == 201
    response = await shop.http.post(f"/payments/{body['order_id']}/cancel")
    assert response.status_code == 409
    problem = response.json()
    assert problem["code"] == "CANNOT_CANCEL"
    assert "DANA" in problem["detail"]
    assert page.expires_at is not None
    available_at = datetime.fromisoformat(problem["available_at"])
    margin = expiry_margin(f"{body['order_id']}_1")
    assert available_at - page.expires_at <= margin
    # The customer may still pay on the same page.
    assert (await shop.look(body["order_id"]))["outcome"] is None


async def test_the_api_is_live_and_ready(shop: Shop) -> None:
    assert (await shop.http.get("/health/live")).status_code == 200
    assert (await shop.http.get("/health/ready")).status_code == 200


async def test_the_api_describes_itself_without_operators_paths(shop: Shop) -> None:
    paths = (await shop.http.get("/openapi.json")).json()["paths"]
    assert "/payments" in paths
    assert "/metrics" not in paths
    # They have a port of their own, which is not for the world.
    assert (await shop.http.get("/metrics")).status_code == 404
