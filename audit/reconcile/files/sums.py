"""Recognises lines with sums, in English and in Chinese: they are not movements."""

import re
from collections.abc import Sequence
from typing import Final

# Alipay's types of sum lines.
SUM_TYPES: Final = ("TOTAL", "SUBTOTAL", "DEFAULT", "SUMMARY")
_ENGLISH: Final = re.compile(
    r"(GRAND[ _-]?)?(SUB[ _-]?)?TOTAL( AMOUNT)?|SUM|SUMMARY", re.IGNORECASE
)
# Sum, total, subtotal, altogether, summary, accumulated: simplified and traditional. In
# Chinese the number of lines may stand beside the word.
_CHINESE: Final = re.compile(
    "合计|总计|小计|共计|汇总|累计|合計|總計|小計|共計|匯總|累計"
)
# Including the Chinese colon and brackets.
_AROUND: Final = " :()#*-\uff1a\uff08\uff09"


def is_sum(type_: str, ids: Sequence[str], cells: Sequence[str]) -> bool:
    """Return whether a line contains sums of other lines, and no movement of its own.

    Args:
        type_: The type, in capitals.
        ids: The cells of its ids. A line with any other id than a word for sum is
            money, whatever its type: a line with an unknown type is reported, not
                dropped.
        cells: All cells of the line.
    """
    if any(one and not _is_word(one) for one in ids):
        return False
    if type_ in SUM_TYPES or _is_word(type_):
        return True
    # A line with a type but without an id is an error unless it begins with such a
    # word.
    return any(map(_is_word, (cells[0], *ids) if type_ else cells))


def _is_word(text: str) -> bool:
    bare = text.strip(_AROUND)
    return bool(_CHINESE.search(bare.replace(" ", "")) or _ENGLISH.fullmatch(bare))
