"""The measured system on its own cluster, and the use of each process."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import psutil
from temporalio.client import Client

from bench.systems.processes import PARTS, Bench, given_only, running_parts
from cashier.system.guard import Lifeline
from cashier.system.home import Home
from cashier.system.ports import Ports
from deploy.cluster.running import Cluster, throw_away_cluster
from temporal_client import data_converter

# Names of the cluster's processes that differ from ours, which also have a worker.
CALLED = {"worker": "system worker"}
OF_THE_CLUSTER = ("frontend", "history", "matching", "system worker", "postgres")
# The processes that a merchant runs: not Alipay, the floor and the measuring client.
NEEDED = ("api", "worker", *OF_THE_CLUSTER)

# No limit of connections; idle ones are closed before the servers close them, after
# 5 s, while a call is being sent.
LIMITS = httpx.Limits(max_connections=None, keepalive_expiry=2)


@dataclass
class ClusterBench(Bench):
    """A running system on a running cluster."""

    cluster: Cluster = field(kw_only=True)

    async def slow_alipay_down(self) -> None:
        """Give Alipay the latency of a network, and occasional failures."""
        await self.stop("simulator")
        self.commands = {**PARTS, "simulator": ["-m", "bench.cluster.slow_alipay"]}
        await self.start("simulator")
        await self.until_ready()

    def cpu_seconds(self) -> dict[str, float]:
        """Return the processor time so far by process, with PostgreSQL as one."""
        used = super().cpu_seconds()
        used.pop("server", None)
        for name, part in self.cluster.parts.items():
            if part.process:
                used[CALLED.get(name, name)] = _of_tree(
                    psutil.Process(part.process.pid)
                )
        return used


def _of_tree(process: psutil.Process) -> float:
    """Return the processor time of a process and its children, also ended ones."""
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system
            total += times.children_user + times.children_system
    return total


@asynccontextmanager
async def running_on_cluster(
    folder: Path, show_step: Callable[[str], None]
) -> AsyncIterator[ClusterBench]:
    """Run a new cluster, and the measured system on it, until the block ends.

    Args:
        folder: Where the system has its keys and logs.
        show_step: Called with each step of the start, in words.

    Raises:
        MissingProgramsError: Programs of a cluster are missing.
    """
    async with (
        throw_away_cluster(show_step) as cluster,
        httpx.AsyncClient(timeout=60, limits=LIMITS, trust_env=False) as http,
    ):
        home = Home(folder)
        ports = replace(Ports.free(), temporal=cluster.ports.frontend.grpc)
        home.prepare()
        client = await Client.connect(
            cluster.address, data_converter=data_converter(home.keyring)
        )
        settings = given_only(home.environment(ports))
        with closing(Lifeline()) as lifeline:
            bench = ClusterBench(
                *(home, ports, client, http, settings, lifeline),
                cluster=cluster,
            )
            show_step("Starting the simulator, the API and the workers")
            async with running_parts(bench):
                yield bench
