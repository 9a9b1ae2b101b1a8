"""The result page: honest in every state, from any device, after any reload."""

import sqlite3
from contextlib import closing
from typing import Any

import httpx
import pytest

from storefront.settings import StorefrontSettings
from tests.storefront.customer import Customer, a_customer, text_of
from tests.storefront.played_api import PlayedApi, a_problem, a_state


async def test_coming_back_from_the_wallet_proves_nothing(
    customer: Customer, api: PlayedApi
) -> None:
    await customer.buy()
    order = await customer.order()
    answer = await customer.http.get(f"/orders/{order.token}/return?result=SUCCESS")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/orders/{order.token}"
    told = await customer.looks()
    assert "Waiting for you in GCash" in told
    assert "Paid" not in told


async def test_coming_back_has_the_wallet_asked_once(
    customer: Customer, api: PlayedApi
) -> None:
    await customer.buy()
    order = await customer.order()
    await customer.http.get(f"/orders/{order.token}/return")
    await customer.looks()
    refreshes = [call for call in api.calls if "refresh=1" in call]
    assert refreshes == [f"GET /payments/{order.order_id}?refresh=1"]


async def test_money_that_the_refresh_finds_is_fulfilled_without_a_callback(
    customer: Customer, api: PlayedApi
) -> None:
    await customer.buy()
    order = await customer.order()
    api.payments[order.order_id] = a_state(order.order_id, status="PAID")
    await customer.http.get(f"/orders/{order.token}/return")
    order = await customer.order()
    assert order.fulfilled_at
    assert (order.status, order.paid_attempt) == ("PAID", f"{order.order_id}_1")


async def test_while_it_waits_the_same_page_of_the_wallet_is_offered(
    customer: Customer, api: PlayedApi
) -> None:
    sent = await customer.buy()
    page = (await customer.http.get(f"/orders/{(await customer.order()).token}")).text
    assert f'href="{sent.headers["location"]}"' in page
    told = text_of(page)
    for words in ("Time left to pay: 9:5", "(Manila)", "Pay with another wallet"):
        assert words in told
    assert "Cancel this payment" in told
    # GCash itself is no other wallet.
    assert 'value="MAYA"' in page
    assert 'value="GCASH"' not in page


async def test_a_wallet_that_does_not_let_go_is_neither_cancelled_nor_left(
    customer: Customer, api: PlayedApi
) -> None:
    await customer.http.post("/preferences", data={"market": "ID"})
    await customer.buy(wallet="DANA")
    told = await customer.looks()
    assert "DANA does not let a payment be cancelled" in told
    assert "Cancel this payment" not in told
    assert "another wallet" not in told.replace("Another wallet is possible", "")


async def test_another_device_sees_the_same(
    customer: Customer, api: PlayedApi, shop_settings: StorefrontSettings
) -> None:
    await customer.buy()
    token = (await customer.order()).token
    async with a_customer(shop_settings, api) as other:
        other.http.headers["Accept-Language"] = "id,en;q=0.5"
        page = await other.http.get(f"/orders/{token}")
    assert "Menunggu Anda di GCash" in page.text
    assert "Lanjutkan ke GCash" in page.text


async def test_nobody_guesses_an_order_s_page(customer: Customer) -> None:
    await customer.buy()
    order = await customer.order()
    assert len(order.token) == 32
    for guess in (order.order_id, "x", order.token[:-1], order.token.swapcase()):
        for what in ("", "/return", "/record", "/events"):
            answer = await customer.http.get(f"/orders/{guess}{what}")
            assert answer.status_code == 404
            assert "There is nothing here" in answer.text


@pytest.mark.parametrize(
    "away",
    [
        lambda _: a_problem(503, "UNAVAILABLE"),
        lambda _: a_problem(429, "TOO_MANY"),
        lambda _: a_problem(409, "WORKFLOW_STOPPED"),
        lambda _: httpx.Response(200, json={"status": "PAID"}),
        lambda _: httpx.Response(302, headers={"Location": "https://elsewhere"}),
    ],
)
async def test_what_nobody_knows_is_called_unknown_and_never_failed(
    customer: Customer, api: PlayedApi, away: Any
) -> None:
    await customer.buy()
    api.instead["GET /payments/"] = away
    told = await customer.looks()
    assert "We do not know yet" in told
    assert "trying again is safe, too" in told
    for word in ("failed", "declined", "Paid."):
        assert word not in told


