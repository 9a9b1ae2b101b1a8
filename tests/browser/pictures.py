"""Looks at pages as people see them: for faults, and for the pictures of docs/."""

import os
from pathlib import Path

from tests.browser.accessibility import serious_faults
from tests.browser.shopping import Customer

# `make screenshots` names the folder; other runs of the tests keep no pictures.
FOLDER = "CASHIER_PICTURES"


class Pictures:
    """The pages that a customer comes through on one device."""

    def __init__(self, customer: Customer, axe: str, device: str) -> None:
        self.faults: list[str] = []
        self._customer = customer
        self._axe = axe
        self._device = device

    async def look(self, name: str) -> None:
        """Note the page's faults, and keep its picture where that is wanted."""
        page = self._customer.page
        await page.wait_for_load_state()
        faults = await serious_faults(page, self._axe)
        self.faults += [f"{name}, {self._device}: {fault}" for fault in faults]
        if folder := os.environ.get(FOLDER):
            file = Path(folder) / f"shop-{name}-{self._device}.png"
            await page.screenshot(path=file)
