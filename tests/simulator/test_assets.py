"""The cashier page's own files: colours, marks, style and script, and nothing else."""

import re
from xml.etree import ElementTree

import pytest

from simulator.page.assets import FILES
from tests.simulator.shop import Shop
from tests.wallet_looks.test_looks import ALL, GRAPHICS, TEXT, contrast
from wallet_looks import LOOKS, Motif


@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("text", "surface"),
        ("text", "quiet"),
        ("muted", "surface"),
        ("muted", "quiet"),
        ("notice-text", "notice"),
        ("problem-text", "problem"),
        ("good-text", "good"),
    ],
)
def test_the_pages_own_text_can_be_read(text: str, ground: str) -> None:
    style, _ = FILES["cashier.css"]
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", style))
    assert contrast(colours[text], colours[ground]) >= TEXT
    assert contrast(colours["edge"], colours["surface"]) >= GRAPHICS


async def test_every_wallet_has_its_colours_and_a_mark_in_them(shop: Shop) -> None:
    for code, look in ALL.items():
        colours = await shop.http.get(f"/assets/colours/{code}.css")
        mark = await shop.http.get(f"/assets/marks/{code}.svg")
        assert f"--brand: {look.brand};" in colours.text
        assert f"--ink: {look.ink};" in colours.text
        drawn = set(re.findall("#[0-9a-f]{6}", mark.text))
        assert drawn == {look.brand, look.ink, look.accent}
        assert ElementTree.fromstring(mark.text).tag.endswith("}svg")
        assert colours.headers["content-type"] == "text/css; charset=utf-8"
        assert mark.headers["content-type"].startswith("image/svg+xml")


async def test_every_motif_is_another_drawing(shop: Shop) -> None:
    by_motif = {look.motif: code for code, look in LOOKS.items()}
    assert by_motif.keys() == set(Motif)
    drawings = set()
    for code in by_motif.values():
        mark = (await shop.http.get(f"/assets/marks/{code}.svg")).text
        drawings.add(re.sub("#[0-9a-f]{6}", "", mark))
    assert len(drawings) == len(Motif)


@pytest.mark.parametrize(
    "path", ["app.py", "..%2fapp.py", "marks/%3Cscript%3E.svg", "colours/gcash.css"]
)
async def test_nothing_else_is_served(shop: Shop, path: str) -> None:
    assert (await shop.http.get(f"/assets/{path}")).status_code == 404


@pytest.mark.parametrize(
    ("name", "media_type"), [("cashier.css", "text/css"), ("cashier.js", "javascript")]
)
async def test_a_browser_may_not_guess_what_a_file_is(
    shop: Shop, name: str, media_type: str
) -> None:
    response = await shop.http.get(f"/assets/{name}")
    assert media_type in response.headers["content-type"]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.text
