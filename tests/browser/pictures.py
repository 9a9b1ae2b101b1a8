"""Looks at pages as people see them: for faults, and for the pictures of docs/."""

import os
from pathlib import Path
from typing import Protocol

from playwright.async_api import Page

from tests.browser.accessibility import serious_faults

# `make screenshots` names the folder; other runs of the tests keep no pictures.
FOLDER = "CASHIER_PICTURES"
# Those that README.md and docs/storefronts.md show.
SHOWN = (
    "home-desktop",
    "checkout-desktop",
    "wallet-phone",
    "wallet-menu-desktop",
    "waiting-phone",
    "paid-desktop",
    "back-office-order-desktop",
    "refunded-phone",
)


class Visitor(Protocol):
    """Who has a page of the shop before them."""

    page: Page


class Pictures:
    """The pages that a visitor comes through on one device."""

    def __init__(self, visitor: Visitor, axe: str, device: str) -> None:
        self.faults: list[str] = []
        self._visitor = visitor
        self._axe = axe
        self._device = device

    async def look(self, name: str) -> None:
        """Note the page's faults, and keep its picture where that is wanted."""
        page = self._visitor.page
        await page.wait_for_load_state()
        faults = await serious_faults(page, self._axe)
        self.faults += [f"{name}, {self._device}: {fault}" for fault in faults]
        picture, folder = f"{name}-{self._device}", os.environ.get(FOLDER)
        if folder and picture in SHOWN:
            await page.screenshot(path=Path(folder) / f"shop-{picture}.png")
