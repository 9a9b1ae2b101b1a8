"""The measured system on a cluster of its own, and what each process has used."""

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

# What the processes of the cluster are called beside ours, of which one is the worker.
CALLED = {"worker": "system worker"}
OF_THE_CLUSTER = ("frontend", "history", "matching", "system worker", "postgres")
# What a merchant runs for payments: neither Alipay, nor the floor, nor who measures.
NEEDED = ("api", "worker", *OF_THE_CLUSTER)

# As many connections as it takes; idle ones are left before the servers, which keep
# them for 5 s, close them under a call that is just sent.
LIMITS = httpx.Limits(max_connections=None, keepalive_expiry=2)


@dataclass
class ClusterBench(Bench):
    """A running system on a running cluster."""

    cluster: Cluster = field(kw_only=True)

    async def slow_alipay_down(self) -> None:
        """Let Alipay take as long as over a network, and fail at times."""
        await self.stop("simulator")
        self.commands = {**PARTS, "simulator": ["-m", "bench.cluster.slow_alipay"]}
        await self.start("simulator")
        await self.until_ready()

    def cpu_seconds(self) -> dict[str, float]:
        """Return the processor time used so far, by process; PostgreSQL's together."""
        used = super().cpu_seconds()
        used.pop("server", None)
        for name, part in self.cluster.parts.items():
            if part.process:
                used[CALLED.get(name, name)] = _of_tree(
                    psutil.Process(part.process.pid)
                )
        return used


def _of_tree(process: psutil.Process) -> float:
    """Add up a process and its children, those that have ended included."""
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system
            total += times.children_user + times.children_system
    return total


@asynccontextmanager
async def running_on_cluster(
    folder: Path, tell: Callable[[str], None]
) -> AsyncIterator[ClusterBench]:
    """Run a new cluster, and the measured system on it, until the block ends.

    Args:
        folder: Where the system has its keys and logs.
        tell: Called with each step of the start, in words.

    Raises:
        MissingProgramsError: What a cluster consists of is not there.
    """
    async with (
        throw_away_cluster(tell) as cluster,
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
            tell("Starting the simulator, the API and the workers")
            async with running_parts(bench):
                yield bench
