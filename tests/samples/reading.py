"""Reads the bodies beside this file: Alipay's published examples, hosts replaced."""

import json
from functools import cache
from pathlib import Path


def sample(name: str) -> bytes:
    """Return the bytes of the sample whose file name begins with this."""
    (file,) = Path(__file__).parent.glob(f"{name}*.json")
    return file.read_bytes()


def changed(body: bytes, **changes: object) -> bytes:
    """Return a body with top-level fields changed; None leaves a field out."""
    fields = {**json.loads(body), **changes}
    return json.dumps(
        {key: value for key, value in fields.items() if value is not None}
    ).encode()


@cache
def vectors() -> list[dict[str, str]]:
    """Return signatures made by an independent implementation, with their parts."""
    found: list[dict[str, str]] = json.loads(sample("vector-own"))["vectors"]
    return found


@cache
def vector_keys() -> dict[str, str]:
    """Return the public keys that belong to the vectors; of no account anywhere."""
    found: dict[str, str] = json.loads(sample("vector-test"))
    return found
