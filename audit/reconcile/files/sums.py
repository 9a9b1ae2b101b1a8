"""Recognises lines of sums, which list no money, in English and in Chinese."""

import re
from collections.abc import Sequence
from typing import Final

# Alipay's words in the column of types.
SUM_TYPES: Final = ("TOTAL", "SUBTOTAL", "DEFAULT", "SUMMARY")
_ENGLISH: Final = re.compile(
    r"(GRAND[ _-]?)?(SUB[ _-]?)?TOTAL( AMOUNT)?|SUM|SUMMARY", re.IGNORECASE
)
# Sum, total, subtotal, altogether, summary, accumulated: simplified and traditional.
# Chinese writes the number of lines beside the word, so that it need not stand alone.
_CHINESE: Final = re.compile(
    "合计|总计|小计|共计|汇总|累计|合計|總計|小計|共計|匯總|累計"
)
# With the colon and the brackets of Chinese type.
_AROUND: Final = " :()#*-\uff1a\uff08\uff09"


def is_sum(type_: str, ids: Sequence[str], cells: Sequence[str]) -> bool:
    """Return whether a line holds sums of other lines, and so no money of its own.

    Args:
        type_: The cell in the column of types, in capitals.
        ids: The cells of its ids. A line with one that is no word for a sum is money,
            whatever its type: better reported by an odd type than left out unseen.
        cells: All of the line.
    """
    if any(one and not _is_word(one) for one in ids):
        return False
    if type_ in SUM_TYPES or _is_word(type_):
        return True
    # A line that says what it is, and has no id, is an error unless it begins so.
    return any(map(_is_word, (cells[0], *ids) if type_ else cells))


def _is_word(text: str) -> bool:
    bare = text.strip(_AROUND)
    return bool(_CHINESE.search(bare.replace(" ", "")) or _ENGLISH.fullmatch(bare))
