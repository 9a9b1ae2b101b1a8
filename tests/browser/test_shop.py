"""Customers in a real browser: what they see is what the books say."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, ViewportSize, expect

from cashier.home import Home, Ports
from cashier.system import System, running_system
from contracts import PaymentOutcome
from tests.browser.accessibility import read_axe
from tests.browser.pictures import Pictures
from tests.browser.shopping import Books, Customer

pytestmark = pytest.mark.timeout(120)

COFFEE_PHP, COFFEE_IDR = 18_000, 4_200_000
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
ANDROID = "Mozilla/5.0 (Linux; Android 14; Mobile) Chrome/140.0 Mobile Safari"
# Wallet and Alipay hurry; the product's own times stay. A payment that has run out must
# still be known as such before its late money comes: 20 s, so 8 s here.
FAST = {"SIMULATOR_CLOCK_FACTOR": "2.5"}


@pytest.fixture(scope="module")
async def system(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[System]:
    home = Home(tmp_path_factory.mktemp("shop"))
    running = running_system(home, Ports.free(), keep=False, shop=True, settings=FAST)
    async with running as system:
        yield system


@pytest.fixture(scope="module")
async def books(system: System) -> AsyncIterator[Books]:
    async with httpx.AsyncClient(timeout=30) as http:
        yield Books(system, http)


@pytest.fixture(scope="module")
async def axe() -> str:
    return await read_axe()


@asynccontextmanager
async def a_device(chromium: Browser, kind: str) -> AsyncIterator[BrowserContext]:
    is_phone = kind == "phone"
    context = await chromium.new_context(
        viewport=PHONE if is_phone else DESKTOP,
        device_scale_factor=2 if is_phone else 1,
        is_mobile=is_phone,
        has_touch=is_phone,
        user_agent=ANDROID if is_phone else None,
        locale="en-GB",
    )
    yield context
    await context.close()


@pytest.fixture
async def desktop(chromium: Browser) -> AsyncIterator[BrowserContext]:
    async with a_device(chromium, "desktop") as context:
        yield context


@pytest.fixture
async def phone(chromium: Browser) -> AsyncIterator[BrowserContext]:
    async with a_device(chromium, "phone") as context:
        yield context


@pytest.fixture
async def customer(desktop: BrowserContext, system: System) -> Customer:
    return Customer(await desktop.new_page(), system)


async def test_a_coffee_is_bought_with_gcash_at_a_desk(
    customer: Customer, books: Books
) -> None:
    order_id = await customer.comes_to_the_wallet("GCash")
    await customer.presses("Pay")
    await customer.reads("Paid. Thank you!")
    view = await books.agree(
        order_id,
        PaymentOutcome.PAID,
        held=COFFEE_PHP,
        shop_says="PAID",
        is_fulfilled=True,
    )
    assert [one.wallet for one in view.attempts] == ["GCASH"]
    assert books.callbacks(order_id) == 1
    assert order_id not in customer.page.url


async def test_a_coffee_is_bought_with_dana_on_a_phone(
    phone: BrowserContext, system: System, books: Books
) -> None:
    customer = Customer(await phone.new_page(), system)
    order_id = await customer.comes_to_the_wallet("DANA", "Indonesia")
    [payment] = await books.payments(order_id)
    assert (payment["terminal"], payment["os"]) == ("WAP", "ANDROID")
    await customer.presses("Pay")
    await customer.reads("Paid. Thank you!")
    await books.agree(
        order_id,
        PaymentOutcome.PAID,
        held=COFFEE_IDR,
        shop_says="PAID",
        is_fulfilled=True,
    )


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
    await books.agree(
        order_id,
        PaymentOutcome.PAID,
        held=COFFEE_PHP,
        shop_says="PAID",
        is_fulfilled=True,
    )


async def test_a_customer_declines_and_pays_with_another_wallet(
    customer: Customer, books: Books
) -> None:
    order_id = await customer.comes_to_the_wallet()
    await customer.presses("Decline")
    await customer.reads("GCash declined the payment")
    await books.agree(
        order_id,
        PaymentOutcome.DECLINED,
        held=0,
        shop_says="DECLINED",
        is_fulfilled=False,
    )
    await customer.checks_out("Maya")
    assert await customer.order_id() == order_id
    await customer.presses("Pay")
    await customer.reads("Paid. Thank you!")
    view = await books.agree(
        order_id,
        PaymentOutcome.PAID,
        held=COFFEE_PHP,
        shop_says="PAID",
        is_fulfilled=True,
    )
    assert view.attempts[-1].payment_request_id == f"{order_id}_2"


async def test_another_wallet_closes_the_page_of_the_first(
    customer: Customer, books: Books
) -> None:
    order_id = await customer.comes_to_the_wallet()
    first_page = customer.page.url
    await customer.presses("Leave")
    await customer.reads("Waiting for you in GCash")
    await customer.page.get_by_text("Pay with another wallet").click()
    await customer.chooses_wallet("Maya")
    await customer.presses("Change the wallet")
    await customer.is_at_the_wallet("Maya")
    await customer.presses("Pay")
    await customer.reads("Paid. Thank you!")
    await customer.page.goto(first_page)
    await expect(
        customer.page.get_by_role("button", name="Pay", exact=True)
    ).to_have_count(0)
    assert await books.charges(order_id) == 1
    await books.agree(
        order_id,
        PaymentOutcome.PAID,
        held=COFFEE_PHP,
        shop_says="PAID",
        is_fulfilled=True,
    )


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
    assert await books.charges(order_id) == 1
    await books.agree(
        order_id,
        PaymentOutcome.PAID,
        held=COFFEE_PHP,
        shop_says="PAID",
        is_fulfilled=True,
    )


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
    assert await books.charges(order_id) == 1
    await books.agree(
        order_id,
        PaymentOutcome.PAID,
        held=COFFEE_PHP,
        shop_says="PAID",
        is_fulfilled=True,
    )


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
    await books.agree(
        order_id,
        PaymentOutcome.PAID,
        held=COFFEE_PHP,
        shop_says="PAID",
        is_fulfilled=True,
    )
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
    await books.agree(
        order_id,
        PaymentOutcome.CANCELLED,
        held=0,
        shop_says="CANCELLED",
        is_fulfilled=False,
    )


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
    await books.agree(
        order_id,
        PaymentOutcome.PAID,
        held=COFFEE_PHP,
        shop_says="PAID",
        is_fulfilled=True,
    )


async def test_money_that_comes_late_goes_back_and_the_customer_is_told(
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
    assert books.shop_row(order_id)["fulfilled_at"] is None
    assert books.callbacks(order_id) == 0


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
    await books.agree(
        order_id,
        PaymentOutcome.PAID,
        held=COFFEE_PHP,
        shop_says="PAID",
        is_fulfilled=True,
    )


async def test_everything_can_be_done_with_the_keyboard(
    customer: Customer, books: Books
) -> None:
    await customer.page.goto(customer.shop_url)
    await customer.reaches("button", "Philippines")
    await customer.types("Enter")
    await customer.reaches("button", "Add Flat white")
    await customer.types("Enter")
    await customer.reaches("link", "Cart")
    await customer.types("Enter")
    await customer.reaches("radio", "")
    await customer.page.keyboard.press("Space")
    wallet = await customer.page.locator("label:has(:checked) .name").inner_text()
    await customer.reaches("button", "Pay ")
    await customer.types("Enter")
    await customer.is_at_the_wallet(wallet)
    order_id = await customer.order_id()
    await customer.reaches("button", "Pay")
    await customer.types("Enter")
    await customer.reads("Paid. Thank you!")
    await books.agree(
        order_id,
        PaymentOutcome.PAID,
        held=COFFEE_PHP,
        shop_says="PAID",
        is_fulfilled=True,
    )


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
    await books.agree(
        order_id,
        PaymentOutcome.PAID,
        held=COFFEE_PHP,
        shop_says="PAID",
        is_fulfilled=True,
    )


async def test_the_shop_speaks_another_language(
    chromium: Browser, system: System
) -> None:
    context = await chromium.new_context(locale="id-ID")
    page = await context.new_page()
    await page.goto(system.ports.shop_url)
    await expect(page.locator("html")).to_have_attribute("lang", "id")
    await page.get_by_role("button", name="English").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await context.close()


async def test_the_shop_works_without_script(
    chromium: Browser, system: System, books: Books
) -> None:
    context = await chromium.new_context(java_script_enabled=False, locale="en-GB")
    customer = Customer(await context.new_page(), system)
    order_id = await customer.comes_to_the_wallet()
    await customer.presses("Pay")
    heading = customer.page.get_by_role("heading", level=1)
    while await heading.inner_text() != "Paid. Thank you!":
        await customer.page.reload()
    await context.close()
    await books.agree(
        order_id,
        PaymentOutcome.PAID,
        held=COFFEE_PHP,
        shop_says="PAID",
        is_fulfilled=True,
    )


@pytest.mark.parametrize("device", ["desktop", "phone"])
async def test_the_main_pages_have_no_serious_accessibility_fault(
    device: str, chromium: Browser, system: System, axe: str
) -> None:
    async with a_device(chromium, device) as context:
        customer = Customer(await context.new_page(), system)
        pages = Pictures(customer, axe, device)
        await look_at_the_main_pages(customer, pages)
    assert pages.faults == []


async def look_at_the_main_pages(customer: Customer, pages: Pictures) -> None:
    await customer.enters()
    await pages.look("home")
    await customer.adds()
    await customer.goes_to_the_cart()
    await customer.chooses_wallet("GCash")
    await pages.look("checkout")
    await customer.checks_out("GCash")
    await pages.look("wallet")
    await customer.opens_the_menu()
    await pages.look("wallet-menu")
    await customer.presses("Leave")
    await customer.reads("Waiting for you in GCash")
    await pages.look("waiting")
    await customer.follows("For developers")
    await pages.look("record")
    await customer.page.go_back()
    await customer.follows("Continue to GCash")
    await customer.presses("Pay")
    await customer.reads("Paid. Thank you!")
    await pages.look("paid")
