"""Money goes back in a real browser: what shop and customer see, the books say."""

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from cashier.system.processes import System
from tests.browser.back_office import Shopkeeper
from tests.browser.devices import a_device
from tests.browser.pictures import Pictures
from tests.browser.shopping import COFFEE_PHP, Books, Customer

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def shopkeeper(desktop: BrowserContext, system: System) -> Shopkeeper:
    """In the browser of the customer, whose own page needs no login."""
    shopkeeper = Shopkeeper(await desktop.new_page(), system)
    await shopkeeper.logs_in()
    return shopkeeper


async def buys_a_coffee(customer: Customer, scenario: str = "") -> str:
    """Pay a coffee; its refunds will go as the scenario of the menu says."""
    order_id = await customer.comes_to_the_wallet()
    if scenario:
        await customer.chooses("The money is to go back", scenario)
    await customer.presses("Pay")
    await customer.reads("Paid. Thank you!")
    return order_id


async def test_half_a_coffee_is_refunded_and_its_customer_sees_it(
    customer: Customer, shopkeeper: Shopkeeper, books: Books
) -> None:
    order_id = await buys_a_coffee(customer)
    await shopkeeper.opens(order_id)
    await shopkeeper.fills_in("PHP 90.00", reason="It was cold", note="Apologised")
    await shopkeeper.presses("Refund this amount")
    await shopkeeper.reads("₱90.00 · Refunded.")
    await shopkeeper.reads("Can still be refunded ₱90.00")
    await shopkeeper.reads("Requested by shopkeeper")
    await customer.page.reload()
    await customer.reads("Refunded ₱90.00 of ₱180.00")
    assert await books.held(order_id) == COFFEE_PHP // 2
    # The rest, by the other button: then nothing is left.
    await shopkeeper.presses("Refund all that is left")
    await shopkeeper.reads("Nothing is left to refund.")
    await customer.page.reload()
    await customer.reads("Refunded in full")
    assert await books.held(order_id) == 0


async def test_a_double_click_refunds_once(
    customer: Customer, shopkeeper: Shopkeeper, books: Books
) -> None:
    order_id = await buys_a_coffee(customer)
    await shopkeeper.opens(order_id)
    await shopkeeper.fills_in("50")
    await shopkeeper.page.get_by_role("button", name="Refund this amount").dblclick()
    await shopkeeper.reads("₱50.00 · Refunded.")
    assert await books.held(order_id) == COFFEE_PHP - 5_000
    await expect(shopkeeper.page.locator(".refunds li")).to_have_count(1)


async def test_more_than_is_left_is_refused_in_words(
    customer: Customer, shopkeeper: Shopkeeper, books: Books
) -> None:
    order_id = await buys_a_coffee(customer)
    await shopkeeper.opens(order_id)
    await shopkeeper.fills_in("180.01")
    await shopkeeper.presses("Refund this amount")
    await shopkeeper.reads("That is more than can still be refunded.")
    assert await books.held(order_id) == COFFEE_PHP


async def test_a_refund_that_takes_time_is_under_way_until_alipay_has_said_it(
    customer: Customer, shopkeeper: Shopkeeper, books: Books
) -> None:
    order_id = await buys_a_coffee(
        customer, "The next refund is done only three hours later."
    )
    await shopkeeper.opens(order_id)
    await shopkeeper.fills_in("90.00")
    await shopkeeper.presses("Refund this amount")
    await shopkeeper.reads("₱90.00 · Alipay has accepted it")
    await customer.page.reload()
    await customer.reads("A refund is under way")
    await books.finish_refund(order_id)
    # Its page listens, so it need not be reloaded.
    await customer.reads("Refunded ₱90.00 of ₱180.00")
    await shopkeeper.page.reload()
    await shopkeeper.reads("₱90.00 · Refunded.")
    assert await books.held(order_id) == COFFEE_PHP // 2


