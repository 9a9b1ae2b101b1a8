"""The shopkeeper in the back office, with a browser."""

import re

from playwright.async_api import Page, expect

from cashier.system.home import SHOPKEEPER
from cashier.system.processes import System
from tests.browser.shopping import SOON_MILLISECONDS


class Shopkeeper:
    """Somebody of the shop who gives money back."""

    def __init__(self, page: Page, system: System) -> None:
        self.page = page
        self.url = f"{system.ports.shop_url}/back-office"
        self._password = system.home.staff_password.read_text()
        page.set_default_timeout(SOON_MILLISECONDS)

    async def logs_in(self) -> None:
        await self.page.goto(self.url)
        await self.page.get_by_label("Name").fill(SHOPKEEPER)
        await self.page.get_by_label("Password").fill(self._password)
        await self.presses("Log in")
        await self.reads_title("Orders")

    async def cookie(self) -> str:
        """Return the secret of the session."""
        cookies = await self.page.context.cookies(self.url)
        [mine] = [one for one in cookies if one.get("name") == "back-office"]
        return str(mine.get("value"))

    async def opens(self, order_id: str) -> None:
        await self.page.goto(self.url)
        await self.page.get_by_role("link", name=order_id).click()
        await self.reads_title(f"Order {order_id}")

    async def fills_in(self, amount: str, *, reason: str = "", note: str = "") -> None:
        await self.page.get_by_label("Amount").fill(amount)
        await self.page.get_by_label("Reason, for the customer").fill(reason)
        await self.page.get_by_label("Note, for us").fill(note)

    async def presses(self, name: str) -> None:
        await self.page.get_by_role("button", name=re.compile(f"^{name}")).click()

    async def reads_title(self, title: str) -> None:
        heading = self.page.get_by_role("heading", level=1)
        await expect(heading).to_have_text(title)

    async def reads(self, text: str) -> None:
        await expect(self.page.get_by_role("main")).to_contain_text(text)
