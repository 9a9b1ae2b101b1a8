"""Kills processes at random moments, which are the same for the same seed."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from typing import Protocol

# All others wait for the server, which also takes longest to restart.
VICTIMS = {"worker": 3, "worker-2": 3, "api": 3, "temporal": 1}
# Seconds between two kills: the shortest, the longest.
PAUSES = (3.0, 8.0)


class Victim(Protocol):
    """Something that can be killed, such as a process."""

    def kill(self) -> bool:
        """End it as a crash would; return whether there was something to end."""
        ...


class Killer:
    """Sends SIGKILL, as a crash, an out-of-memory killer or a lost machine would."""

    def __init__(
        self,
        victims: Mapping[str, Victim],
        seed: int,
        weights: Mapping[str, int] = VICTIMS,
        *,
        pauses: tuple[float, float] = PAUSES,
    ) -> None:
        """Prepare to kill.

        Args:
            victims: The victims, by name; others may be added later.
            seed: Decides the victims and the moments.
            weights: The relative frequency of each victim.
            pauses: Seconds between two kills: the shortest, the longest.
        """
        self._victims = victims
        self._weights = weights
        self._pauses = pauses
        self._dice = random.Random(f"{seed}/kills")  # noqa: S311 - repeatable
        self.kills: Counter[str] = Counter()

    async def run(self) -> None:
        """Kill until cancelled."""
        while True:
            await asyncio.sleep(self._dice.uniform(*self._pauses))
            [name] = self._dice.choices(
                list(self._weights), weights=list(self._weights.values())
            )
            # Without a program `temporal` the server is the SDK's, and is not killed.
            victim = self._victims.get(name)
            if victim and victim.kill():
                self.kills[name] += 1
