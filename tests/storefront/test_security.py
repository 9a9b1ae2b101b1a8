"""What guards the pages: headers, origins, cookies, and logs without tokens."""

import logging
import re

import httpx
import pytest

from storefront.app import create_app
from storefront.pages.rendering import FOLDER
from storefront.settings import StorefrontSettings
from telemetry.access import AccessLog
from tests.storefront.customer import Customer, a_customer
from tests.storefront.played_api import PlayedApi

PAGES = ("/", "/cart", "/nowhere", "/static/shop.css", "/health/live")


@pytest.mark.parametrize("path", PAGES)
async def test_every_answer_has_the_headers(customer: Customer, path: str) -> None:
    headers = (await customer.http.get(path)).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


async def test_pages_are_kept_by_no_cache_and_files_for_long(
    customer: Customer,
) -> None:
    await customer.buy()
    for path in ("/", "/cart", f"/orders/{(await customer.order()).token}"):
        answer = await customer.http.get(path)
        assert answer.headers["cache-control"] == "no-store"
    page = (await customer.http.get("/")).text
    for path in re.findall(r'(?:href|src)="(/static/[^"]*)"', page):
        answer = await customer.http.get(path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]


async def test_no_page_has_script_or_style_inside(customer: Customer) -> None:
    await customer.add()
    await customer.buy()
    token = (await customer.order()).token
    for path in ("/", "/cart", f"/orders/{token}", f"/orders/{token}/record"):
        page = (await customer.http.get(path)).text
        assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", page)
        assert re.findall(r"<script[^>]*>([^<]*)", page) == [""]
        assert "http://" not in page.replace("http://www.w3.org", "")


@pytest.mark.parametrize(
    ("headers", "is_own"),
    [
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "http://127.0.0.1:8000"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8000"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Origin": "https://elsewhere.example"}, False),
        ({"Origin": "null"}, False),
        ({}, False),
    ],
)
async def test_a_form_of_another_site_changes_nothing(
    customer: Customer, headers: dict[str, str], is_own: bool
) -> None:
    customer.http.headers.pop("Origin")
    answer = await customer.http.post(
        "/cart", data={"product": "espresso"}, headers=headers
    )
    assert answer.status_code == (303 if is_own else 403)
    assert ("cart" in customer.http.cookies) is is_own


async def test_cookies_are_for_no_script_and_no_other_site(
    shop_settings: StorefrontSettings, api: PlayedApi
) -> None:
    secure = shop_settings.model_copy(update={"base_url": "https://shop.example"})
    async with a_customer(secure, api) as customer:
        answer = await customer.http.post("/cart", data={"product": "espresso"})
    cookie = answer.headers["set-cookie"].lower()
    for word in ("httponly", "samesite=lax", "secure", "path=/"):
        assert word in cookie


async def test_no_log_shows_a_token(
    shop_settings: StorefrontSettings,
    api: PlayedApi,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    app = create_app(shop_settings, transport=api.transport)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(AccessLog(app)),
            base_url=shop_settings.base_url,
            headers={"Origin": shop_settings.base_url},
        ) as http,
    ):
        customer = Customer(http, app.state.shop, app.state.stopping)
        await customer.buy()
        await customer.looks()
        token = (await customer.order()).token
    told = [getattr(record, "route", "") for record in caplog.records]
    assert "/orders/{token}" in told
    ours = [one for one in caplog.records if not one.name.startswith("httpx")]
    assert ours
    assert not [one for one in ours if token in f"{one.getMessage()} {vars(one)}"]


async def test_what_is_too_large_is_not_read(customer: Customer) -> None:
    answer = await customer.http.post("/cart", data={"product": "x" * 70_000})
    assert answer.status_code == 413


# ---- contrast: WCAG 2.2, 1.4.3: at least 4.5 ----


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_palette_can_be_read() -> None:
    style = (FOLDER / "static" / "shop.css").read_text()
    colour = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", style))
    for ink in ("ink", "soft", "roast", "roast-deep", "leaf"):
        for paper in ("paper", "card", "notice"):
            assert contrast(colour[ink], colour[paper]) >= 4.5, (ink, paper)
    assert contrast("#ffffff", colour["roast"]) >= 4.5
    assert contrast("#e5dacb", colour["ink"]) >= 4.5
