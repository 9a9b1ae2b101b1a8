"""The worker as an orchestrator sees it: ready, alive without Temporal, and gone."""

from pathlib import Path

import httpx
import pytest

from cashier.system.home import Home
from cashier.system.ports import Ports
from cashier.system.processes import running_system
from tests.telemetry.running import free_address

pytestmark = pytest.mark.timeout(120)


@pytest.mark.slow
async def test_a_worker_is_ready_once_it_serves_and_lives_without_temporal(
    tmp_path: Path,
) -> None:
    address = free_address()
    probes = {"CASHIER_HEALTH_ADDRESS": address}
    async with (
        running_system(
            Home(tmp_path), Ports.free(), keep=False, settings=probes
        ) as system,
        httpx.AsyncClient(base_url=f"http://{address}", timeout=10) as http,
    ):
        # The system's start has waited for it to poll.
        assert (await http.get("/health/ready")).status_code == 200
        assert (await http.get("/metrics")).status_code == 404
        await system.parts["temporal"].stop()
        for _ in range(3):
            assert (await http.get("/health/live")).status_code == 200
        await system.parts["worker"].stop()
        with pytest.raises(httpx.ConnectError):
            await http.get("/health/live")
