"""The wallet's page, as a person or a script uses it."""

import re
from datetime import timedelta

import pytest

from simulator.faults.kinds import Fault
from simulator.faults.scenarios import OF_REFUNDS, SENTENCES
from tests.simulator.shop import (
    BASE_URL,
    REDIRECT_URL,
    START,
    Shop,
    a_pay,
    with_wallet,
)


async def page_of(shop: Shop, **changes: object) -> str:
    url: str = (await shop.pay(**changes))["normalUrl"]
    return url


async def test_the_page_shows_what_is_paid_to_whom(shop: Shop) -> None:
    page = await shop.http.get(await page_of(shop))
    assert page.status_code == 200
    for text in (
        "GCash",
        "Philippines",
        "Durable Coffee asks for",
        "Two cups of coffee",
        "PHP 1,314.00",
        'data-seconds="840"',
        "The message never arrives.",
        "Decline",
        "Leave",
    ):
        assert text in page.text


async def test_the_page_escapes_what_the_merchant_wrote(shop: Shop) -> None:
    order = a_pay()["order"] | {"orderDescription": "<script>alert(1)</script>"}
    page = await shop.http.get(await page_of(shop, order=order))
    assert "<script>alert" not in page.text


async def test_the_page_says_that_no_real_money_moves(shop: Shop) -> None:
    page = (await shop.http.get(await page_of(shop))).text
    assert "Simulated wallet" in page
    assert "No real money moves here." in page
    assert "It is not made by GCash" in page


async def test_an_amount_has_the_digits_of_its_money(shop: Shop) -> None:
    page = await shop.http.get(await page_of(shop, **with_wallet("KAKAOPAY", "KRW")))
    assert "Kakao Pay" in page.text
    assert "Pay KRW 1,500,000</button>" in page.text


@pytest.mark.parametrize(
    ("left", "shown"), [(89.2, "1:30"), (60, "1:00"), (0.4, "0:01"), (7_261, "2:01:01")]
)
async def test_what_is_left_is_never_shown_as_less(
    shop: Shop, left: float, shown: str
) -> None:
    expiry = {"paymentExpiryTime": (START + timedelta(hours=3)).isoformat()}
    url = await page_of(shop, **with_wallet("MAYA", "PHP"), **expiry)
    shop.clock.advance(seconds=3 * 3600 - left)
    assert f">{shown}</time>" in (await shop.http.get(url)).text


async def test_nothing_on_the_page_is_inline_or_from_elsewhere(shop: Shop) -> None:
    page = await shop.http.get(await page_of(shop))
    policy = page.headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert not re.search(r"<style| style=| on[a-z]+=|<script>", page.text)
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert loaded
    for address in loaded:
        assert address.startswith("/assets/")
        assert (await shop.http.get(address)).status_code == 200


@pytest.mark.parametrize(
    ("redirect_url", "source"),
    [
        (REDIRECT_URL, "https://shop.example"),
        ("http://Shop.example:8000/a;b", "http://shop.example:8000"),
        ("http://me@shop.example/", "http://shop.example"),
        ("http://[::1]:8000/", "http:"),
        ("shop-app://orders/1", "shop-app://orders"),
        ("https://shop;script-src *.example/", "https:"),
    ],
)
async def test_a_form_may_lead_to_this_wallet_and_to_its_shop_only(
    shop: Shop, redirect_url: str, source: str
) -> None:
    page = await shop.http.get(await page_of(shop, paymentRedirectUrl=redirect_url))
    policy = page.headers["content-security-policy"].split("; ")
    assert f"form-action 'self' {source}" in policy
    assert len(policy) == 7


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
        assert 'role="alert">This payment has been paid already.<' in again.text
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
    shop.clock.advance(minutes=14, seconds=3)
    assert await shop.status() == "FAIL"
    await shop.settle()
    await shop.plan("pay_after_expiry")
    await shop.http.post(f"{url}/pay?fault=notification_lost")
    await shop.settle()
    assert await shop.status() == "SUCCESS"
    assert shop.summaries == ["PAYMENT_RESULT F"]


