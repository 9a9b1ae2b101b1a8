"""The page of the API in a real browser: it works, by its own strict policy."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from playwright.async_api import Browser, Page
from temporalio.client import Client

from tests.api.running import API_KEY, settings_in
from tests.fuzz.serving import served_api


@pytest.fixture
async def page(
    chromium: Browser, tmp_path: Path, alipay_key: RSAPrivateKey
) -> AsyncIterator[Page]:
    away = await Client.connect("127.0.0.1:1", lazy=True)
    page = await chromium.new_page()
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    async with served_api(settings_in(tmp_path, alipay_key), away) as port:
        url = f"http://127.0.0.1:{port}"
        await page.goto(f"{url}/docs")
        yield page
        await page.close()
    # A blocked script, style or picture would have been complained of.
    assert complaints == []
    assert [one for one in asked if not one.startswith((url, "data:", "blob:"))] == []


async def test_a_call_is_tried_out_with_the_key(page: Page) -> None:
    await page.get_by_role("button", name="Authorize").click()
    await page.locator(".modal-ux input").fill(API_KEY)
    await page.locator(".modal-ux button", has_text="Authorize").click()
    await page.locator(".modal-ux button", has_text="Close").click()
    wallets = page.locator(".opblock", has_text="/wallets")
    await wallets.locator("button.opblock-summary-control").click()
    await wallets.get_by_role("button", name="Try it out").click()
    await wallets.get_by_role("button", name="Execute").click()
    answer = wallets.locator(".live-responses-table .response")
    await answer.get_by_text("200").first.wait_for()
    assert "GCASH" in await answer.inner_text()
