"""The wallets' marks: simple shapes and letters of our own, and nobody's logo."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

LIGHT: Final = "#ffffff"
DARK: Final = "#2b2118"


@dataclass(frozen=True)
class Mark:
    """A coloured tile with a letter or two, and a shape behind them."""

    colour: str
    letters: str
    shape: str
    ink: str = LIGHT


# By the code's beginning: a wallet of several countries has one mark. The ink has a
# contrast of at least 4.5 on its colour; a test computes it.
MARKS: Final[Mapping[str, Mark]] = MappingProxyType(
    {
        "ALIPAY": Mark("#1660b8", "A", "wave"),
        "GCASH": Mark("#1a5fd0", "G", "ring"),
        "MAYA": Mark("#173f35", "m", "hill"),
        "GRABPAY": Mark("#0f7440", "g", "path"),
        "BPI": Mark("#8c1d2c", "B", "bars"),
        "BILLEASE": Mark("#0c6470", "be", "steps"),
        "AKULAKU": Mark("#b32b2b", "a", "steps"),
        "SHOPEEPAY": Mark("#b9400e", "S", "hill"),
        "DANA": Mark("#1169a9", "D", "wave"),
        "OVO": Mark("#5a2d91", "o", "ring"),
        "GOPAY": Mark("#086a80", "go", "path"),
        "KREDIVO": Mark("#a04405", "k", "steps"),
        "DOKU": Mark("#a8222c", "d", "bars"),
        "TNG": Mark("#14459b", "t", "path"),
        "BOOST": Mark("#ba262e", "b", "hill"),
        "KAKAOPAY": Mark("#f2d43c", "k", "ring", DARK),
        "NAVERPAY": Mark("#0b6f40", "N", "bars"),
        "TOSSPAY": Mark("#2454c7", "t", "wave"),
        "BANKTRANSFER": Mark("#42526a", "↔", "bars"),
        "TRUEMONEY": Mark("#ab420b", "T", "wave"),
        "RABBIT_LINE_PAY": Mark("#14713a", "L", "ring"),
        "CONNECT_WALLET": Mark("#1660b8", "A+", "ring"),
        "KPLUS": Mark("#0d704a", "K+", "hill"),
        "PAYPAY": Mark("#b9222c", "P", "path"),
        "LINEPAY": Mark("#14713a", "L", "wave"),
        "JKOPAY": Mark("#ae2a38", "J", "ring"),
    }
)
UNKNOWN_COLOUR: Final = "#5b5148"


def mark_of(code: str) -> Mark:
    """Return a wallet's mark; of an unknown one, its first letter."""
    known = (mark for start, mark in MARKS.items() if code.startswith(start))
    return next(known, Mark(UNKNOWN_COLOUR, code[:1] or "?", "ring"))