async def test_the_page_shows_how_it_ended_and_leads_back(shop: Shop) -> None:
    paid = await page_of(shop)
    await shop.plan("other_amount")
    await shop.http.post(f"{paid}/pay")
    declined = await page_of(shop, paymentRequestId="order-1_2")
    await shop.http.post(f"{declined}/decline")
    cancelled = await page_of(shop, paymentRequestId="order-1_3")
    await shop.http.post(f"{cancelled}/pay")
    await shop.cancel("order-1_3")
    for url, title, text in (
        (paid, "Paid", "PHP 1,315.00 were taken from your GCash. The shop had asked"),
        (declined, "You have declined", "Nothing was taken from you."),
        (
            cancelled,
            "The shop has cancelled this payment",
            "and have been returned to you",
        ),
    ):
        page = (await shop.http.get(url)).text
        assert f"<h2>{title}</h2>" in page
        assert text in page
        assert f'<a class="back" href="{REDIRECT_URL}">Back to the shop</a>' in page
        assert f'action="{url.removeprefix(BASE_URL)}/pay"' not in page


async def test_a_refund_is_shown_on_the_page(shop: Shop) -> None:
    url = await page_of(shop)
    await shop.http.post(f"{url}/pay")
    await shop.refund(31_400)
    assert "PHP 314.00 have been returned to you." in (await shop.http.get(url)).text


async def test_the_control_api_knows_the_page(shop: Shop) -> None:
    url = await page_of(shop)
    payment = (await shop.http.get("/control/payments/order-1_1")).json()
    assert payment["cashier_url"] == url


async def test_a_paid_page_offers_what_can_go_wrong_with_a_refund(shop: Shop) -> None:
    url = await page_of(shop)
    assert "/top-up" not in (await shop.http.get(url)).text
    await shop.http.post(f"{url}/pay")
    page = (await shop.http.get(url)).text
    for group in OF_REFUNDS:
        for fault in group.sentences:
            assert f'<input type="radio" name="fault" value="{fault}">' in page
    assert "Waits for the next refund" not in page
    chosen = await shop.http.post(f"{url}/plan", data={"fault": "balance_short"})
    assert f"{BASE_URL}{chosen.headers['location']}" == url
    sentence = SENTENCES[Fault.BALANCE_SHORT]
    page = (await shop.http.get(url)).text
    assert f"Waits for the next refund: {sentence}" in page
    assert await shop.refund_code(100) == "F MERCHANT_BALANCE_NOT_ENOUGH"
    await shop.http.post(f"{url}/top-up")
    assert await shop.refund_code(100, "refund-2") == "S SUCCESS"
    assert "Waits for" not in (await shop.http.get(url)).text


async def test_a_button_refunds_in_the_portal_what_is_left(shop: Shop) -> None:
    url = await page_of(shop)
    await shop.http.post(f"{url}/pay")
    await shop.refund(31_400)
    for _ in range(2):
        pressed = await shop.http.post(f"{url}/refund-in-portal")
        assert pressed.status_code == 303
    assert (await shop.moved())[1:] == ["REFUND 31400", "REFUND 100000"]
    assert "PHP 1,314.00 have been returned to you." in (await shop.http.get(url)).text


@pytest.mark.parametrize(
    ("end", "wallet", "currency"),
    [
        ("decline", "GCASH", "PHP"),
        ("cancel", "GCASH", "PHP"),
        ("pay", "OVO", "IDR"),  # gives no refunds
    ],
)
async def test_where_nothing_can_be_refunded_no_refund_is_offered(
    shop: Shop, end: str, wallet: str, currency: str
) -> None:
    url = await page_of(shop, **with_wallet(wallet, currency))
    if end == "cancel":
        await shop.cancel()
    else:
        await shop.http.post(f"{url}/{end}")
    assert "with a refund" not in (await shop.http.get(url)).text
