"""One system with a payment of each stuck kind, and one Chromium, for these tests."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from cashier.home import Ports
from cashier.stuck_demo import stuck_system, until_stuck
from cashier.system import System
from tests.browser.chromium import running_chromium
from tests.browser.temporal_ui import TemporalUi


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with running_chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
async def stuck(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[System]:
    # After the browser: without one there is no need for a system.
    async with stuck_system(tmp_path_factory.mktemp("stuck"), Ports.free()) as system:
        await until_stuck(system)
        yield system


@pytest.fixture(scope="session")
async def operator(chromium: Browser, stuck: System) -> AsyncIterator[TemporalUi]:
    """An operator's tab, logged in, in a browser that asks the codec server."""
    context = await chromium.new_context(viewport={"width": 1400, "height": 1000})
    ui = TemporalUi(await context.new_page(), stuck)
    await ui.log_in()
    await ui.ask_the_codec_server_as_me()
    yield ui
    await context.close()


@pytest.fixture
async def stranger(chromium: Browser, stuck: System) -> AsyncIterator[TemporalUi]:
    """The tab of somebody who may open the UI, and has no login."""
    context = await chromium.new_context()
    ui = TemporalUi(await context.new_page(), stuck)
    await ui.ask_the_codec_server_as_me()
    yield ui
    await context.close()
