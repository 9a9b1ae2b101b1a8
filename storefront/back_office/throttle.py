"""Slows down password guessing: refuses at once, so that other callers do not wait."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

# Failures that are free, for typing errors; each later one doubles the pause.
FREE_FAILURES = 5
LONGEST_PAUSE_SECONDS = 60.0
FORGOTTEN_AFTER_SECONDS = 3600.0
# Limits the memory that an attacker can fill.
MOST_COUNTED = 1000


class TooManyFailuresError(Exception):
    """A login was refused before the password was compared."""

    def __init__(self, seconds: float) -> None:
        self.seconds = max(1, math.ceil(seconds))
        super().__init__(f"too many failed logins; try again in {self.seconds} s")


class Throttle:
    """Counts the failures of each address, for all names together.

    So an attacker locks out nobody else. Behind a proxy all callers may have one
    address; then the proxy has to distinguish them.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        # By address: the number of failures, and the time of the last one.
        self._failed: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def take(self, address: str) -> None:
        """Count an attempt as failed before the password is compared.

        So simultaneous attempts count as well.

        Raises:
            TooManyFailuresError: It is too early for another attempt.
        """
        now = self._monotonic()
        count, last = self._failed.get(address, (0, now))
        if now - last >= FORGOTTEN_AFTER_SECONDS:
            count = 0
        if count >= FREE_FAILURES:
            pause = min(2.0 ** (count - FREE_FAILURES), LONGEST_PAUSE_SECONDS)
            if now - last < pause:
                raise TooManyFailuresError(last + pause - now)
        self._failed[address] = (count + 1, now)
        self._failed.move_to_end(address)
        if len(self._failed) > MOST_COUNTED:
            self._failed.popitem(last=False)

    def succeeded(self, address: str) -> None:
        """Reset the failures of an address after a login."""
        self._failed.pop(address, None)
