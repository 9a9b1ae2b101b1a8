"""The auditor's report in a real browser: it can be read, printed, and runs nothing."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from tests.browser.audit_report import TAMPERED, write_recorded_report


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recorded_report(tmp_path_factory.mktemp("audit"))


@pytest.fixture
async def page(chromium: Browser, report: Path) -> AsyncIterator[Page]:
    page = await chromium.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("requestfailed", lambda asked: complaints.append(asked.url))
    await page.goto(report.as_uri())
    # A blocked style or script would have been complained of.
    assert complaints == []
    yield page
    await page.close()


async def test_a_payment_is_opened_and_shows_who_signed_what(page: Page) -> None:
    payment = page.locator("details.history", has_text="recorded-proven-paid").first
    steps = payment.locator("table", has_text="What happened")
    assert not await steps.is_visible()
    await payment.locator("summary").click()
    assert await steps.is_visible()
    paid = steps.locator("tr", has_text="notifies")
    assert "signed by Alipay, key 1" in await paid.inner_text()
    assert "PHP 1,314.00" in await paid.inner_text()


async def test_a_finding_leads_to_its_payment(page: Page) -> None:
    summary = await page.locator(".verdict").inner_text()
    assert summary.startswith("Not all payments are proven")
    link = page.locator("#findings ~ div.scroll a", has_text=TAMPERED).first
    await link.click()
    bad = page.locator("details.bad")
    assert await bad.count() == 1
    assert page.url.endswith("#" + (await bad.get_attribute("id") or "-"))


async def test_on_paper_nothing_is_folded(page: Page) -> None:
    steps = page.locator("details.history table").first
    assert not await steps.is_visible()
    await page.emulate_media(media="print")
    box = await steps.bounding_box()
    assert box
    assert box["height"] > 50


async def test_the_plot_is_drawn_and_has_a_name(page: Page) -> None:
    plot = page.get_by_role("img", name="Payments by outcome and day")
    box = await plot.bounding_box()
    assert box
    assert box["height"] > 100
    assert await plot.locator("rect").count() > 1
