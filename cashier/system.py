"""The whole system on one machine: Temporal, simulator, worker and API as processes."""

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from cashier.embedded import start_embedded
from cashier.home import Home, Ports

CHECKOUT = Path(__file__).parent.parent
# A worker lets an activity in flight finish (25 s); no part needs longer than this.
STOP_PATIENCE_SECONDS = 30
START_PATIENCE_SECONDS = 60
# A part that dies at once, e.g. for a wrong setting, shall not be restarted in a spin.
RESTART_PAUSE_SECONDS = 0.5


class PartFailedError(Exception):
    """A part of the system did not come up."""


class Part:
    """One process, started again when it dies."""

    def __init__(self, name: str, environment: dict[str, str], log: Path) -> None:
        self.name = name
        self.starts = 0
        self.process: Process | None = None
        self._environment = environment
        self._log = log
        self._keeper: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._keeper = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        while True:
            with self._log.open("ab") as log:
                self.process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    "cashier",
                    self.name,
                    cwd=CHECKOUT,
                    env={**os.environ, **self._environment},
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    # Ctrl-C in the terminal is for us; we stop the parts in order.
                    start_new_session=True,
                )
            self.starts += 1
            await self.process.wait()
            await asyncio.sleep(RESTART_PAUSE_SECONDS)

    async def stop(self) -> None:
        """End the process gently, and by force when it does not listen."""
        if self._keeper:
            self._keeper.cancel()
        if self.process is None or self.process.returncode is not None:
            return
        self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), STOP_PATIENCE_SECONDS)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()

    def last_words(self) -> str:
        """Return the end of the log, for the error message."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-15:])


@dataclass
class System:
    """A running system and where its parts are reached."""

    home: Home
    ports: Ports
    parts: dict[str, Part] = field(default_factory=dict)

    def payment_link(self, workflow_id: str) -> str:
        """Return the address of a payment in the Temporal UI."""
        return f"{self.ports.ui_url}/namespaces/default/workflows/{workflow_id}"


@asynccontextmanager
async def running_system(
    home: Home,
    ports: Ports,
    *,
    keep: bool,
    tell: Callable[[str], None] = lambda _: None,
) -> AsyncIterator[System]:
    """Run all parts until the block ends.

    Args:
        home: Where keys and logs are, and the state when it is kept.
        ports: Where the parts listen.
        keep: Whether payments survive in the home's files.
        tell: Called with each step of the start, in words.

    Raises:
        PartFailedError: A part did not come up.
    """
    home.prepare()
    system = System(home, ports)
    environment = home.environment(ports)
    for name in ("simulator", "api", "worker"):
        system.parts[name] = Part(name, environment, home.logs / f"{name}.log")
    tell("Starting Temporal, the simulator, the API and the worker")
    try:
        # All side by side: each part waits for Temporal by itself, and its imports take
        # longer than Temporal's start.
        for part in system.parts.values():
            part.start()
        async with await start_embedded(
            database=home.database if keep else None,
            port=ports.temporal,
            ui_port=ports.ui,
        ):
            await _until_ready(system, tell)
            yield system
            tell("Stopping")
            # Before Temporal goes, so that what is in flight can still be recorded.
            await _stop(system)
    finally:
        await _stop(system)


async def _stop(system: System) -> None:
    await asyncio.gather(*(part.stop() for part in system.parts.values()))


async def _until_ready(system: System, tell: Callable[[str], None]) -> None:
    waiting_for = {
        "simulator": f"{system.ports.simulator_url}/health/live",
        "api": f"{system.ports.api_url}/health/live",
        "worker": f"{system.ports.api_url}/health/ready",
    }
    async with httpx.AsyncClient() as http:
        try:
            async with asyncio.timeout(START_PATIENCE_SECONDS):
                for name, url in waiting_for.items():
                    tell(f"Waiting for the {name}")
                    while not await _answers(http, url):
                        if system.parts[name].starts > 3:
                            raise _failed(system.parts[name])
                        await asyncio.sleep(0.1)
        except TimeoutError:
            raise _failed(system.parts[name]) from None


async def _answers(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(url)).is_success
    except httpx.HTTPError:
        return False


def _failed(part: Part) -> PartFailedError:
    return PartFailedError(f"the {part.name} did not come up:\n{part.last_words()}")
