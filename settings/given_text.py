"""What was meant by the text of a setting, however it got here.

Secrets of Kubernetes end in a line feed, `docker run --env-file` leaves quotation marks
around, pages and editors add characters that nobody sees. What surrounds the value is
surely an accident, and taken away; what stands inside it is refused, for nobody can
tell what was meant.
"""

import re
import unicodedata

QUOTES = ("'", '"')


def as_meant(text: str) -> str:
    """Return the text without what surely was not meant.

    Raises:
        ValueError: Says what else stands in it; never quotes the value.
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
