"""Slows down who guesses passwords: refuses at once, so that nobody else waits."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

# A person mistypes now and then; from then on each failure doubles the pause.
FREE_FAILURES = 5
LONGEST_PAUSE_SECONDS = 300.0
FORGOTTEN_AFTER_SECONDS = 3600.0
# Over all names: as many failures at once, and then one a second.
MOST_FAILURES = 20.0
FAILURES_A_SECOND = 1.0
# Names that do not exist are counted too; a guesser must not fill the memory with them.
MOST_NAMES = 1000


class TooManyFailuresError(Exception):
    """A login was not even tried."""

    def __init__(self, seconds: float) -> None:
        self.seconds = max(1, math.ceil(seconds))
        super().__init__(f"too many failed logins; try again in {self.seconds} s")


class Throttle:
    """Counts each try as failed until it is known to have succeeded."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        # By name: how many failed, and when the last was tried.
        self._failed: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._left = MOST_FAILURES
        self._counted_at = monotonic()

    def take(self, name: str) -> None:
        """Count a try; before the password is looked at, so that tries at once count.

        Raises:
            TooManyFailuresError: It is too early for another try.
        """
        now = self._monotonic()
        passed = now - self._counted_at
        self._left = min(MOST_FAILURES, self._left + passed * FAILURES_A_SECOND)
        self._counted_at = now
        count, last = self._failed.get(name, (0, now))
        if now - last >= FORGOTTEN_AFTER_SECONDS:
            count = 0
        if count >= FREE_FAILURES:
            pause = min(2.0 ** (count - FREE_FAILURES), LONGEST_PAUSE_SECONDS)
            if now - last < pause:
                raise TooManyFailuresError(last + pause - now)
        if self._left < 1:
            raise TooManyFailuresError((1 - self._left) / FAILURES_A_SECOND)
        self._left -= 1
        self._failed[name] = (count + 1, now)
        self._failed.move_to_end(name)
        if len(self._failed) > MOST_NAMES:
            self._failed.popitem(last=False)

    def succeeded(self, name: str) -> None:
        """Forget the failures of who has now logged in."""
        self._failed.pop(name, None)
        self._left = min(MOST_FAILURES, self._left + 1)
