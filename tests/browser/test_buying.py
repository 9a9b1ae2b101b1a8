"""Customers buy in a real browser: what they see is what the books say."""

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from cashier.system.processes import System
from contracts import PaymentOutcome
from tests.browser.devices import a_device
from tests.browser.pictures import Pictures
from tests.browser.shopping import COFFEE_IDR, COFFEE_PHP, Books, Customer

pytestmark = pytest.mark.timeout(120)


async def test_a_coffee_is_bought_with_gcash_at_a_desk(
    customer: Customer, books: Books
) -> None:
    order_id = await customer.comes_to_the_wallet("GCash")
    await customer.presses("Pay")
    await customer.reads("Paid. Thank you!")
    view = await books.tell_paid(order_id, held=COFFEE_PHP)
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
    await books.tell_paid(order_id, held=COFFEE_IDR)


async def test_a_customer_declines_and_pays_with_another_wallet(
    customer: Customer, books: Books
) -> None:
    order_id = await customer.comes_to_the_wallet()
    await customer.presses("Decline")
    await customer.reads("The payment with GCash was declined")
    await books.tell_unpaid(order_id, PaymentOutcome.DECLINED)
    await customer.checks_out("Maya")
    assert await customer.order_id() == order_id
    await customer.presses("Pay")
    await customer.reads("Paid. Thank you!")
    view = await books.tell_paid(order_id, held=COFFEE_PHP)
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
    await books.tell_paid(order_id, held=COFFEE_PHP)


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
    await books.tell_paid(order_id, held=COFFEE_PHP)


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
    await books.tell_paid(order_id, held=COFFEE_PHP)


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
