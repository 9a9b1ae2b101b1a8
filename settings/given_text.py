"""Clean the text of a setting of accidental characters around its value.

Secrets of Kubernetes end in a line feed, `docker run --env-file` keeps quotation marks,
pages and editors add invisible characters. Around the value they are an accident and
are removed; inside the value they are rejected, because the intention is unclear.
"""

import re
import unicodedata

QUOTES = ("'", '"')


def as_meant(text: str) -> str:
    """Return the text without accidental characters around it.

    Raises:
        ValueError: Names an invisible character inside; never quotes the value.
    """
    meant = _stripped(text)
    if len(meant) > 1 and meant[0] == meant[-1] and meant[0] in QUOTES:
        meant = _stripped(meant[1:-1])
    if meant.startswith(QUOTES) or meant.endswith(QUOTES):
        raise ValueError("begins or ends with a quotation mark that has no other")
    if meant.startswith("{"):
        # JSON may be written over several lines.
        meant = re.sub(r"[ \t\r\n]+", " ", meant)
    for place, character in enumerate(meant, 1):
        if _is_unseen(character):
            raise ValueError(
                f"character {place} of {len(meant)} is {_name_of(character)}; all must "
                "be visible, or plain blanks"
            )
    return meant


def _stripped(text: str) -> str:
    begin, end = 0, len(text)
    while begin < end and _is_around(text[begin]):
        begin += 1
    while begin < end and _is_around(text[end - 1]):
        end -= 1
    return text[begin:end]


def _is_around(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) == "Cf"


def _is_unseen(character: str) -> bool:
    return character != " " and not character.isprintable()


def _name_of(character: str) -> str:
    code = f"U+{ord(character):04X}"
    name = unicodedata.name(character, "")
    return f"{code} ({name})" if name else code
