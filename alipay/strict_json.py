"""The only parser of Alipay's JSON: the same rules for notifications and answers.

Python's own parser accepts more than JSON allows, which two parsers may understand
differently. Signed messages decide about money, so nothing is guessed.
"""

import json
from typing import Final

# Alipay's messages nest four levels deep. Python's own limit depends on the depth of
# the call stack, so the auditor might not read the same as the API did.
MOST_LEVELS: Final = 64
# Replaces half of a character (`\ud83d` without its other half): valid in JSON's ASCII,
# yet no UTF-8, so neither Temporal nor a log could carry it.
REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


def read_object(body: bytes) -> dict[str, object]:
    """Read one JSON object.

    Returns:
        Its fields; in texts and names each half of a character is replaced by U+FFFD.

    Raises:
        ValueError: Not UTF-8, not JSON, not an object, a key that occurs twice, or
            more than `MOST_LEVELS` levels.
    """
    try:
        value = json.loads(
            body.decode(),
            object_pairs_hook=_without_duplicates,
            parse_constant=_no_constant,
        )
    except RecursionError:
        raise ValueError("the body has too many levels") from None
    if not isinstance(value, dict):
        raise ValueError("the body is not a JSON object")
    return {_whole(name): _sound(inner, 2) for name, inner in value.items()}


def _sound(value: object, level: int) -> object:
    """Return the value, writable as UTF-8; each container counts as a level."""
    if isinstance(value, str):
        return _whole(value)
    if isinstance(value, list | dict) and level > MOST_LEVELS:
        raise ValueError(f"the body has more than {MOST_LEVELS} levels")
    if isinstance(value, list):
        return [_sound(inner, level + 1) for inner in value]
    if isinstance(value, dict):
        return {_whole(name): _sound(inner, level + 1) for name, inner in value.items()}
    return value


def _whole(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        # The JSON parser has joined all halves that belong together.
        return "".join(
            REPLACEMENT if "\ud800" <= char <= "\udfff" else char for char in text
        )
    return text


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    # Two parsers of a duplicate key may see two amounts: reject it instead of choosing.
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a JSON key occurs twice")
    return fields


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")  # though Python reads NaN and Infinity
