"""Timers in one ordered list, run by one task; tests fire them by hand."""

import asyncio
import heapq
import itertools
from collections.abc import Callable
from datetime import datetime

from simulator.config import Clock


class Timers:
    """Calls back when the injected clock has reached an instant.

    Callbacks check the state again when they run, so that none needs cancelling.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # The number keeps equal instants in order, and callbacks are never compared.
        self._numbers = itertools.count()
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._changed = asyncio.Event()

    def at(self, when: datetime, callback: Callable[[], None]) -> None:
        heapq.heappush(self._due, (when, next(self._numbers), callback))
        self._changed.set()

    def fire(self) -> None:
        """Run all due timers, also those that become due meanwhile."""
        while self._due and self._due[0][0] <= self._clock():
            _, _, callback = heapq.heappop(self._due)
            callback()

    async def run(self) -> None:
        """Fire for ever; ends by being cancelled."""
        while True:
            self.fire()
            self._changed.clear()
            try:
                async with asyncio.timeout(self._pause()):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _pause(self) -> float | None:
        if not self._due:
            return None
        return (self._due[0][0] - self._clock()).total_seconds()
