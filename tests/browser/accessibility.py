"""Looks for accessibility faults in a page, with axe-core."""

from pathlib import Path

from playwright.async_api import Page

from tests.npm import install_packages

FOLDER = Path(__file__).parent / "axe"
# Lesser ones are matters of taste more often than of faults.
SERIOUS = ("serious", "critical")


async def read_axe() -> str:
    """Return the program, installed as its lock file pins it."""
    modules = await install_packages(FOLDER)
    return (modules / "axe-core" / "axe.min.js").read_text()


async def serious_faults(page: Page, axe: str) -> list[str]:
    """Return what keeps somebody from using the page, with the place of each."""
    # By the debugger, which no Content-Security-Policy keeps out.
    await page.evaluate(axe)
    found = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{fault['id']} at {node['target']}: {node['failureSummary']}"
        for fault in found["violations"]
        if fault["impact"] in SERIOUS
        for node in fault["nodes"]
    ]
