"""Slows down password guessing: refuses at once, so that other requests do not wait.

An attacker's failures must not lock an operator out. So the failures of a name are
counted for each browser or address, and a browser with an earlier login
(`codec.server.known_browsers`) is slowed down only by its own failures.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

# So many typing errors are free; each further failure doubles the pause.
FREE_FAILURES = 5
# Passwords have at least 12 characters: one guess a minute does not find any.
LONGEST_PAUSE_SECONDS = 60.0
FORGOTTEN_AFTER_SECONDS = 3600.0
# For all names and all unknown browsers: so many failures at once, then one a second.
MOST_FAILURES = 20.0
FAILURES_A_SECOND = 1.0
# For one address less, so that it cannot use up the limit of all.
MOST_OF_AN_ADDRESS = 10.0
OF_AN_ADDRESS_A_SECOND = 0.2
# Unknown names are counted, too; they must not fill the memory.
MOST_COUNTED = 1000

Key = TypeVar("Key")
Value = TypeVar("Value")


class TooManyFailuresError(Exception):
    """A login was refused before the password was checked."""

    def __init__(self, seconds: float) -> None:
        self.seconds = max(1, math.ceil(seconds))
        super().__init__(f"too many failed logins; try again in {self.seconds} s")


class Throttle:
    """Counts each try as a failure until it succeeds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        # By name and source: the number of failures, and the time of the last try.
        self._failed: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()
        self._of_all = _Bucket(MOST_FAILURES, FAILURES_A_SECOND, monotonic())
        self._of_address: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, name: str, *, address: str, browser: str | None = None) -> None:
        """Count a try; before the password is checked, so that concurrent tries count.

        Args:
            name: The name in the form.
            address: The caller's address, or that of the proxy in front.
            browser: The known browser, if it has logged in with this name before.

        Raises:
            TooManyFailuresError: It is too early for another try.
        """
        now = self._monotonic()
        source = _source(name, address, browser)
        count, last = self._failed.get(source, (0, now))
        if now - last >= FORGOTTEN_AFTER_SECONDS:
            count = 0
        if count >= FREE_FAILURES:
            pause = min(2.0 ** (count - FREE_FAILURES), LONGEST_PAUSE_SECONDS)
            if now - last < pause:
                raise TooManyFailuresError(last + pause - now)
        if browser is None:
            self._take_of_strangers(address, now)
        _keep(self._failed, source, (count + 1, now))

    def succeeded(self, name: str, *, address: str, browser: str | None = None) -> None:
        """Forget the failures of an operator who has now logged in."""
        self._failed.pop(_source(name, address, browser), None)
        if browser is None:
            self._of_all.give_back()
            if bucket := self._of_address.get(address):
                bucket.give_back()

    def _take_of_strangers(self, address: str, now: float) -> None:
        own = self._of_address.get(address) or _Bucket(
            MOST_OF_AN_ADDRESS, OF_AN_ADDRESS_A_SECOND, now
        )
        _keep(self._of_address, address, own)
        if wait := max(own.wait(now), self._of_all.wait(now)):
            raise TooManyFailuresError(wait)
        own.take()
        self._of_all.take()


class _Bucket:
    """A token bucket: so many at once, then so many a second."""

    def __init__(self, most: float, a_second: float, now: float) -> None:
        self._most = most
        self._a_second = a_second
        self._left = most
        self._counted_at = now

    def wait(self, now: float) -> float:
        """Return the seconds until one can be taken; 0 for now."""
        passed = now - self._counted_at
        self._left = min(self._most, self._left + passed * self._a_second)
        self._counted_at = now
        return max(0.0, (1 - self._left) / self._a_second)

    def take(self) -> None:
        self._left -= 1

    def give_back(self) -> None:
        self._left = min(self._most, self._left + 1)


def _source(name: str, address: str, browser: str | None) -> tuple[str, str]:
    return name, f"browser {browser}" if browser else f"address {address}"


def _keep(counted: OrderedDict[Key, Value], key: Key, value: Value) -> None:
    counted[key] = value
    counted.move_to_end(key)
    if len(counted) > MOST_COUNTED:
        counted.popitem(last=False)
