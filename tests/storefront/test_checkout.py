"""From the cart to the wallet: one cart is one order, whatever the customer presses."""

import asyncio
import json
import sqlite3
from contextlib import closing
from typing import Any

import httpx
import pytest

from storefront.settings import StorefrontSettings
from tests.storefront.customer import Customer, a_customer, text_of
from tests.storefront.played_api import CASHIER, PlayedApi, a_problem, a_state

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15"


async def test_a_coffee_is_bought_with_gcash_in_three_steps(
    customer: Customer, api: PlayedApi
) -> None:
    home = await customer.http.get("/")
    assert "₱180.00" in home.text
    answer = await customer.buy()
    [body] = api.bodies
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{CASHIER}{body['order_id']}"


async def test_the_api_gets_the_goods_and_the_redirect_url(
    customer: Customer, api: PlayedApi
) -> None:
    await customer.add()
    await customer.buy("butter-biscuit", "MAYA")
    order = await customer.order()
    assert api.bodies == [
        {
            "order_id": order.order_id,
            "amount": {"currency": "PHP", "value": 21500},
            "wallet": "MAYA",
            "description": "Durable Coffee: 1 x Flat white, 1 x Butter biscuit",
            "redirect_url": f"http://127.0.0.1:8000/orders/{order.token}/return",
            "terminal": {"type": "WEB"},
            "goods": [
                {
                    "id": "flat-white",
                    "name": "Flat white",
                    "quantity": 1,
                    "unit_amount": {"currency": "PHP", "value": 18000},
                    "delivery": "PHYSICAL",
                },
                {
                    "id": "butter-biscuit",
                    "name": "Butter biscuit",
                    "quantity": 1,
                    "unit_amount": {"currency": "PHP", "value": 3500},
                    "delivery": "PHYSICAL",
                },
            ],
        }
    ]


async def test_a_phone_is_sent_to_the_wallet_s_page_for_phones(
    customer: Customer, api: PlayedApi
) -> None:
    customer.http.headers["User-Agent"] = IPHONE
    await customer.buy()
    assert api.bodies[0]["terminal"] == {"type": "WAP", "os": "IOS"}
    assert "GET /wallets?currency=PHP&terminal=WAP" in api.calls


async def test_the_order_is_written_down_before_it_can_be_paid(
    customer: Customer, api: PlayedApi, shop_settings: StorefrontSettings
) -> None:
    seen: list[Any] = []

    def refuse(_: httpx.Request) -> httpx.Response:
        with closing(sqlite3.connect(shop_settings.database)) as db:
            seen.extend(db.execute("select status, wallet from orders"))
        return a_problem(503, "UNAVAILABLE")

    api.instead["POST /payments"] = refuse
    await customer.buy()
    assert seen == [("NEW", "GCASH")]


async def test_a_double_click_is_one_order(customer: Customer, api: PlayedApi) -> None:
    await customer.add()
    form = {**await customer.checkout_form(), "wallet": "GCASH"}
    answers = await asyncio.gather(
        *(customer.http.post("/checkout", data=form) for _ in range(5))
    )
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert len(api.payments) == 1
    assert {body["order_id"] for body in api.bodies} == set(api.payments)


async def test_the_back_button_leads_to_the_same_order_with_another_wallet(
    customer: Customer, api: PlayedApi
) -> None:
    await customer.add()
    form = await customer.checkout_form()
    await customer.http.post("/checkout", data={**form, "wallet": "GCASH"})
    await customer.http.post("/checkout", data={**form, "wallet": "MAYA"})
    first, second = api.bodies
    assert first["order_id"] == second["order_id"]
    assert (first["wallet"], second["wallet"]) == ("GCASH", "MAYA")


async def test_another_cart_is_another_order(
    customer: Customer, api: PlayedApi
) -> None:
    await customer.buy()
    await customer.buy()
    assert len(api.payments) == 2


async def test_a_cart_that_became_an_order_is_never_filled_again(
    customer: Customer, api: PlayedApi
) -> None:
    await customer.add()
    spent = customer.http.cookies["cart"]
    form = {**await customer.checkout_form(), "wallet": "GCASH"}
    await customer.http.post("/checkout", data=form)
    # The other tab's answer was lost, so the browser still has the old cart.
    customer.http.cookies.set("cart", spent, domain="127.0.0.1")
    await customer.add("espresso")
    assert customer.http.cookies["cart"] != spent
    assert (await customer.checkout_form())["total"] == "12000"


async def test_nobody_pays_for_what_another_tab_has_put_into_the_cart(
    customer: Customer, api: PlayedApi
) -> None:
    await customer.add()
    form = {**await customer.checkout_form(), "wallet": "GCASH"}
    await customer.add("machine")
    answer = await customer.http.post("/checkout", data=form)
    assert answer.status_code == 409
    assert "Your cart has changed" in text_of(answer.text)
    assert api.bodies == []


