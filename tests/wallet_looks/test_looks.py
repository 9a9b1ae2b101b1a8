"""How wallets look: legible, ours, and the same page for a wallet without a row."""

import pytest

from simulator.requests.wallets import WALLETS
from wallet_looks import LOOKS, Look, look_of

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


def test_every_wallet_that_the_simulator_knows_has_a_look() -> None:
    assert LOOKS.keys() >= WALLETS.keys()


def test_a_wallet_without_a_row_is_shown_under_its_code() -> None:
    look = look_of("NEW_WALLET")
    assert (look.name, look.market) == ("NEW_WALLET", "")
    assert look.brand not in {known.brand for known in LOOKS.values()}
