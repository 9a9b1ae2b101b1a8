"""Kills processes at random moments, but at the same ones for the same seed."""

import asyncio
import random
from collections import Counter

from cashier.system.processes import System

# The server is what all others wait for, and takes longest to come back.
VICTIMS = {"worker": 3, "worker-2": 3, "api": 3, "temporal": 1}
# Seconds between two kills: the shortest, the longest.
PAUSES = (3.0, 8.0)


class Killer:
    """Sends SIGKILL, as a crash, an out-of-memory killer or a lost machine would."""

    def __init__(
        self, system: System, seed: int, *, pauses: tuple[float, float] = PAUSES
    ) -> None:
        self._pauses = pauses
        self._system = system
        self._dice = random.Random(f"{seed}/kills")  # noqa: S311 - repeatable
        self.kills: Counter[str] = Counter()

    async def run(self) -> None:
        """Kill for ever; ends by being cancelled."""
        while True:
            await asyncio.sleep(self._dice.uniform(*self._pauses))
            [name] = self._dice.choices(list(VICTIMS), weights=list(VICTIMS.values()))
            # Where there is no program `temporal`, the server is the SDK's, and spared.
            part = self._system.parts.get(name)
            if part and part.kill():
                self.kills[name] += 1
