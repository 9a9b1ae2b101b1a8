"""POST /payments: one order, one payment, however often and however it is asked."""

import asyncio

from contracts import Cashier
from tests.api.running import Shop, paid_notification
from tests.builders import PAYMENT_ID, a_page, a_refusal
from tests.fakes import FakeAlipay


async def test_a_new_payment_answers_201_with_the_page(shop: Shop) -> None:
    page = a_page()
    body = shop.sells(FakeAlipay(pay=[page]))
    response = await shop.http.post("/payments", json=body)
    assert response.status_code == 201
    opened = response.json()
    assert page.expires_at is not None
    assert opened.pop("expires_at") == (
        page.expires_at.isoformat().replace("+00:00", "Z")
    )
    assert opened == {
        "order_id": body["order_id"],
        "payment_request_id": f"{body['order_id']}_1",
        "payment_id": PAYMENT_ID,
        "cashier": {"url": "https://gcash.example/cashier/1", "kind": "normal"},
        "status": "AWAITING_CUSTOMER",
        "outcome": None,
    }


async def test_the_same_call_again_answers_200_with_the_same_page(shop: Shop) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    body = shop.sells(alipay)
    first = await shop.http.post("/payments", json=body)
    again = [await shop.http.post("/payments", json=body) for _ in range(3)]
    assert first.status_code == 201
    assert [response.status_code for response in again] == [200, 200, 200]
    assert all(response.json() == first.json() for response in again)
    assert alipay.calls == ["pay"]


async def test_the_same_call_many_times_at_once_makes_one_payment(shop: Shop) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    body = shop.sells(alipay)
    calls = [shop.http.post("/payments", json=body) for _ in range(6)]
    responses = await asyncio.gather(*calls)
    assert sorted(response.status_code for response in responses) == [200] * 5 + [201]
    assert len({response.text for response in responses}) == 1
    assert alipay.calls == ["pay"]


async def test_other_money_for_the_same_order_is_refused(shop: Shop) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    body = shop.sells(alipay)
    await shop.http.post("/payments", json=body)
    for amount in (
        {"currency": "PHP", "value": 131500},
        {"currency": "PHP", "value": 200000},
    ):
        other = await shop.http.post("/payments", json={**body, "amount": amount})
        assert other.status_code == 409
        assert other.json()["code"] == "ORDER_DIFFERS"
        assert "PHP 131400" in other.json()["detail"]
        assert f"PHP {amount['value']}" in other.json()["detail"]
    assert alipay.calls == ["pay"]


async def test_other_money_at_the_same_time_makes_one_payment(shop: Shop) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    body = shop.sells(alipay)
    other = {**body, "amount": {"currency": "PHP", "value": 131500}}
    responses = await asyncio.gather(
        shop.http.post("/payments", json=body),
        shop.http.post("/payments", json=other),
    )
    assert sorted(response.status_code for response in responses) == [201, 409]
    assert alipay.calls == ["pay"]


async def test_a_refusal_answers_402_with_alipays_code(shop: Shop) -> None:
    alipay = FakeAlipay(pay=[a_refusal("RISK_REJECT")])
    response = await shop.http.post("/payments", json=shop.sells(alipay))
    assert response.status_code == 402
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["code"] == "REFUSED"
    assert problem["result_code"] == "RISK_REJECT"
    assert alipay.calls == ["pay"]


async def test_an_order_that_ended_unpaid_goes_on_with_the_next_attempt(
    shop: Shop,
) -> None:
    second = a_page(cashier=Cashier(url="https://gcash.example/2", kind="normal"))
    alipay = FakeAlipay(pay=[a_refusal(), second])
    body = shop.sells(alipay)
    refused = await shop.http.post("/payments", json=body)
    opened = await shop.http.post("/payments", json=body)
    again = await shop.http.post("/payments", json=body)
    assert [r.status_code for r in (refused, opened, again)] == [402, 201, 200]
    assert opened.json()["payment_request_id"] == f"{body['order_id']}_2"
    assert opened.json()["cashier"]["url"] == "https://gcash.example/2"
    assert again.json() == opened.json()
    assert alipay.calls == ["pay", "pay 2"]


async def test_an_order_that_ended_unpaid_is_started_once_by_many_calls(
    shop: Shop,
) -> None:
    alipay = FakeAlipay(pay=[a_refusal(), a_page()])
    body = shop.sells(alipay)
    await shop.http.post("/payments", json=body)
    calls = [shop.http.post("/payments", json=body) for _ in range(4)]
    async with asyncio.timeout(20):  # the API's patience, twice, and some room
        responses = await asyncio.gather(*calls)
    assert sorted(response.status_code for response in responses) == [200] * 3 + [201]
    assert alipay.calls == ["pay", "pay 2"]


async def test_other_money_is_refused_after_an_unpaid_end_too(shop: Shop) -> None:
    alipay = FakeAlipay(pay=[a_refusal()])
    body = shop.sells(alipay)
    await shop.http.post("/payments", json=body)
    other = {**body, "amount": {"currency": "PHP", "value": 1000}}
    response = await shop.http.post("/payments", json=other)
    assert response.status_code == 409
    assert alipay.calls == ["pay"]


async def test_a_paid_order_is_never_paid_again(shop: Shop) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    body = shop.sells(alipay)
    await shop.http.post("/payments", json=body)
    notified = await shop.notified(paid_notification(body["order_id"]))
    assert notified.status_code == 200
    for _ in range(2):
        again = await shop.http.post("/payments", json=body)
        assert again.status_code == 200
        assert again.json()["outcome"] == "PAID"
        # Its page is over: nobody shall be sent there.
        assert again.json()["cashier"] is None
    other = {**body, "amount": {"currency": "PHP", "value": 1000}}
    assert (await shop.http.post("/payments", json=other)).status_code == 409
    assert alipay.calls == ["pay"]
