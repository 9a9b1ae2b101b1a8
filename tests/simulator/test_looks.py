"""How wallets look: legible, ours, and the same page for a wallet without a row."""

import re
from xml.etree import ElementTree

import pytest

from simulator.page.assets import FILES
from simulator.page.looks import LOOKS, Look, Motif, look_of
from simulator.requests.wallets import WALLETS
from tests.simulator.shop import Shop

# WCAG 2.2, 1.4.3 and 1.4.11: text, and what must be seen to understand a picture.
TEXT, GRAPHICS = 4.5, 3.0
ALL = LOOKS | {"NEW_WALLET": look_of("NEW_WALLET")}


def luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb, as WCAG defines it."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_measured_as_wcag_does() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("look", ALL.values(), ids=ALL)
def test_text_and_mark_can_be_seen_on_every_wallets_colour(look: Look) -> None:
    assert contrast(look.ink, look.brand) >= TEXT
    assert contrast(look.accent, look.brand) >= GRAPHICS


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


def test_every_wallet_that_the_simulator_knows_has_a_look() -> None:
    assert LOOKS.keys() >= WALLETS.keys()


def test_a_wallet_without_a_row_is_shown_under_its_code() -> None:
    look = look_of("NEW_WALLET")
    assert (look.name, look.market) == ("NEW_WALLET", "")
    assert look.brand not in {known.brand for known in LOOKS.values()}


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
