"""Whether two files hold the same history, however each of them writes its JSON.

Temporal keeps maps (search attributes, a payload's metadata) in no order, so that two
exports of one closed run may differ in their bytes.
"""

import json


def is_same_history(one: str | bytes, other: str | bytes) -> bool:
    """Return whether two texts are the same JSON but for blanks and order of fields.

    What is no JSON is the same only byte for byte.
    """
    if one == other:
        return True
    try:
        return _canonical(one) == _canonical(other)
    except (ValueError, RecursionError):
        return False


def _canonical(text: str | bytes) -> str:
    # As text, for in Python True equals 1, and 1 equals 1.0.
    return json.dumps(json.loads(text), sort_keys=True)
