"""A cluster that was stopped goes on where it was, and its commands serve it."""

from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
from rich.console import Console
from temporalio.client import Client

from cashier.demos.one_payment import Demo
from cashier.system.home import Home
from cashier.system.ports import Ports
from cashier.system.processes import running_system
from cashier.system.setup import look_at
from deploy.cluster.programs import find_programs
from deploy.cluster.running import running_cluster
from deploy.cluster.services import ClusterPorts
from visibility import KEYS

pytestmark = pytest.mark.timeout(300)


async def test_payments_are_there_after_a_restart(tmp_path: Path) -> None:
    programs, ports = find_programs(), ClusterPorts.free()
    # Where PostgreSQL's user may enter, should this be root.
    with TemporaryDirectory(prefix="cashier-cluster-") as name:
        folder = Path(name)
        async with running_cluster(folder, ports, programs) as cluster:
            await take_a_payment(Home(tmp_path), cluster.address)
            password = cluster.database.password
        assert ports.taken() == []
        async with running_cluster(folder, ports, programs) as cluster:
            assert cluster.database.password == password
            client = await Client.connect(cluster.address)
            setup = await look_at(client, client.namespace)
            assert setup.missing == ()
            assert {*setup.found} == {key.name for key in KEYS}
            paid = 'WorkflowType = "CashierPayment" AND ExecutionStatus = "Completed"'
            assert (await client.count_workflows(paid)).count == 1


async def take_a_payment(home: Home, address: str) -> None:
    async with (
        running_system(home, Ports.free(), keep=False, cluster=address) as system,
        httpx.AsyncClient(timeout=30, trust_env=False) as http,
    ):
        await Demo(Console(quiet=True), system, http).run()


async def test_nobody_else_reads_what_a_cluster_keeps() -> None:
    with TemporaryDirectory(prefix="cashier-cluster-") as name:
        cluster = running_cluster(Path(name), ClusterPorts.free(), find_programs())
        async with cluster:
            assert open_to_others(Path(name)) == []


def open_to_others(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.stat().st_mode & 0o077]
