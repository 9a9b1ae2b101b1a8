"""Describes the difference of two values in a short text."""

import json
from collections.abc import Iterator
from itertools import islice

# How much of a difference is shown.
MOST_PLACES = 3
LONGEST_VALUE = 80


def difference(expected: object, seen: object) -> tuple[str, str]:
    """Return the first few places where two plain values differ, as two texts."""
    places = list(islice(_differences("", expected, seen), MOST_PLACES))
    return (
        ", ".join(f"{where}{_shown(one)}" for where, one, _ in places),
        ", ".join(f"{where}{_shown(other)}" for where, _, other in places),
    )


def _differences(
    where: str, one: object, other: object
) -> Iterator[tuple[str, object, object]]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in {**one, **other}:
            inner = f"{where.removesuffix(' ')}.{name} ".removeprefix(".")
            yield from _differences(inner, one.get(name), other.get(name))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (here, there) in enumerate(zip(one, other, strict=True)):
            inner = f"{where.removesuffix(' ')}[{number}] "
            yield from _differences(inner, here, there)
    elif one != other:
        yield where, one, other


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."
