"""The Temporal UI as an operator uses it: logs in, filters the list, reads a page."""

import json
from pathlib import Path
from urllib.parse import quote

from playwright.async_api import Error, Locator, Page, expect

from cashier.system.processes import System
from tests.browser.stuck_pages import StuckPage


class TemporalUi:
    """One browser tab of an operator."""

    def __init__(self, page: Page, system: System) -> None:
        self.page = page
        self._system = system

    @property
    def _workflows(self) -> str:
        return f"{self._system.ports.ui_url}/namespaces/default/workflows"

    async def log_in(self) -> None:
        """Log in at the codec server."""
        page, home = self.page, self._system.home
        await page.goto(f"{self._system.ports.codec_url}/login")
        await page.get_by_label("Name").fill("operator")
        await page.get_by_label("Password").fill(home.operator_password.read_text())
        await page.get_by_role("button", name="Log in").click()
        await expect(page.get_by_text("Logged in as operator")).to_be_visible()

    async def ask_the_codec_server_as_me(self) -> None:
        """Follow the steps that the login page gives, once for this browser."""
        page = self.page
        await page.goto(self._workflows)
        await page.locator("[data-testid^=data-encoder-status]").first.click()
        await page.get_by_text("Use my browser setting and ignore").click()
        endpoint = page.get_by_test_id("data-encoder-endpoint-input")
        await endpoint.fill(f"{self._system.ports.codec_url}/codec")
        await page.get_by_text("Include cross-origin credentials").click()
        await page.get_by_role("button", name="Apply").click()
        await expect(page.get_by_test_id("data-encoder-title")).to_be_hidden()

    async def filter(self, query: str) -> None:
        """Open the list with a filter, as a saved view does."""
        await self.page.goto(f"{self._workflows}?query={quote(query)}")

    async def open(self, workflow_id: str, tab: str = "") -> None:
        """Open the page of a workflow's newest run.

        Args:
            workflow_id: Which workflow.
            tab: Another tab than the first, by its test id without `-tab`.
        """
        await self.page.goto(f"{self._workflows}/{quote(workflow_id)}")
        heading = self.page.get_by_test_id("workflow-id-heading")
        await expect(heading).to_contain_text(workflow_id)
        if tab:
            await self._visible(f"[data-testid={tab}-tab]").click()

    async def open_stuck(self, stuck: StuckPage) -> None:
        """Open what tells of something stuck."""
        await self.open(stuck.workflow_id, stuck.tab)
        if stuck.unfolded:
            await self.unfold(stuck.unfolded)

    async def unfold(self, event: str) -> None:
        """Unfold the newest event of this name in the event history."""
        rows = self._visible("[data-testid=event-summary-row], table tbody tr")
        await rows.filter(has_text=event).first.click()

    async def update(
        self, name: str, data: dict[str, str], *, refused: str = ""
    ) -> None:
        """Send an update with the page's own buttons.

        Args:
            name: The update's.
            data: Its argument.
            refused: What the dialog says, where it is refused.
        """
        await self._visible("button").filter(has_text="More Actions").click()
        await self._visible("[data-testid=update-button]").click()
        await self._visible("[data-testid=update-select-button]").click()
        await self._visible("[role=option]").filter(has_text=name).first.click()
        await self._visible("[contenteditable=true]").fill(json.dumps(data))
        await self._visible("button").filter(has_text="Random UUID").click()
        dialog = self._visible("dialog[open]")
        await dialog.get_by_test_id("confirm-modal-button").click()
        if refused:
            await expect(dialog).to_contain_text(refused)
        else:
            await expect(dialog).to_be_hidden()

    def _visible(self, selector: str) -> Locator:
        """Find only what is in view: the page holds a second layout for small ones."""
        return self.page.locator(selector).locator("visible=true")

    async def reads(self, *texts: str) -> None:
        """Wait until all these texts stand on the page; fail if they do not come."""
        missing: list[str] = []
        for _ in range(80):
            shown = await self.text()
            missing = [text for text in texts if text not in shown]
            if not missing:
                return
            await self.page.wait_for_timeout(250)
        raise AssertionError(f"the page does not show {missing}:\n{await self.text()}")

    async def text(self) -> str:
        """Return what is written on the page; Markdown stands in frames of its own."""
        texts = []
        for frame in self.page.frames:
            try:
                texts.append(await frame.inner_text("body"))
            except Error:
                # One that the page has just replaced says nothing any more.
                if not frame.is_detached():
                    raise
        return "\n".join(texts)

    async def shoot(self, file: Path) -> None:
        """Take a picture of what is in view."""
        file.parent.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=file)
