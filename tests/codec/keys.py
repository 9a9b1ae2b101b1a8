"""Keys for tests, and clocks that a test sets."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from temporalio.api.common.v1 import Payload

from codec.keyring import Keyring, make_key

OLD, NEW = "20260101T000000Z", "20261124T090000Z"
OLD_TIME, NEW_TIME = (
    datetime.strptime(key_id, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    for key_id in (OLD, NEW)
)
KEYS = {OLD: b"o" * 32, NEW: b"n" * 32}


class Clocks:
    """The time of day and the time that passes, both standing still until moved."""

    def __init__(self, now: datetime = NEW_TIME) -> None:
        self.time = now
        self.passed = 0.0

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.passed

    def move(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        self.passed += seconds


def a_ring(
    keys: Mapping[str, bytes] = KEYS, *, clocks: Clocks | None = None
) -> Keyring:
    """Return keys in memory; the time is that of the newer one, unless set."""
    clocks = clocks or Clocks()
    return Keyring(keys, now=clocks.now, monotonic=clocks.monotonic)


def a_folder(folder: Path, *times: datetime) -> Path:
    for begins in times or (OLD_TIME,):
        make_key(folder, begins=begins)
    return folder


def a_payload(data: bytes = b'{"email":"canary@customer.example"}') -> Payload:
    return Payload(metadata={"encoding": b"json/plain"}, data=data)
