"""A running cluster: PostgreSQL and four services, which are restarted if they die."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import psutil

from cashier.system.environment import bare_environment
from cashier.system.folder_lock import hold_folder
from cashier.system.guard import Lifeline
from cashier.system.part import Part, Surroundings
from cashier.system.private_files import make_private_folder
from cashier.system.processes import PortTakenError
from deploy.cluster.database import Database, is_answering, set_up_databases
from deploy.cluster.namespace import set_up_namespace
from deploy.cluster.postgres import Postgres, cut_connections
from deploy.cluster.programs import Programs, find_programs
from deploy.cluster.readiness import is_healthy, until_serving
from deploy.cluster.services import SERVICES, ClusterPorts, service_environment


@dataclass
class Cluster:
    """A running cluster, and its processes by name."""

    ports: ClusterPorts
    database: Database
    parts: dict[str, Part] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return self.ports.address

    def cut_database_connections(self) -> int:
        """End all connections to PostgreSQL; return how many there were."""
        process = self.parts["postgres"].process
        if process is None or process.returncode is not None:
            return 0
        return cut_connections(psutil.Process(process.pid).children())


@asynccontextmanager
async def running_cluster(
    folder: Path,
    ports: ClusterPorts,
    programs: Programs,
    show_step: Callable[[str], None] = lambda _: None,
) -> AsyncIterator[Cluster]:
    """Run a cluster with a namespace for payments until the block ends.

    Args:
        folder: The absolute path of its database and logs; created if missing.
        ports: The ports of its processes.
        programs: The programs to run.
        show_step: Called with each step of the start, in words.

    Raises:
        DatabaseError: PostgreSQL cannot be set up.
        FolderInUseError: Another cluster runs in the folder.
        PortTakenError: Another program listens on one of the ports.
        PartFailedError: A process did not start.
    """
    postgres = Postgres.in_folder(folder)
    with (
        hold_folder(folder, api_port=ports.frontend.grpc) as lock,
        closing(Lifeline()) as lifeline,
    ):
        if taken := ports.taken():
            raise PortTakenError(f"Something listens on port {taken[0]} already.")
        show_step("Preparing PostgreSQL")
        await asyncio.to_thread(_prepare, folder, postgres, programs)
        database = Database(ports.postgres, postgres.password_file.read_text())
        cluster = Cluster(ports, database)
        own = Surroundings(folder, {}, lifeline, holds=(lock,))
        cluster.parts["postgres"] = _postgres_part(postgres, programs, ports, own)
        for service in SERVICES:
            cluster.parts[service] = _service_part(service, programs, cluster, own)
        try:
            await _start(cluster, programs, show_step)
            yield cluster
            show_step("Stopping the cluster")
        finally:
            # PostgreSQL last: it waits until its clients have disconnected.
            await asyncio.gather(*(cluster.parts[name].stop() for name in SERVICES))
            await cluster.parts["postgres"].stop()


@asynccontextmanager
async def throw_away_cluster(
    show_step: Callable[[str], None] = lambda _: None,
) -> AsyncIterator[Cluster]:
    """Run a new, temporary cluster until the block ends.

    Args:
        show_step: Called with each step of the start, in words.

    Raises:
        MissingProgramsError: Names each program that is missing, and how to get it.
        DatabaseError, PartFailedError: As `running_cluster` does.
    """
    programs = find_programs()
    with tempfile.TemporaryDirectory(prefix="cashier-cluster-") as folder:
        cluster = running_cluster(
            Path(folder), ClusterPorts.free(), programs, show_step
        )
        async with cluster as running:
            yield running


def _prepare(folder: Path, postgres: Postgres, programs: Programs) -> None:
    # PostgreSQL's user needs access to its own folder only.
    folder.chmod(0o711 if postgres.user else 0o700)
    for name in ("logs", "empty"):
        make_private_folder(folder / name)
    postgres.prepare(programs)


def _postgres_part(
    postgres: Postgres, programs: Programs, ports: ClusterPorts, own: Surroundings
) -> Part:
    # Its working directory is the cluster's folder, which its user can enter.
    bare = bare_environment(own.folder / "empty")
    command = postgres.command(programs, ports.postgres)
    log = own.folder / "logs" / "postgres.log"
    return Part("postgres", command, replace(own, environment=bare), log)


def _service_part(
    service: str, programs: Programs, cluster: Cluster, own: Surroundings
) -> Part:
    empty = own.folder / "empty"
    variables = service_environment(service, cluster.ports, cluster.database)
    environment = {**bare_environment(empty), **variables}
    log = own.folder / "logs" / f"{service}.log"
    surroundings = replace(own, folder=empty, environment=environment)
    return Part(service, [programs.server, "start"], surroundings, log)


async def _start(
    cluster: Cluster, programs: Programs, show_step: Callable[[str], None]
) -> None:
    database, parts = cluster.database, cluster.parts
    show_step("Waiting for PostgreSQL")
    parts["postgres"].start()
    answers = partial(asyncio.to_thread, is_answering, programs, database)
    await until_serving(parts["postgres"], answers)
    show_step("Updating the schemas")
    await asyncio.to_thread(set_up_databases, programs, database)
    # In parallel, because each waits for the others.
    for service in SERVICES:
        parts[service].start()
    for service in SERVICES:
        show_step(f"Waiting for the service {service}")
        port = cluster.ports.of(service).grpc
        await until_serving(parts[service], partial(is_healthy, service, port))
    show_step("Setting up the namespace")
    await set_up_namespace(cluster.address)
