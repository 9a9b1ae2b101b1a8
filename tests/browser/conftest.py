"""One Chromium for these tests; a system of stuck payments, and one with a shop."""

from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, expect

from cashier.demos.stuck import stuck_system, until_stuck
from cashier.system.home import Home
from cashier.system.ports import Ports
from cashier.system.processes import System, running_system
from tests.browser.accessibility import read_axe
from tests.browser.chromium import close, running_chromium
from tests.browser.devices import a_device
from tests.browser.shopping import SOON_MILLISECONDS, Books, Customer
from tests.browser.temporal_ui import TemporalUi

# Wallet and Alipay hurry; the product's own times stay. A payment that has run out must
# still be known as such before its late money comes: 20 s, so 8 s here.
HURRIED = {"SIMULATOR_CLOCK_FACTOR": "2.5"}


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    # The usual five seconds are few for a page of the Temporal UI on a busy machine.
    expect.set_options(timeout=SOON_MILLISECONDS)
    async with running_chromium() as browser:
        yield browser


# These three end with the file that uses them: a page of the Temporal UI that stays
# open asks and draws until it is closed.


@pytest.fixture(scope="module")
async def stuck(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[System]:
    # After the browser: without one there is no need for a system.
    async with stuck_system(tmp_path_factory.mktemp("stuck"), Ports.free()) as system:
        await until_stuck(system)
        yield system


@pytest.fixture(scope="module")
async def operator(chromium: Browser, stuck: System) -> AsyncIterator[TemporalUi]:
    """An operator's tab, logged in, in a browser that asks the codec server."""
    context = await chromium.new_context(viewport={"width": 1400, "height": 1000})
    ui = TemporalUi(await context.new_page(), stuck)
    await ui.log_in()
    await ui.ask_the_codec_server_as_me()
    yield ui
    await close(context)


@pytest.fixture(scope="module")
async def stranger(chromium: Browser, stuck: System) -> AsyncIterator[TemporalUi]:
    """The tab of somebody who may open the UI, and has no login."""
    context = await chromium.new_context()
    ui = TemporalUi(await context.new_page(), stuck)
    await ui.ask_the_codec_server_as_me()
    yield ui
    await close(context)


@pytest.fixture(scope="session")
async def system(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[System]:
    """All that `make up` runs, the shop included."""
    home = Home(tmp_path_factory.mktemp("shop"))
    running = running_system(
        home, Ports.free(), keep=False, shop=True, settings=HURRIED
    )
    async with running as system:
        yield system


@pytest.fixture(scope="session")
async def books(system: System) -> AsyncIterator[Books]:
    async with httpx.AsyncClient(timeout=30) as http:
        yield Books(system, http)


@pytest.fixture(scope="session")
async def axe() -> str:
    return await read_axe()


@pytest.fixture
async def desktop(chromium: Browser) -> AsyncIterator[BrowserContext]:
    async with a_device(chromium, "desktop") as context:
        yield context


@pytest.fixture
async def phone(chromium: Browser) -> AsyncIterator[BrowserContext]:
    async with a_device(chromium, "phone") as context:
        yield context


@pytest.fixture
async def customer(desktop: BrowserContext, system: System) -> Customer:
    return Customer(await desktop.new_page(), system)
