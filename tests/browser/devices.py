"""What customers have before them: a desk with a screen, or a phone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, BrowserContext, ViewportSize

from tests.browser.chromium import close

DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
ANDROID = "Mozilla/5.0 (Linux; Android 14; Mobile) Chrome/140.0 Mobile Safari"


@asynccontextmanager
async def a_device(chromium: Browser, kind: str) -> AsyncIterator[BrowserContext]:
    """Open a device, `desktop` or `phone`, that has never been in the shop."""
    is_phone = kind == "phone"
    context = await chromium.new_context(
        viewport=PHONE if is_phone else DESKTOP,
        device_scale_factor=2 if is_phone else 1,
        is_mobile=is_phone,
        has_touch=is_phone,
        user_agent=ANDROID if is_phone else None,
        locale="en-GB",
    )
    yield context
    await close(context)
