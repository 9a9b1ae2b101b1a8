"""Compares two histories, whatever the formatting of their JSON.

Temporal's maps (search attributes, a payload's metadata) have no order, so that two
exports of one closed run may differ in their bytes.
"""

import json


def is_same_history(one: str | bytes, other: str | bytes) -> bool:
    """Return whether two texts are the same JSON, apart from blanks and order.

    Texts that are not JSON must be identical.
    """
    if one == other:
        return True
    try:
        return _canonical(one) == _canonical(other)
    except (ValueError, RecursionError):
        return False


def _canonical(text: str | bytes) -> str:
    # As text, because in Python True equals 1, and 1 equals 1.0.
    return json.dumps(json.loads(text), sort_keys=True)