async def test_a_refusal_by_alipay_is_shown_to_the_shop_and_takes_nothing(
    customer: Customer, shopkeeper: Shopkeeper, books: Books
) -> None:
    order_id = await buys_a_coffee(customer, "The next refund is refused.")
    await shopkeeper.opens(order_id)
    await shopkeeper.fills_in("90.00")
    await shopkeeper.presses("Refund this amount")
    await shopkeeper.reads("₱90.00 · Refused. Nothing was given back.")
    await shopkeeper.reads("Can still be refunded ₱180.00")
    await customer.page.reload()
    await customer.reads("Paid. Thank you!")
    assert await books.held(order_id) == COFFEE_PHP


async def test_a_refund_waits_while_the_balance_is_too_low(
    customer: Customer, shopkeeper: Shopkeeper, books: Books
) -> None:
    order_id = await buys_a_coffee(
        customer, "There is too little money at Alipay for refunds"
    )
    await shopkeeper.opens(order_id)
    await shopkeeper.fills_in("90.00")
    await shopkeeper.presses("Refund this amount")
    await shopkeeper.reads("₱90.00 · Waits: the balance at Alipay is too low.")
    await customer.page.reload()
    await customer.reads("A refund is under way")
    assert await books.held(order_id) == COFFEE_PHP


async def test_the_back_office_works_without_script(
    chromium: Browser, system: System, books: Books
) -> None:
    context = await chromium.new_context(java_script_enabled=False, locale="id-ID")
    customer = Customer(await context.new_page(), system)
    await customer.page.goto(customer.shop_url)
    await customer.page.get_by_role("button", name="English").click()
    order_id = await customer.comes_to_the_wallet()
    await customer.presses("Pay")
    shopkeeper = Shopkeeper(await context.new_page(), system)
    await shopkeeper.logs_in()
    await shopkeeper.opens(order_id)
    while not await shopkeeper.page.get_by_label("Amount").count():
        await shopkeeper.page.reload()
    await shopkeeper.fills_in("90.00")
    await shopkeeper.page.keyboard.press("Enter")
    await shopkeeper.reads("₱90.00 · Refunded.")
    assert await books.held(order_id) == COFFEE_PHP // 2
    await context.close()


async def test_nothing_secret_of_the_back_office_stands_in_the_logs(
    customer: Customer, shopkeeper: Shopkeeper, system: System
) -> None:
    order_id = await buys_a_coffee(customer)
    await shopkeeper.opens(order_id)
    await shopkeeper.fills_in("50", reason="It was cold, Anna", note="Anna is angry")
    await shopkeeper.presses("Refund this amount")
    await shopkeeper.reads("₱50.00 · Refunded.")
    logs = "".join(file.read_text() for file in system.home.logs.glob("*.log"))
    assert f'"order_id":"{order_id}"' in logs.replace('": "', '":"')
    session = await shopkeeper.cookie()
    password, key = system.home.staff_password, system.home.refund_key
    for secret in (session, password.read_text(), key.read_text(), "Anna"):
        assert secret not in logs


@pytest.mark.parametrize("device", ["desktop", "phone"])
async def test_the_back_office_has_no_serious_accessibility_fault(
    device: str, chromium: Browser, system: System, axe: str
) -> None:
    async with a_device(chromium, device) as context:
        customer = Customer(await context.new_page(), system)
        order_id = await buys_a_coffee(customer)
        shopkeeper = Shopkeeper(await context.new_page(), system)
        pages = Pictures(shopkeeper, axe, device)
        await shopkeeper.page.goto(shopkeeper.url)
        await pages.look("back-office-login")
        await shopkeeper.logs_in()
        await shopkeeper.opens(order_id)
        await shopkeeper.fills_in("much")
        await shopkeeper.presses("Refund this amount")
        await shopkeeper.reads("Please write the amount like this")
        await pages.look("back-office-problem")
        await shopkeeper.fills_in("90.00", reason="It was cold", note="Apologised")
        await shopkeeper.presses("Refund this amount")
        await shopkeeper.reads("₱90.00 · Refunded.")
        # Anew, so that the picture begins at the top.
        await shopkeeper.opens(order_id)
        await pages.look("back-office-order")
        await shopkeeper.page.goto(shopkeeper.url)
        await pages.look("back-office")
        await customer.page.reload()
        await customer.reads("Refunded ₱90.00 of ₱180.00")
        customers_page = Pictures(customer, axe, device)
        await customers_page.look("refunded")
    assert pages.faults + customers_page.faults == []
