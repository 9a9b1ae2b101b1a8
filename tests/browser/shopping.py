"""Customers of the demo shop, each with a browser, and the books that must agree."""

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import httpx
from playwright.async_api import Page, expect
from temporalio.client import WorkflowHandle

from cashier.system.processes import System
from contracts import PaymentOutcome, PaymentView, workflow_id

# What a flat white costs, in minor units.
COFFEE_PHP, COFFEE_IDR = 18_000, 4_200_000
# A page is told of a change within a second; a loaded machine takes its time.
SOON_MILLISECONDS = 20_000
# More than any of our pages has.
MOST_TABS = 60
FOCUSED = """() => {
  const it = document.activeElement;
  const roles = { BUTTON: "button", A: "link", SUMMARY: "summary" };
  const name = it.getAttribute("aria-label") ?? it.textContent;
  const ring = it.type === "radio" ? it.closest("label") : it;
  const styles = [it, ring].map((one) => getComputedStyle(one).outlineStyle);
  return {
    role: it.type === "radio" ? "radio" : roles[it.tagName] ?? it.tagName,
    name: it.type === "radio" ? "" : name.replace(/\\s+/g, " ").trim(),
    outline: styles.find((one) => one !== "none") ?? "none",
  };
}"""


class Customer:
    """Somebody who buys a coffee and pays it with a wallet."""

    def __init__(self, page: Page, system: System) -> None:
        self.page = page
        self.shop_url = system.ports.shop_url
        page.set_default_timeout(SOON_MILLISECONDS)

    async def enters(self, market: str = "Philippines") -> None:
        await self.page.goto(self.shop_url)
        await self.page.get_by_role("button", name=re.compile(f"^{market}")).click()

    async def adds(self, product: str = "Flat white") -> None:
        await self.page.get_by_role("button", name=f"Add {product}").click()
        await expect(
            self.page.get_by_role("link", name=re.compile("Cart"))
        ).to_be_visible()

    async def goes_to_the_cart(self) -> None:
        await self.page.goto(f"{self.shop_url}/cart")

    async def checks_out(self, wallet: str) -> None:
        """Choose a wallet and go to its page."""
        await self.chooses_wallet(wallet)
        await self.page.get_by_role("button", name=re.compile("^Pay ")).click()
        await self.is_at_the_wallet(wallet)

    async def chooses_wallet(self, wallet: str) -> None:
        await self.page.get_by_role("radio", name=re.compile(f"^{wallet}")).check()

    async def is_at_the_wallet(self, wallet: str) -> None:
        heading = self.page.get_by_role("heading", level=1, name=wallet)
        await expect(heading).to_be_visible(timeout=SOON_MILLISECONDS)
        await expect(self.page.get_by_text("Simulated wallet")).to_be_visible()

    async def comes_to_the_wallet(
        self, wallet: str = "GCash", market: str = "Philippines"
    ) -> str:
        """Do all that leads to the wallet's page; return the order's id."""
        await self.enters(market)
        await self.adds()
        await self.goes_to_the_cart()
        await self.checks_out(wallet)
        return await self.order_id()

    async def order_id(self) -> str:
        """Return the order that the wallet's page names."""
        named = self.page.locator("dt:text-is('Order') + dd")
        return (await named.inner_text()).strip()

    async def chooses(self, group: str, scenario: str) -> None:
        """Open the menu of what goes wrong, and choose."""
        await self.opens_the_menu()
        await self.page.get_by_text(group, exact=True).click()
        await self.page.get_by_label(scenario).check()

    async def opens_the_menu(self) -> None:
        await self.page.get_by_text("Try what goes wrong").click()

    async def presses(self, name: str) -> None:
        await self.page.get_by_role("button", name=re.compile(f"^{name}")).click()

    async def reaches(self, role: str, name: str) -> None:
        """Press Tab until something has the focus, visibly."""
        for _ in range(MOST_TABS):
            await self.page.keyboard.press("Tab")
            focused = await self.page.evaluate(FOCUSED)
            if focused["role"] == role and focused["name"].startswith(name):
                assert focused["outline"] != "none", focused
                return
        raise AssertionError(f"the keyboard does not reach {role} {name!r}")

    async def types(self, key: str) -> None:
        """Press a key that leads to another page."""
        async with self.page.expect_navigation():
            await self.page.keyboard.press(key)

    async def follows(self, link: str) -> None:
        await self.page.get_by_role("link", name=re.compile(f"^{link}")).click()

    async def reads(self, title: str) -> None:
        """Wait for the title of the result page; it comes without a reload."""
        heading = self.page.get_by_role("heading", level=1)
        await expect(heading).to_have_text(title, timeout=SOON_MILLISECONDS)

    async def reads_text(self, text: str) -> None:
        found = self.page.get_by_role("main")
        await expect(found).to_contain_text(text, timeout=SOON_MILLISECONDS)

    async def opened(self, page: Page, system: System) -> "Customer":
        """Return the same customer before another page: a tab, or another device."""
        await page.goto(self.page.url)
        return Customer(page, system)


