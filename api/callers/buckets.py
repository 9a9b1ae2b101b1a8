"""Token buckets: some calls at once, then so many a minute."""

import time
from collections.abc import Callable


class TokenBucket:
    """Fills with time up to its limit; while it is empty, callers must wait."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._missing = 0.0
        self._counted_at = monotonic()

    def take(self, *, per_minute: float, at_once: float) -> float:
        """Take one, if there is one; return the seconds until there is, 0 if taken.

        The limits are given each time, because a file may change them meanwhile.
        """
        now = self._monotonic()
        a_second = per_minute / 60
        filled = (now - self._counted_at) * a_second
        self._missing = max(0.0, self._missing - filled)
        self._counted_at = now
        if self._missing + 1 > at_once:
            return (self._missing + 1 - at_once) / a_second
        self._missing += 1
        return 0.0
