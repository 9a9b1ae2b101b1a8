"""The whole system on one machine: processes, started again when they die."""

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from temporalio.client import Client

from cashier.embedded import (
    SERVER_OPTIONS,
    set_up_embedded,
    start_embedded,
    temporal_program,
)
from cashier.home import Home, Ports
from cashier.operators import CommandError
from temporal_client import data_converter

CHECKOUT = Path(__file__).parent.parent
# A worker lets an activity in flight finish (25 s); no part needs longer than this.
STOP_PATIENCE_SECONDS = 30
START_PATIENCE_SECONDS = 60
# A part that dies at once, e.g. for a wrong setting, shall not be restarted in a spin.
RESTART_PAUSE_SECONDS = 0.5
MOST_STARTS = 3


# Of parts that are called otherwise than their commands.
COMMANDS = {"codec": "codec-server"}


class PartFailedError(Exception):
    """A part of the system did not come up."""


class Part:
    """One process, started again when it dies."""

    def __init__(
        self, name: str, command: Sequence[str], environment: dict[str, str], log: Path
    ) -> None:
        self.name = name
        self.starts = 0
        self.process: Process | None = None
        self._command = command
        self._environment = environment
        self._log = log
        self._stopping = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._keeper = asyncio.create_task(self._keep())

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.returncode is None

    async def _keep(self) -> None:
        while not self._stopping.is_set():
            self.process = await self._spawn()
            self.starts += 1
            if self._stopping.is_set():
                self._ask_to_end()
            await self.process.wait()
            if not self._stopping.is_set():
                await asyncio.sleep(RESTART_PAUSE_SECONDS)

    async def _spawn(self) -> Process:
        with self._log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *self._command,
                cwd=CHECKOUT,
                env={**os.environ, **self._environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C in the terminal is for us; we stop the parts in order.
                start_new_session=True,
            )

    def kill(self) -> bool:
        """End the process as a crash would; return whether there was one to end."""
        if self.process is None or self.process.returncode is not None:
            return False
        self.process.kill()
        return True

    async def stop(self) -> None:
        """End the process gently, and by force when it does not listen."""
        self._stopping.set()
        if self._keeper is None:
            return
        self._ask_to_end()
        # A process that is just being started ends too: the keeper sees to that.
        done, _ = await asyncio.wait({self._keeper}, timeout=STOP_PATIENCE_SECONDS)
        if not done:
            self.kill()
            await asyncio.wait({self._keeper})

    def _ask_to_end(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()

    def last_words(self) -> str:
        """Return the end of the log, for the error message."""
        if not self._log.exists():
            return "it was never started"
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

    async def client(self, *, lazy: bool = False) -> Client:
        """Connect to the system's Temporal, with the keys that it writes with.

        Args:
            lazy: Connect with the first call; Temporal may be away right now.
        """
        return await Client.connect(
            f"127.0.0.1:{self.ports.temporal}",
            data_converter=data_converter(self.home.keyring),
            lazy=lazy,
        )


@asynccontextmanager
async def running_system(
    home: Home,
    ports: Ports,
    *,
    keep: bool,
    workers: int = 1,
    shop: bool = False,
    settings: Mapping[str, str] | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> AsyncIterator[System]:
    """Run all parts until the block ends.

    Args:
        home: Where keys and logs are, and the state when it is kept.
        ports: Where the parts listen.
        keep: Whether payments survive in the home's files.
        workers: How many processes serve the payments.
        shop: Whether the demo shop runs too, and is told of outcomes.
        settings: Environment of all parts, beyond what the home says.
        tell: Called with each step of the start, in words.

    Raises:
        PartFailedError: A part did not come up.
    """
    home.prepare()
    system = System(home, ports)
    environment = {
        **home.environment(ports),
        **(home.shop_environment(ports) if shop else {}),
        **(settings or {}),
    }
    names = ["simulator", "api", "codec", "worker", *(["storefront"] if shop else [])]
    names += [f"worker-{number}" for number in range(2, workers + 1)]
    for name in names:
        kind = name.partition("-")[0]
        command = [sys.executable, "-m", "cashier", COMMANDS.get(kind, kind)]
        system.parts[name] = Part(name, command, environment, _log_of(home, name))
    tell("Starting Temporal, the simulator, the API, the codec server and the worker")
    server = _server_part(home, ports, keep=keep)
    try:
        # All side by side: each part waits for Temporal by itself, and its imports take
        # longer than Temporal's start.
        for part in system.parts.values():
            part.start()
        async with _running_server(home, ports, keep=keep, part=server):
            if server:
                system.parts[server.name] = server
            await _until_ready(system, tell)
            await _set_up(system)
            yield system
            tell("Stopping")
            # Before Temporal goes, so that what is in flight can still be recorded.
            await _stop(system.parts[name] for name in names)
    finally:
        await _stop(system.parts.values())


async def _set_up(system: System) -> None:
    try:
        await set_up_embedded(await system.client())
    except CommandError as error:
        raise PartFailedError(f"temporal: {error}") from None


def _server_part(home: Home, ports: Ports, *, keep: bool) -> Part | None:
    """Return Temporal as a part; None where only the SDK can get the program."""
    program = temporal_program()
    if program is None:
        return None
    command = [
        *(program, "server", "start-dev", "--log-level", "error"),
        *("--ip", "127.0.0.1", "--port", str(ports.temporal)),
        *("--ui-port", str(ports.ui), "--ui-disable-news-fetch"),
        *("--ui-codec-endpoint", f"{ports.codec_url}/codec"),
        *(("--db-filename", str(home.database)) if keep else ()),
        *SERVER_OPTIONS,
    ]
    return Part("temporal", command, {}, _log_of(home, "temporal"))


@asynccontextmanager
async def _running_server(
    home: Home, ports: Ports, *, keep: bool, part: Part | None
) -> AsyncIterator[None]:
    if part is None:
        database = home.database if keep else None
        async with await start_embedded(
            database=database,
            port=ports.temporal,
            ui_port=ports.ui,
            codec_url=f"{ports.codec_url}/codec",
        ):
            yield
        return
    part.start()
    try:
        yield
    finally:
        await part.stop()


def _log_of(home: Home, name: str) -> Path:
    return home.logs / f"{name}.log"


async def _stop(parts: Iterable[Part]) -> None:
    await asyncio.gather(*(part.stop() for part in parts))


async def _until_ready(system: System, tell: Callable[[str], None]) -> None:
    waiting_for = {
        "simulator": f"{system.ports.simulator_url}/health/live",
        "api": f"{system.ports.api_url}/health/live",
        "codec": f"{system.ports.codec_url}/health/live",
        "worker": f"{system.ports.api_url}/health/ready",
        "storefront": f"{system.ports.shop_url}/health/live",
    }
    async with httpx.AsyncClient() as http:
        try:
            async with asyncio.timeout(START_PATIENCE_SECONDS):
                for name, url in waiting_for.items():
                    if name not in system.parts:
                        continue
                    tell(f"Waiting for the {name}")
                    while not await _answers(http, url):
                        if system.parts[name].starts > MOST_STARTS:
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