@dataclass
class Books:
    """What the simulator, the workflow and the shop's own table say of an order."""

    system: System
    http: httpx.AsyncClient

    async def agree(
        self,
        order_id: str,
        outcome: PaymentOutcome,
        *,
        held: int,
        shop_says: str,
        is_fulfilled: bool,
    ) -> PaymentView:
        """Assert that all books tell the same; return the workflow's.

        Args:
            order_id: Whose.
            outcome: How the workflow ended.
            held: Minor units that Alipay holds of the order at the end.
            shop_says: The status in the shop's table.
            is_fulfilled: Whether the shop has let the goods go.
        """
        client = await self.system.client()
        payment: WorkflowHandle[Any, PaymentView] = client.get_workflow_handle(
            workflow_id(order_id), result_type=PaymentView
        )
        # The shop has been told before the workflow ends.
        view = await payment.result()
        row = self.shop_row(order_id)
        assert view.outcome is outcome
        assert await self.held(order_id) == held
        assert row["status"] == shop_says
        assert (row["fulfilled_at"] is not None) is is_fulfilled
        return view

    async def tell_paid(self, order_id: str, *, held: int) -> PaymentView:
        """Assert that an order was paid once, and is delivered."""
        assert await self.charges(order_id) == 1
        return await self.agree(
            order_id,
            PaymentOutcome.PAID,
            held=held,
            shop_says="PAID",
            is_fulfilled=True,
        )

    async def tell_unpaid(self, order_id: str, outcome: PaymentOutcome) -> PaymentView:
        """Assert that nothing was taken for an order, and nothing is delivered."""
        assert await self.charges(order_id) == 0
        return await self.agree(
            order_id, outcome, held=0, shop_says=outcome, is_fulfilled=False
        )

    async def held(self, order_id: str) -> int:
        """Return how much money of an order Alipay holds."""
        ledger = await self.control("ledger")
        return sum(ledger["net"].get(order_id, {}).values())

    async def charges(self, order_id: str) -> int:
        """Return how often an order was charged."""
        entries = (await self.control("ledger"))["entries"]
        return sum(
            entry["order_id"] == order_id and entry["kind"] == "CHARGE"
            for entry in entries
        )

    async def payments(self, order_id: str) -> list[dict[str, Any]]:
        """Return the order's payments as Alipay has them."""
        payments = await self.control("payments")
        return [one for one in payments if one["order_id"] == order_id]

    async def finish_refund(self, order_id: str) -> None:
        """Have Alipay say that the order's refund is done, which is under way."""
        refunds = await self.control("refunds")
        [mine] = [one for one in refunds if one["order_id"] == order_id]
        control = f"{self.system.ports.simulator_url}/control"
        answer = await self.http.post(
            f"{control}/refunds/{mine['refund_request_id']}/finish"
        )
        assert answer.is_success, answer.text

    async def control(self, path: str) -> Any:
        url = f"{self.system.ports.simulator_url}/control/{path}"
        return (await self.http.get(url)).json()

    def shop_row(self, order_id: str) -> dict[str, Any]:
        """Return the order as it stands in the shop's own table."""
        return self._row("select * from orders where order_id = ?", order_id)

    def callbacks(self, order_id: str) -> int:
        """Return how many different callbacks the shop has kept."""
        query = "select count(*) as number from callbacks where order_id = ?"
        return int(self._row(query, order_id)["number"])

    def orders(self) -> int:
        """Return how many orders the shop has."""
        return int(self._row("select count(*) as number from orders")["number"])

    def _row(self, query: str, *values: str) -> dict[str, Any]:
        with closing(sqlite3.connect(self.system.home.shop_orders)) as connection:
            connection.row_factory = sqlite3.Row
            return dict(connection.execute(query, values).fetchone())
