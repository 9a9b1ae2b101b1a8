"""Customers come back to the shop, in every way: it always tells the truth."""

import re

import pytest
from playwright.async_api import BrowserContext, expect

from cashier.system.processes import System
from contracts import PaymentOutcome
from tests.browser.reviewing import tell_of_a_review
from tests.browser.shopping import COFFEE_PHP, Books, Customer

pytestmark = pytest.mark.timeout(120)


async def test_a_customer_leaves_and_continues_on_the_same_page(
    customer: Customer, books: Books
) -> None:
    order_id = await customer.comes_to_the_wallet()
    wallets_page = customer.page.url
    await customer.presses("Leave")
    await customer.reads("Waiting for you in GCash")
    await expect(customer.page.get_by_role("timer")).to_have_text(
        re.compile(r"\d:\d\d")
    )
    assert books.shop_row(order_id)["status"] == "NEW"
    await customer.follows("Continue to GCash")
    await customer.is_at_the_wallet("GCash")
    assert customer.page.url == wallets_page
    await customer.presses("Pay")
    await customer.reads("Paid. Thank you!")
    assert len(await books.payments(order_id)) == 1
    await books.tell_paid(order_id, held=COFFEE_PHP)


async def test_two_tabs_with_one_cart_make_one_payment(
    customer: Customer, desktop: BrowserContext, system: System, books: Books
) -> None:
    await customer.enters()
    await customer.adds()
    await customer.goes_to_the_cart()
    other = await customer.opened(await desktop.new_page(), system)
    before = books.orders()
    await customer.checks_out("GCash")
    await other.checks_out("GCash")
    order_id = await customer.order_id()
    assert await other.order_id() == order_id
    assert customer.page.url == other.page.url
    assert books.orders() == before + 1
    await other.presses("Leave")
    await other.reads("Waiting for you in GCash")
    await customer.presses("Pay")
    # The tab that only waited hears of it, too.
    await other.reads("Paid. Thank you!")
    await customer.reads("Paid. Thank you!")
    await books.tell_paid(order_id, held=COFFEE_PHP)


async def test_the_back_button_leads_to_the_same_payment(
    customer: Customer, books: Books
) -> None:
    order_id = await customer.comes_to_the_wallet()
    wallets_page = customer.page.url
    await customer.page.go_back()
    await customer.follows("Look at your order")
    await customer.reads("Waiting for you in GCash")
    await customer.follows("Continue to GCash")
    assert customer.page.url == wallets_page
    await customer.presses("Pay")
    await customer.reads("Paid. Thank you!")
    await customer.page.go_back()
    await expect(customer.page.get_by_role("button", name="Pay")).to_have_count(0)
    await books.tell_paid(order_id, held=COFFEE_PHP)


async def test_a_reload_shows_the_truth_again(customer: Customer, books: Books) -> None:
    order_id = await customer.comes_to_the_wallet()
    await customer.presses("Leave")
    for _ in range(2):
        await customer.reads("Waiting for you in GCash")
        await customer.page.reload()
    await customer.follows("Continue to GCash")
    await customer.presses("Pay")
    for _ in range(2):
        await customer.reads("Paid. Thank you!")
        await customer.page.reload()
    await books.tell_paid(order_id, held=COFFEE_PHP)
    # The way back, opened again and again, proves and changes nothing.
    await customer.page.goto(f"{customer.page.url}/return")
    await customer.reads("Paid. Thank you!")
    assert books.callbacks(order_id) == 1


async def test_the_redirect_alone_is_never_taken_for_a_payment(
    customer: Customer, books: Books
) -> None:
    order_id = await customer.comes_to_the_wallet()
    await customer.presses("Leave")
    await customer.reads("Waiting for you in GCash")
    await customer.page.goto(f"{customer.page.url}/return?result=SUCCESS&paid=1")
    await customer.reads("Waiting for you in GCash")
    assert books.shop_row(order_id)["fulfilled_at"] is None
    assert await books.held(order_id) == 0
    await customer.presses("Cancel this payment")
    await customer.reads("The payment is cancelled")
    await books.tell_unpaid(order_id, PaymentOutcome.CANCELLED)


