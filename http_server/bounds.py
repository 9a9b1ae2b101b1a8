"""Which requests are waited for: how long, how many at once, with how large a head."""

import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

# Real headers arrive at once; so long takes a telephone that drives through a tunnel.
HEADER_SECONDS = 10.0
# A megabyte, which is the API's largest body, at a third of a megabit a second.
BODY_SECONDS = 30.0
# Half of the 1024 files that a process may have open where nobody has raised that.
MOST_INCOMPLETE = 500
# Real headers measure one or two kB, the signature included.
LARGEST_HEAD = 16 * 1024
# A flood of slow requests is one line a minute.
LINE_EVERY_SECONDS = 60.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Bounds:
    """What a server grants to requests that have not arrived yet.

    Attributes:
        header_seconds: From the connection, or from the first byte of a later request
            on it, to the end of the headers.
        body_seconds: From the end of the headers to the end of the body.
        most_incomplete: How many connections may wait for the rest of a request at
            once. One more ends the oldest, whoever it comes from: behind a proxy all
            callers have the same address.
        largest_head: Bytes of the request line and the headers together.
    """

    header_seconds: float = HEADER_SECONDS
    body_seconds: float = BODY_SECONDS
    most_incomplete: int = MOST_INCOMPLETE
    largest_head: int = LARGEST_HEAD


class Unfinished(Protocol):
    """A connection on which a request is arriving."""

    def displace(self) -> None:
        """End it, because a newer one needs its place."""


class IncompleteRequests:
    """The connections of one server that wait for the rest of a request."""

    def __init__(
        self, most: int, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most
        self._monotonic = monotonic
        # A dictionary keeps the order in which they began.
        self._waiting: dict[Unfinished, None] = {}
        self._ended: Counter[str] = Counter()
        self._told_at: float | None = None

    def add(self, connection: Unfinished) -> None:
        """Count one; where there are too many, end the one that began first."""
        while len(self._waiting) >= self._most:
            oldest = next(iter(self._waiting))
            self.remove(oldest)
            oldest.displace()
        self._waiting[connection] = None

    def remove(self, connection: Unfinished) -> None:
        self._waiting.pop(connection, None)

    def tell_ended(self, why: str) -> None:
        """Log that a request was ended before it had arrived, once a minute at most."""
        self._ended[why] += 1
        now = self._monotonic()
        if self._told_at is None or now - self._told_at >= LINE_EVERY_SECONDS:
            log.warning("incomplete requests ended", extra=dict(self._ended))
            self._told_at = now
            self._ended.clear()
