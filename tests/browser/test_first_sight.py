"""What a customer meets at first sight: the shop's name, its sign, Pay, a choice."""

import re

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from cashier.system.processes import System
from contracts import PaymentOutcome
from tests.browser.shopping import Books, Customer

pytestmark = pytest.mark.timeout(120)

# The drawing alone: a page may give it a class, and hide it from screen readers.
SHAPES = """it => [...it.querySelectorAll("g *")].map(
  (one) => [one.tagName, ...["d", "fill", "stroke"].map((it) => one.getAttribute(it))]
).join()"""


async def is_in_sight(page: Page, name: str) -> None:
    """Assert that a button can be seen, and pressed, without scrolling."""
    button = page.get_by_role("button", name=re.compile(f"^{name}"))
    await expect(button).to_be_in_viewport(ratio=1)


async def test_the_wallets_page_names_the_shop_and_no_address(
    customer: Customer,
) -> None:
    await customer.comes_to_the_wallet()
    asked = customer.page.locator(".asked")
    await expect(asked).to_contain_text("Durable Coffee asks for")
    shown = await customer.page.inner_text("body")
    assert "127.0.0.1" not in shown
    assert "localhost" not in shown


async def test_an_indonesian_browser_begins_with_indonesia(
    chromium: Browser, system: System
) -> None:
    context = await chromium.new_context(locale="id-ID")
    page = await context.new_page()
    await page.goto(system.ports.shop_url)
    chosen = page.locator(".markets button[aria-pressed=true]")
    await expect(chosen).to_contain_text("Indonesia")
    await expect(page.locator(".price").first).to_contain_text("Rp")
    await context.close()


async def test_a_wallet_has_one_sign_everywhere(
    customer: Customer, system: System
) -> None:
    await customer.enters()
    await customer.adds()
    await customer.goes_to_the_cart()
    in_the_shop = customer.page.locator("label:has([value=GCASH]) svg.mark")
    shop = await in_the_shop.evaluate(SHAPES)
    await customer.checks_out("GCash")
    image = customer.page.locator(".wallet img")
    address = f"{system.ports.simulator_url}{await image.get_attribute('src')}"
    await customer.page.goto(address)
    wallet = await customer.page.locator("svg").evaluate(SHAPES)
    assert shop == wallet


async def test_a_customers_own_decline_is_called_so(
    customer: Customer, books: Books
) -> None:
    order_id = await customer.comes_to_the_wallet()
    await customer.presses("Decline")
    await customer.reads("The payment with GCash was declined")
    await customer.reads_text("You declined it")
    await books.tell_unpaid(order_id, PaymentOutcome.DECLINED)


@pytest.mark.parametrize("height", [844, 667])
async def test_on_a_phone_pay_is_in_sight(
    phone: BrowserContext, system: System, height: int
) -> None:
    page = await phone.new_page()
    await page.set_viewport_size({"width": 390, "height": height})
    customer = Customer(page, system)
    await customer.enters()
    await customer.adds()
    await customer.goes_to_the_cart()
    await is_in_sight(page, "Pay ")
    await customer.checks_out("GCash")
    await is_in_sight(page, "Pay ")


async def test_a_missing_choice_is_shown_by_the_page(customer: Customer) -> None:
    await customer.enters()
    await customer.adds()
    await customer.goes_to_the_cart()
    await customer.presses("Pay ")
    told = customer.page.get_by_role("alert")
    await expect(told).to_contain_text("Please choose a wallet first")
    await customer.checks_out("GCash")