async def test_a_lost_notification_costs_the_customer_seconds(
    customer: Customer, books: Books
) -> None:
    order_id = await customer.comes_to_the_wallet()
    await customer.chooses(
        "The message to the shop goes astray", "The message never arrives."
    )
    await customer.presses("Pay")
    await customer.reads("Paid. Thank you!")
    [payment] = await books.payments(order_id)
    details = await books.control(f"payments/{payment['payment_request_id']}")
    assert all(not one["deliveries"] for one in details["notifications"])
    await books.tell_paid(order_id, held=COFFEE_PHP)


async def test_money_that_comes_late_goes_back_and_the_customer_sees_it(
    customer: Customer, books: Books
) -> None:
    order_id = await customer.comes_to_the_wallet()
    await customer.chooses("The customer is late", "The time to pay runs out now.")
    await customer.presses("Leave")
    await customer.reads("Paid late, and returned")
    assert await books.charges(order_id) == 1
    view = await books.agree(
        order_id,
        PaymentOutcome.DECLINED,
        held=0,
        shop_says="RETURNED",
        is_fulfilled=False,
    )
    assert not view.attempts[-1].is_paid
    assert books.callbacks(order_id) == 2


async def test_nobody_is_asked_to_pay_again_while_the_wallet_still_works(
    customer: Customer, books: Books
) -> None:
    order_id = await customer.comes_to_the_wallet()
    await customer.chooses(
        "The wallet takes the money in another way", "The wallet works on it"
    )
    await customer.presses("Pay")
    await customer.reads("Checking your payment")
    await expect(customer.page.get_by_role("link", name="Continue")).to_have_count(0)
    assert books.shop_row(order_id)["fulfilled_at"] is None


async def test_another_amount_is_looked_at_by_a_person(
    customer: Customer, books: Books
) -> None:
    order_id = await customer.comes_to_the_wallet()
    await customer.chooses(
        "The wallet takes the money in another way",
        "The wallet takes another amount than was asked for.",
    )
    await customer.presses("Pay")
    await customer.reads("A person is looking at it")
    await expect(customer.page.get_by_role("radio")).to_have_count(0)
    # The callback adds since when, and takes nothing back that the stream has told.
    await tell_of_a_review(books, order_id)
    await customer.page.reload()
    await customer.reads("A person is looking at it")
    await customer.reads_text("Being looked at since")
    await customer.reads_text("nothing is delivered. Please do not pay again")
    assert books.shop_row(order_id)["fulfilled_at"] is None
    assert books.callbacks(order_id) == 1


async def test_the_page_works_on_another_device(
    customer: Customer, phone: BrowserContext, system: System, books: Books
) -> None:
    order_id = await customer.comes_to_the_wallet()
    wallets_page = customer.page.url
    await customer.presses("Leave")
    await customer.reads("Waiting for you in GCash")
    elsewhere = await customer.opened(await phone.new_page(), system)
    await elsewhere.reads("Waiting for you in GCash")
    await customer.page.goto(wallets_page)
    await customer.presses("Pay")
    await elsewhere.reads("Paid. Thank you!")
    await elsewhere.page.goto(f"{system.ports.shop_url}/orders/{order_id}")
    await elsewhere.reads("There is nothing here")
    await books.tell_paid(order_id, held=COFFEE_PHP)


async def test_the_shop_is_killed_while_its_customer_pays(
    customer: Customer, system: System, books: Books
) -> None:
    order_id = await customer.comes_to_the_wallet()
    wallets_page = customer.page.url
    await customer.presses("Leave")
    await customer.reads("Waiting for you in GCash")
    # The page stays open and comes back to the shop by itself.
    assert system.parts["storefront"].kill()
    paying = await customer.page.context.new_page()
    await paying.goto(wallets_page)
    await paying.route(f"{system.ports.shop_url}/**", lambda route: route.abort())
    await paying.get_by_role("button", name=re.compile("^Pay")).click(
        no_wait_after=True
    )
    await customer.reads("Paid. Thank you!")
    await books.tell_paid(order_id, held=COFFEE_PHP)
