"""How each wallet looks: its colours, and a mark drawn by us."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from jinja2 import Template


class Motif(StrEnum):
    """The motif of a mark; the drawings are in mark.svg."""

    BARS = "bars"
    COIN = "coin"
    DOTS = "dots"
    FOLD = "fold"
    GATE = "gate"
    HILLS = "hills"
    KITE = "kite"
    LEAF = "leaf"
    PETALS = "petals"
    SAIL = "sail"
    SUN = "sun"
    WAVES = "waves"


@dataclass(frozen=True)
class Look:
    """One wallet as the customer sees it.

    Attributes:
        market: Its country; empty if unknown.
        brand: The background of its header and of the button Pay.
        ink: Text on `brand`.
        accent: The second colour of its mark, on `brand`; never used for text.
    """

    name: str
    market: str
    brand: str
    ink: str
    accent: str
    motif: Motif


_MARK = Template(
    Path(__file__).with_name("mark.svg").read_text(encoding="utf-8"), autoescape=True
)
ROWS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
LOOKS: dict[str, Look] = {
    code: Look(**row | {"motif": Motif(row["motif"])}) for code, row in ROWS.items()
}


def look_of(code: str) -> Look:
    """Return a wallet's look; a neutral one, under its code, if it has no row."""
    neutral = Look(code, "", "#3a4354", "#ffffff", "#c3cbd9", Motif.COIN)
    return LOOKS.get(code, neutral)


def mark_of(code: str) -> str:
    """Return a wallet's mark as SVG, the same in the shop and on the wallet's page."""
    drawn: str = _MARK.render(look=look_of(code))
    return drawn
