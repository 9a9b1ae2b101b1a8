"""Slows down who guesses passwords: refuses at once, so that nobody else waits."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

# A person mistypes now and then; from then on each failure doubles the pause.
FREE_FAILURES = 5
LONGEST_PAUSE_SECONDS = 60.0
FORGOTTEN_AFTER_SECONDS = 3600.0
# A guesser must not fill the memory.
MOST_COUNTED = 1000


class TooManyFailuresError(Exception):
    """A login was not even tried."""

    def __init__(self, seconds: float) -> None:
        self.seconds = max(1, math.ceil(seconds))
        super().__init__(f"too many failed logins; try again in {self.seconds} s")


class Throttle:
    """Counts the failures of each address, whatever names they were tried with.

    So a stranger's failures keep nobody else out. Behind a proxy all callers may have
    one address; then it is the proxy's to tell them apart.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        # How many have failed, and when the last was tried.
        self._failed: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def take(self, address: str) -> None:
        """Count a try as failed, before the password is looked at.

        So tries that come at once count as well.

        Raises:
            TooManyFailuresError: It is too early for another try.
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
        """Forget the failures of who has now logged in."""
        self._failed.pop(address, None)