async def test_a_payment_is_cancelled_and_may_be_begun_again(
    customer: Customer, api: PlayedApi
) -> None:
    await customer.buy()
    order = await customer.order()
    answer = await customer.http.post(f"/orders/{order.token}/cancel")
    assert answer.status_code == 303
    told = await customer.looks()
    assert "The payment is cancelled" in told
    assert "Pay ₱180.00" in told
    assert (await customer.order()).status == "CANCELLED"


async def test_a_cancel_that_comes_too_late_is_shown_as_paid(
    customer: Customer, api: PlayedApi
) -> None:
    await customer.buy()
    order = await customer.order()
    paid = a_state(order.order_id, status="PAID")
    api.payments[order.order_id] = paid
    api.instead["POST /payments/"] = lambda _: httpx.Response(200, json=paid)
    await customer.http.post(f"/orders/{order.token}/cancel")
    assert (await customer.order()).fulfilled_at
    assert "Paid. Thank you!" in await customer.looks()


async def test_a_cancel_that_is_not_allowed_is_shown_with_its_time(
    customer: Customer, api: PlayedApi
) -> None:
    await customer.buy()
    order = await customer.order()
    api.instead["POST /payments/"] = lambda _: a_problem(
        409, "CANNOT_CANCEL", available_at="2999-11-24T10:15:00+00:00"
    )
    await customer.http.post(f"/orders/{order.token}/cancel")
    told = await customer.looks()
    assert "cannot be cancelled. It ends by itself after 6:15 PM (Manila)" in told


@pytest.mark.parametrize("status", [500, 503])
async def test_a_cancel_without_an_answer_changes_nothing(
    customer: Customer, api: PlayedApi, status: int
) -> None:
    await customer.buy()
    order = await customer.order()
    api.instead["POST /payments/"] = lambda _: a_problem(status, "UNAVAILABLE")
    await customer.http.post(f"/orders/{order.token}/cancel")
    assert "Waiting for you in GCash" in await customer.looks()


async def test_the_payment_time_is_shown_where_the_shop_is(
    customer: Customer, api: PlayedApi
) -> None:
    await customer.buy()
    order = await customer.order()
    state = a_state(order.order_id, status="PAID")
    api.payments[order.order_id] = state
    assert "Paid on Nov 24, 2026, 6:02 PM (Manila)" in await customer.looks()
    for unreadable in ("yesterday", "2026-11-24T10:00:00", None):
        state["paid_at"] = unreadable
        told = await customer.looks()
        assert "Paid. Thank you!" in told
        assert "Paid at" not in told


async def test_without_script_the_page_reloads_itself_until_it_is_over(
    customer: Customer, api: PlayedApi
) -> None:
    await customer.buy()
    order = await customer.order()
    refresh = '<noscript><meta http-equiv="refresh"'
    assert refresh in (await customer.http.get(f"/orders/{order.token}")).text
    api.payments[order.order_id] = a_state(order.order_id, status="PAID")
    page = (await customer.http.get(f"/orders/{order.token}")).text
    assert refresh not in page
    assert "data-over" in page


async def test_the_record_shows_developers_the_data_of_the_shop(
    customer: Customer, api: PlayedApi
) -> None:
    await customer.buy()
    order = await customer.order()
    page = await customer.http.get(f"/orders/{order.token}/record")
    assert f"order_id {order.order_id}" in text_of(page.text)
    assert "None yet" in page.text


async def test_names_of_products_and_wallets_cannot_write_into_the_page(
    customer: Customer, api: PlayedApi
) -> None:
    api.wallets[0] = {**api.wallets[0], "name": "<script>alert(1)</script>"}
    await customer.buy()
    page = (await customer.http.get(f"/orders/{(await customer.order()).token}")).text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


async def test_a_callback_that_overtakes_the_api_s_answer_is_shown(
    customer: Customer, api: PlayedApi, shop_settings: StorefrontSettings
) -> None:
    await customer.buy()
    order = await customer.order()

    def overtaken(_: httpx.Request) -> httpx.Response:
        with closing(sqlite3.connect(shop_settings.database)) as db, db:
            db.execute(
                "update orders set status = 'PAID', fulfilled_at = ordered_at,"
                " status_at = ordered_at"
            )
        return httpx.Response(200, json=a_state(order.order_id))

    api.instead["GET /payments/"] = overtaken
    assert "Paid. Thank you!" in await customer.looks()


async def test_without_a_wallet_no_other_attempt_is_begun(
    customer: Customer, api: PlayedApi
) -> None:
    await customer.buy()
    order = await customer.order()
    begun = len(api.bodies)
    answer = await customer.http.post(f"/orders/{order.token}/pay", data={})
    assert answer.status_code == 422
    assert "Please choose a wallet first" in text_of(answer.text)
    assert len(api.bodies) == begun
