"""The whole system on one machine: processes, restarted when they end."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    closing,
    nullcontext,
)
from dataclasses import dataclass, field, replace
from pathlib import Path

from temporalio.client import Client

from cashier.system.environment import bare_environment
from cashier.system.folder_lock import hold_folder
from cashier.system.guard import Lifeline
from cashier.system.home import Home
from cashier.system.part import Part, PartFailedError, Surroundings
from cashier.system.ports import HOST, Ports
from cashier.system.readiness import until_ready
from cashier.system.settings_file import write_settings
from cashier.system.temporal import (
    SERVER_OPTIONS,
    set_up_embedded,
    start_embedded,
    temporal_program,
)
from cashier.temporal_calls import CommandError
from temporal_client import data_converter, paused_is_running

# The commands of processes with another name.
COMMANDS = {"codec": "codec-server"}


class PortTakenError(PartFailedError):
    """Another program listens on a port of the system."""


@dataclass
class System:
    """A running system, and the addresses of its processes."""

    home: Home
    ports: Ports
    parts: dict[str, Part] = field(default_factory=dict)
    # The address of a running cluster; None where Temporal is a process of the system.
    cluster: str | None = None

    @property
    def temporal_address(self) -> str:
        """Temporal's address: `127.0.0.1:7233`."""
        return self.cluster or f"{HOST}:{self.ports.temporal}"

    def payment_link(self, workflow_id: str) -> str | None:
        """Return the address of a payment in the Temporal UI; None without a UI."""
        if self.cluster:
            return None
        return f"{self.ports.ui_url}/namespaces/default/workflows/{workflow_id}"

    async def client(self, *, lazy: bool = False) -> Client:
        """Connect to the system's Temporal, with its payload keys.

        Args:
            lazy: Connect with the first call; Temporal may not be running yet.
        """
        client = await Client.connect(
            self.temporal_address,
            data_converter=data_converter(self.home.keyring),
            lazy=lazy,
        )
        return paused_is_running(client)


@asynccontextmanager
async def running_system(
    home: Home,
    ports: Ports,
    *,
    keep: bool,
    workers: int = 1,
    shop: bool = False,
    cluster: str | None = None,
    settings: Mapping[str, str] | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> AsyncIterator[System]:
    """Run all processes until the block ends, or until this process ends.

    They inherit nothing of this process's environment, and find no `.env`.

    Args:
        home: The folder with keys and logs, and the databases if kept.
        ports: The ports of the processes.
        keep: Whether payments are kept in the home's files.
        workers: How many worker processes run.
        shop: Whether the demo shop runs, too, and receives callbacks.
        cluster: Address of a running Temporal that was set up (`cashier setup`); None
            starts one as a process of the system.
        settings: Further settings of all processes.
        tell: Called with a text for each step of the start.

    Raises:
        FolderInUseError: Another system runs in the home's folder.
        PortTakenError: Other programs listen on some of the ports; names them all.
        PartFailedError: A process did not start.
    """
    with (
        hold_folder(home.folder, api_port=ports.api) as lock,
        closing(Lifeline()) as of_parts,
        closing(Lifeline()) as of_server,
    ):
        not_ours = (ports.temporal, ports.ui) if cluster else ()
        if taken := [port for port in ports.taken() if port not in not_ours]:
            named = " and ".join(f"port {port}" for port in taken)
            raise PortTakenError(f"Something listens on {named} already.")
        home.prepare()
        home.remember(ports, cluster)
        ours = {
            **home.environment(ports, cluster),
            **(home.shop_environment(ports) if shop else {}),
            **(settings or {}),
        }
        of_operators = {} if cluster else {"CASHIER_UI_URL": ports.ui_url}
        write_settings(home.settings_file, {**of_operators, **ours})
        environment = {**bare_environment(home.empty_folder), **ours}
        # Temporal ends after this process and all others: work in flight can still be
        # recorded.
        of_part = Surroundings(
            home.empty_folder, environment, of_parts, holds=(lock, of_server.held)
        )
        system = System(home, ports, cluster=cluster)
        for name in _names(workers, shop=shop):
            system.parts[name] = _python_part(home, name, of_part)
        of_temporal = replace(of_part, lifeline=of_server, holds=(lock,))
        server = (
            nullcontext()
            if cluster
            else _running_server(system, of_temporal, keep=keep)
        )
        async with _running_parts(system, server, tell):
            yield system


def _names(workers: int, *, shop: bool) -> list[str]:
    names = ["simulator", "api", "codec", "worker", *(["storefront"] if shop else [])]
    return names + [f"worker-{number}" for number in range(2, workers + 1)]


def _python_part(home: Home, name: str, surroundings: Surroundings) -> Part:
    kind = name.partition("-")[0]
    command = [sys.executable, "-m", "cashier", COMMANDS.get(kind, kind)]
    return Part(name, command, surroundings, _log_of(home, name))


@asynccontextmanager
async def _running_parts(
    system: System,
    server: AbstractAsyncContextManager[None],
    tell: Callable[[str], None],
) -> AsyncIterator[None]:
    parts = list(system.parts.values())
    temporal = "" if system.cluster else "Temporal, "
    tell(f"Starting {temporal}the simulator, the API, the codec server and the worker")
    try:
        # All at once: each process waits for Temporal by itself, and its imports take
        # longer than Temporal's start.
        for part in parts:
            part.start()
        async with server:
            try:
                await until_ready(system.parts, system.ports, tell)
                if not system.cluster:
                    await _set_up(system)
                # Where the SDK runs the server, its database has default permissions.
                system.home.close_to_others()
                yield
                tell("Stopping")
            finally:
                # Before Temporal, so that work in flight can still be recorded; the
                # processes may have been replaced meanwhile.
                await _stop(
                    part for name, part in system.parts.items() if name != "temporal"
                )
    finally:
        await _stop(parts)


async def _set_up(system: System) -> None:
    try:
        await set_up_embedded(await system.client())
    except CommandError as error:
        raise PartFailedError(f"temporal: {error}") from None


def _server_part(
    home: Home, ports: Ports, surroundings: Surroundings, *, keep: bool
) -> Part | None:
    """Return Temporal as a process; None where the SDK must download the program."""
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
    own = replace(surroundings, environment=bare_environment(home.empty_folder))
    return Part("temporal", command, own, _log_of(home, "temporal"))


@asynccontextmanager
async def _running_server(
    system: System, surroundings: Surroundings, *, keep: bool
) -> AsyncIterator[None]:
    home, ports = system.home, system.ports
    part = _server_part(home, ports, surroundings, keep=keep)
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
    system.parts[part.name] = part
    part.start()
    try:
        yield
    finally:
        await part.stop()


def _log_of(home: Home, name: str) -> Path:
    return home.logs / f"{name}.log"


async def _stop(parts: Iterable[Part]) -> None:
    await asyncio.gather(*(part.stop() for part in parts))
