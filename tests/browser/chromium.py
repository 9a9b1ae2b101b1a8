"""Finds and starts a Chromium: Debian's, another one on PATH, or Playwright's own."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import (
    Browser,
    BrowserContext,
    Playwright,
    async_playwright,
)

NAMES = ("chromium", "chromium-browser", "google-chrome")
# As root there is no sandbox; the rest keeps it from calling home.
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# CI sets it, so that these tests cannot be left out there unnoticed.
REQUIRED = "CASHIER_BROWSER_TESTS"
# In seconds. No timeout of pytest ends a second fixture that waits for a dead browser.
CLOSING = 30


@asynccontextmanager
async def running_chromium() -> AsyncIterator[Browser]:
    """Run a headless Chromium; without one the test is skipped, or fails in CI."""
    async with async_playwright() as playwright:
        program = _program(playwright)
        if program is None:
            if os.environ.get(REQUIRED) == "required":
                raise FileNotFoundError("there is no Chromium")
            pytest.skip("there is no Chromium: apt-get install chromium")
        browser = await playwright.chromium.launch(
            executable_path=program, args=SWITCHES
        )
        try:
            yield browser
        finally:
            await close(browser)


async def close(opened: Browser | BrowserContext) -> None:
    """Close a browser, or one customer's part of it.

    Raises:
        TimeoutError: It does not answer; it has died, as a rule.
    """
    async with asyncio.timeout(CLOSING):
        await opened.close()


def _program(playwright: Playwright) -> str | None:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    own = playwright.chromium.executable_path
    return found or (own if Path(own).is_file() else None)
