"""Token buckets: a burst of calls, then a number of calls per minute."""

import time
from collections.abc import Callable


class TokenBucket:
    """A token bucket: refills with time up to its limit."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._missing = 0.0
        self._counted_at = monotonic()

    def take(self, *, per_minute: float, at_once: float) -> float:
        """Take a token and return 0, or return the seconds until there is one.

        The limits are arguments, because the file of keys may change them.
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
