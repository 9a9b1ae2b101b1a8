"""The wallet's page, as a person or a script uses it."""

import pytest

from simulator.faults import Fault
from tests.simulator.shop import REDIRECT_URL, Shop, a_pay


async def page_of(shop: Shop, **changes: object) -> str:
    url: str = (await shop.pay(**changes))["normalUrl"]
    return url


async def test_the_page_shows_what_is_paid_to_whom(shop: Shop) -> None:
    page = await shop.http.get(await page_of(shop))
    assert page.status_code == 200
    for text in (
        "GCASH",
        "SANDBOX_5J0000000000000000",
        "Two cups of coffee",
        "PHP 1,314.00",
        'data-seconds="840"',
        "The notification never arrives.",
        "Decline",
        "Leave",
    ):
        assert text in page.text


async def test_the_page_escapes_what_the_merchant_wrote(shop: Shop) -> None:
    order = a_pay()["order"] | {"orderDescription": "<script>alert(1)</script>"}
    page = await shop.http.get(await page_of(shop, order=order))
    assert "<script>alert" not in page.text


async def test_an_unknown_token_finds_nothing(shop: Shop) -> None:
    await shop.pay()
    assert (await shop.http.get("/cashier/order-1_1")).status_code == 404
    assert (await shop.http.post("/cashier/order-1_1/pay")).status_code == 404


@pytest.mark.parametrize(
    ("action", "status"),
    [("pay", "SUCCESS"), ("decline", "FAIL"), ("leave", "PROCESSING")],
)
async def test_every_action_redirects_and_carries_no_result(
    shop: Shop, action: str, status: str
) -> None:
    response = await shop.http.post(f"{await page_of(shop)}/{action}")
    assert response.status_code == 303
    assert response.headers["location"] == REDIRECT_URL
    assert await shop.status() == status


async def test_a_second_payment_is_refused_in_words(shop: Shop) -> None:
    url = await page_of(shop)
    await shop.http.post(f"{url}/pay")
    for action in ("pay", "decline"):
        again = await shop.http.post(f"{url}/{action}")
        assert again.status_code == 409
        assert "This payment has been paid already." in again.text
    assert await shop.moved() == ["CHARGE 131400"]


async def test_paying_after_the_expiry_is_refused(shop: Shop) -> None:
    url = await page_of(shop)
    shop.clock.advance(minutes=14)
    assert "The time to pay is over." in (await shop.http.post(f"{url}/pay")).text
    assert await shop.moved() == []


async def test_the_fault_is_chosen_by_query_or_by_form(shop: Shop) -> None:
    url = await page_of(shop)
    unknown = await shop.http.post(f"{url}/pay?fault=earthquake")
    assert unknown.status_code == 422
    await shop.http.post(f"{url}/pay?fault=notification_lost")
    other = await page_of(shop, paymentRequestId="order-1_2")
    await shop.http.post(f"{other}/pay", data={"fault": "notification_doubled"})
    third = await page_of(shop, paymentRequestId="order-1_3")
    await shop.http.post(f"{third}/pay", data={"fault": ""})
    await shop.settle()
    ids = [heard.body["paymentRequestId"] for heard in shop.heard]
    assert sorted(ids) == ["order-1_2", "order-1_2", "order-1_3"]


async def test_an_expired_page_can_still_be_paid_on_purpose(shop: Shop) -> None:
    url = await page_of(shop)
    shop.clock.advance(minutes=15)
    await shop.http.post(f"{url}/pay?fault=pay_after_expiry")
    await shop.settle()
    assert await shop.status() == "SUCCESS"


async def test_a_cancelled_page_can_still_be_paid_on_purpose(shop: Shop) -> None:
    url = await page_of(shop)
    await shop.cancel()
    await shop.http.post(f"{url}/pay?fault=pay_after_cancel")
    assert await shop.status() == "CANCELLED"
    assert await shop.moved() == ["CHARGE 131400", "REFUND 131400"]
    again = await shop.http.post(f"{url}/pay?fault=pay_after_cancel")
    assert again.status_code == 409


async def test_a_second_click_on_a_pending_payment_is_refused(shop: Shop) -> None:
    url = await page_of(shop)
    await shop.http.post(f"{url}/pay?fault=pending_then_s")
    for click in ("pay", "decline"):
        again = await shop.http.post(f"{url}/{click}")
        assert again.status_code == 409
        assert "Your payment is being worked on." in again.text
    assert (await shop.status(), await shop.moved()) == ("PENDING", [])
    await shop.wait(minutes=1)
    assert (await shop.status(), await shop.moved()) == ("SUCCESS", ["CHARGE 131400"])


@pytest.mark.parametrize("click", ["pay", "decline"])
async def test_a_refused_click_leaves_no_fault_behind(shop: Shop, click: str) -> None:
    url = await page_of(shop)
    await shop.http.post(f"{url}/pay")
    await shop.settle()
    for fault in ("rate_limit", "pay_after_cancel"):
        refused = await shop.http.post(f"{url}/{click}?fault={fault}")
        assert refused.status_code == 409
    assert await shop.status() == "SUCCESS"
    assert not shop.simulation.faults.waiting(["order-1_1"], set(Fault))


async def test_the_fault_of_a_decline_is_injected(shop: Shop) -> None:
    url = await page_of(shop)
    declined = await shop.http.post(f"{url}/decline?fault=notification_doubled")
    assert declined.status_code == 303
    await shop.settle()
    assert shop.summaries == ["PAYMENT_RESULT F", "PAYMENT_RESULT F"]


async def test_the_fault_of_leaving_waits_for_its_moment(shop: Shop) -> None:
    await shop.http.post(f"{await page_of(shop)}/leave?fault=pay_after_expiry")
    await shop.wait(minutes=14)
    await shop.wait(minutes=1)
    assert await shop.status() == "SUCCESS"


async def test_a_late_customer_may_choose_another_fault_as_well(shop: Shop) -> None:
    url = await page_of(shop)
    shop.clock.advance(minutes=14)
    assert await shop.status() == "FAIL"
    await shop.settle()
    await shop.plan("pay_after_expiry")
    await shop.http.post(f"{url}/pay?fault=notification_lost")
    await shop.settle()
    assert await shop.status() == "SUCCESS"
    assert shop.summaries == ["PAYMENT_RESULT F"]
