"""Limits on incoming requests: time, number at once, size of the head."""

import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

# Real headers arrive at once; a phone in a tunnel may take this long.
HEADER_SECONDS = 10.0
# A megabyte, the API's largest body, at a third of a megabit per second.
BODY_SECONDS = 30.0
# Half of the 1024 files that a process may have open by default.
MOST_INCOMPLETE = 500
# Real headers have one or two kB, with the signature.
LARGEST_HEAD = 16 * 1024
# A flood of slow requests is logged once a minute, in seconds.
LINE_EVERY_SECONDS = 60.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Bounds:
    """A server's limits on requests that have not arrived completely.

    Attributes:
        header_seconds: From the connection, or from the first byte of a later request
            on it, to the end of the headers.
        body_seconds: From the end of the headers to the end of the body.
        most_incomplete: The most connections that may wait for the rest of a request at
            once. One more ends the oldest, from any caller: behind a proxy all callers
            have the same address.
        largest_head: Bytes of the request line and the headers together.
    """

    header_seconds: float = HEADER_SECONDS
    body_seconds: float = BODY_SECONDS
    most_incomplete: int = MOST_INCOMPLETE
    largest_head: int = LARGEST_HEAD


class Unfinished(Protocol):
    """A connection on which a request is arriving."""

    def displace(self) -> None:
        """End it, to make room for a newer one."""


class IncompleteRequests:
    """The connections of one server that wait for the rest of a request."""

    def __init__(
        self, most: int, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most
        self._monotonic = monotonic
        # A dictionary keeps the order of insertion.
        self._waiting: dict[Unfinished, None] = {}
        self._ended: Counter[str] = Counter()
        self._told_at: float | None = None

    def add(self, connection: Unfinished) -> None:
        """Add one; if there are too many, end the oldest."""
        while len(self._waiting) >= self._most:
            oldest = next(iter(self._waiting))
            self.remove(oldest)
            oldest.displace()
        self._waiting[connection] = None

    def remove(self, connection: Unfinished) -> None:
        self._waiting.pop(connection, None)

    def log_ended(self, why: str) -> None:
        """Log that a request was ended before it had arrived, once a minute at most."""
        self._ended[why] += 1
        now = self._monotonic()
        if self._told_at is None or now - self._told_at >= LINE_EVERY_SECONDS:
            log.warning("incomplete requests ended", extra=dict(self._ended))
            self._told_at = now
            self._ended.clear()