async def test_without_a_wallet_nothing_is_ordered(
    customer: Customer, api: PlayedApi
) -> None:
    await customer.add()
    form = await customer.checkout_form()
    for wallet in ({}, {"wallet": ""}, {"wallet": "NOBODY"}, {"wallet": "DANA"}):
        answer = await customer.http.post("/checkout", data={**form, **wallet})
        assert answer.status_code == 422
        assert "Please choose a wallet first" in text_of(answer.text)
    assert api.bodies == []


async def test_an_empty_cart_is_not_sold(customer: Customer, api: PlayedApi) -> None:
    form = {"cart": "none", "market": "PH", "total": "0", "wallet": "GCASH"}
    assert (await customer.http.post("/checkout", data=form)).status_code == 409
    assert api.bodies == []


async def test_the_back_button_shows_where_the_cart_has_gone(
    customer: Customer,
) -> None:
    await customer.buy()
    page = (await customer.http.get("/cart")).text
    assert "has become your order" in page
    assert f'href="/orders/{customer.http.cookies["order"]}"' in page


async def test_articles_are_counted_and_taken_out(customer: Customer) -> None:
    for quantity, total in (("3", "54000"), ("2", "36000"), ("20", "360000")):
        await customer.http.post(
            "/cart", data={"product": "flat-white", "quantity": quantity}
        )
        assert (await customer.checkout_form())["total"] == total
    await customer.http.post("/cart", data={"product": "flat-white", "quantity": "0"})
    assert "Your cart is empty" in (await customer.http.get("/cart")).text


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"product": "tea"}, 404),
        ({"product": "flat-white", "quantity": "-1"}, 422),
        ({"product": "flat-white", "quantity": "21"}, 422),
        ({"product": "flat-white", "quantity": "many"}, 422),
        ({}, 422),
    ],
)
async def test_what_is_not_sold_is_not_put_into_the_cart(
    customer: Customer, data: dict[str, str], status: int
) -> None:
    answer = await customer.http.post("/cart", data=data)
    assert answer.status_code == status
    assert "Your cart is empty" in (await customer.http.get("/cart")).text


async def test_while_the_api_is_away_the_cart_is_kept(
    customer: Customer, api: PlayedApi, shop_settings: StorefrontSettings
) -> None:
    await customer.add()
    form = {**await customer.checkout_form(), "wallet": "GCASH"}
    api.instead["GET /wallets"] = lambda _: a_problem(503, "UNAVAILABLE")
    async with a_customer(shop_settings, api) as restarted:
        restarted.http.cookies.update(customer.http.cookies)
        for answer in (
            await restarted.http.get("/cart"),
            await restarted.http.post("/checkout", data=form),
        ):
            assert answer.status_code == 503
            assert "We cannot reach our cashier right now" in answer.text
        api.instead.clear()
        assert (await restarted.checkout_form())["total"] == "18000"


# ---- what the API answers to `POST /payments` ----


def unreachable(_: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("no answer in time")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (unreachable, "The payment has not begun"),
        (lambda _: a_problem(503, "UNAVAILABLE"), "The payment has not begun"),
        (lambda _: httpx.Response(200, text="<html>"), "The payment has not begun"),
        (lambda _: a_problem(401, "UNAUTHORIZED"), "The payment has not begun"),
        (lambda _: a_problem(429, "TOO_MANY"), "Many people are paying right now"),
        (lambda _: a_problem(422, "INVALID"), "GCash cannot take this order"),
        (lambda _: a_problem(409, "ORDER_DIFFERS"), "begun with another amount"),
        (lambda _: a_problem(418, "TEAPOT"), "did not accept this (TEAPOT)"),
    ],
)
async def test_without_a_page_the_customer_sees_the_truth_and_may_try_again(
    customer: Customer, api: PlayedApi, answer: Any, words: str
) -> None:
    api.instead["POST /payments"] = answer
    sent = await customer.buy()
    order = await customer.order()
    assert sent.headers["location"] == f"/orders/{order.token}"
    told = await customer.looks()
    assert words in told
    assert "an order is never paid twice" in told
    api.instead.clear()
    again = await customer.http.post(
        f"/orders/{order.token}/pay", data={"wallet": "GCASH"}
    )
    assert again.headers["location"] == f"{CASHIER}{order.order_id}"
    assert words not in await customer.looks()


async def test_a_time_out_that_took_effect_is_not_a_failure(
    customer: Customer, api: PlayedApi
) -> None:
    def late(request: httpx.Request) -> httpx.Response:
        api.instead.clear()
        api.answer(request)
        raise httpx.ReadTimeout("too late")

    api.instead["POST /payments"] = late
    await customer.buy()
    assert "Waiting for you in GCash" in await customer.looks()


