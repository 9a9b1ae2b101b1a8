"""Takes the pictures of docs/: `python -m tests.browser.screenshots`."""

import asyncio
import tempfile
from pathlib import Path

from cashier.demos.stuck import stuck_system, until_stuck
from cashier.system.ports import Ports
from tests.browser.audit_report import shoot_report
from tests.browser.chromium import running_chromium
from tests.browser.stuck_pages import STUCK_PAGES
from tests.browser.temporal_ui import TemporalUi

IMAGES = Path(__file__).parent.parent.parent / "docs" / "images"


async def take_screenshots() -> None:
    with tempfile.TemporaryDirectory() as folder:
        # The usual ports, so that the pictures show the usual addresses.
        async with (
            running_chromium() as browser,
            stuck_system(Path(folder), Ports()) as system,
        ):
            await shoot_report(browser, IMAGES)
            await until_stuck(system)
            page = await browser.new_page(viewport={"width": 1280, "height": 900})
            ui = TemporalUi(page, system)
            await ui.log_in()
            await ui.shoot(IMAGES / "codec-server.png")
            await ui.ask_the_codec_server_as_me()
            for kind, stuck in STUCK_PAGES.items():
                await ui.open_stuck(stuck)
                await ui.reads(*stuck.says)
                await ui.shoot(IMAGES / f"stuck-{kind}.png")


if __name__ == "__main__":
    asyncio.run(take_screenshots())