async def test_an_order_that_has_ended_is_shown_and_not_paid_again(
    customer: Customer, api: PlayedApi
) -> None:
    await customer.add()
    form = {**await customer.checkout_form(), "wallet": "GCASH"}
    await customer.http.post("/checkout", data=form)
    order = await customer.order()
    api.payments[order.order_id] = a_state(order.order_id, status="PAID")
    again = await customer.http.post("/checkout", data=form)
    assert again.headers["location"] == f"/orders/{order.token}"
    assert "Paid. Thank you!" in await customer.looks()


async def test_a_page_that_is_being_opened_is_offered_once_it_is_open(
    customer: Customer, api: PlayedApi
) -> None:
    def opening(request: httpx.Request) -> httpx.Response:
        del api.instead["POST /payments"]
        order_id = json.loads(request.content)["order_id"]
        api.payments[order_id] = a_state(order_id, status="OPENING", has_page=False)
        return api.answer(request)

    api.instead["POST /payments"] = opening
    sent = await customer.buy()
    order = await customer.order()
    assert sent.headers["location"] == f"/orders/{order.token}"
    assert "Opening the page of GCash" in await customer.looks()
    api.payments[order.order_id] = a_state(order.order_id)
    assert "Continue to GCash" in await customer.looks()


@pytest.mark.parametrize(
    ("code", "state", "words"),
    [
        ("REFUSED", {"status": "DECLINED", "has_page": False}, "could not open"),
        ("UNDER_REVIEW", {"status": "REVIEW"}, "A person is looking at it"),
        ("PAID_LATE", {"status": "EXPIRED", "late": [(1, "HONOURED")]}, "accepted"),
        ("LATE_MONEY", {"status": "EXPIRED", "late": [(1, None)]}, "came late"),
    ],
)
async def test_a_refusal_is_shown_by_the_state_of_the_payment(
    customer: Customer,
    api: PlayedApi,
    code: str,
    state: dict[str, Any],
    words: str,
) -> None:
    await customer.buy()
    order = await customer.order()
    api.payments[order.order_id] = a_state(order.order_id, **state)
    status = 402 if code == "REFUSED" else 409
    api.instead["POST /payments"] = lambda _: a_problem(status, code)
    answer = await customer.http.post(
        f"/orders/{order.token}/pay", data={"wallet": "GCASH"}
    )
    assert answer.headers["location"] == f"/orders/{order.token}"
    told = await customer.looks()
    assert words in told
    assert "did not accept this" not in told


async def test_a_wallet_that_cannot_be_cancelled_is_shown_with_its_time(
    customer: Customer, api: PlayedApi
) -> None:
    await customer.http.post("/preferences", data={"market": "ID"})
    await customer.buy(wallet="DANA")
    order = await customer.order()
    api.instead["POST /payments"] = lambda _: a_problem(
        409,
        "WALLET_IS_PAYING",
        available_at="2999-11-24T10:15:00+00:00",
        wallet="DANA",
        cashier={"url": f"{CASHIER}{order.order_id}", "kind": "normal"},
    )
    await customer.http.post(f"/orders/{order.token}/pay", data={"wallet": "OVO"})
    told = await customer.looks()
    assert "Another wallet can be used after 17.15 (Jakarta)" in told
    assert "Continue to DANA" in told


async def test_an_app_is_opened_by_a_link_and_not_by_a_form(
    customer: Customer, api: PlayedApi
) -> None:
    await customer.buy()
    order = await customer.order()
    newest = api.payments[order.order_id]["attempts"][-1]
    newest["cashier"] = {"url": "gcash://pay?x=1", "kind": "scheme"}
    answer = await customer.http.post(
        f"/orders/{order.token}/pay", data={"wallet": "GCASH"}
    )
    assert answer.headers["location"] == f"/orders/{order.token}"
    page = await customer.http.get(f"/orders/{order.token}")
    assert 'href="gcash://pay?x=1"' in page.text
    newest["cashier"] = {"url": "javascript:alert(1)", "kind": "scheme"}
    page = await customer.http.get(f"/orders/{order.token}")
    assert "javascript:" not in page.text


async def test_the_shop_s_own_time_to_pay_stays_within_the_wallet_s(
    shop_settings: StorefrontSettings, api: PlayedApi
) -> None:
    patient = shop_settings.model_copy(update={"expires_in_minutes": 60})
    async with a_customer(patient, api) as customer:
        await customer.add()
        assert "13 minutes to pay" in (await customer.http.get("/cart")).text
        await customer.buy()
    assert api.bodies[0]["expires_in_minutes"] == 13
