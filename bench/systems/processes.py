"""The measured system, with each part as its own process, as in production."""

import asyncio
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
from pydantic_settings import PydanticBaseSettingsSource
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from alipay.keys.files import read_private_key
from cashier.system.environment import bare_environment
from cashier.system.guard import Lifeline
from cashier.system.home import CLIENT_ID, Home
from cashier.system.part import Surroundings, spawn
from cashier.system.ports import Ports
from cashier.system.temporal import SERVER_OPTIONS, guarded_program
from settings.worker import WorkerSettings
from temporal_client import data_converter
from tests.signing import Signer

PARTS = {
    "simulator": ["-m", "cashier", "simulator"],
    "api": ["-m", "cashier", "api"],
    "worker": ["-m", "cashier", "worker"],
    "floor": ["-m", "bench.systems.floor_worker"],
}
START_PATIENCE_SECONDS = 60
METRICS_DELAY_SECONDS = 3


@dataclass
class Bench:
    """A running system: its addresses, and the use of its processes."""

    home: Home
    ports: Ports
    client: Client
    http: httpx.AsyncClient
    settings: WorkerSettings
    _lifeline: Lifeline
    _processes: dict[str, Process] = field(default_factory=dict)
    # The arguments of Python for each part, by its name.
    commands: Mapping[str, list[str]] = field(default_factory=lambda: PARTS)

    @property
    def alipay(self) -> Signer:
        """The signer of the simulated Alipay."""
        return Signer(read_private_key(self.home.simulator_key), client_id=CLIENT_ID)

    async def start(self, name: str, settings: Mapping[str, str] | None = None) -> None:
        """Start a part, with further settings."""
        environment = {
            **bare_environment(self.home.empty_folder),
            **self.home.environment(self.ports),
            # The API's capacity is measured, and not the limits for one caller.
            "CASHIER_API_CALLS_PER_MINUTE": "1000000",
            **(settings or {}),
        }
        # The simulator keeps everything in memory, so that its disk is not measured.
        environment.pop("SIMULATOR_STATE_FILE")
        self._processes[name] = await spawn(
            [sys.executable, *self.commands[name]],
            Surroundings(self.home.empty_folder, environment, self._lifeline),
            self.home.logs / f"{name}.log",
        )

    async def stop(self, name: str) -> None:
        process = self._processes.pop(name)
        if process.returncode is None:
            process.terminate()
        await process.wait()

    async def stop_all(self) -> None:
        await asyncio.gather(*(self.stop(name) for name in list(self._processes)))

    async def until_ready(self) -> None:
        """Wait until simulator and API answer and the worker polls."""
        async with asyncio.timeout(START_PATIENCE_SECONDS):
            for url in (
                f"{self.ports.simulator_url}/health/live",
                f"{self.ports.api_url}/health/ready",
            ):
                while not await self._answers(url):  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.1)

    async def _answers(self, url: str) -> bool:
        try:
            return (await self.http.get(url)).is_success
        except httpx.HTTPError:
            return False

    def cpu_seconds(self) -> dict[str, float]:
        """Return the processor time used so far, by process."""
        used = {}
        for name, process in self._observed().items():
            times = process.cpu_times()
            used[name] = times.user + times.system
        return used

    def resident_bytes(self, name: str) -> int:
        return self._observed()[name].memory_info().rss

    def _observed(self) -> dict[str, psutil.Process]:
        observed = {
            name: psutil.Process(process.pid)
            for name, process in self._processes.items()
        }
        us = psutil.Process()
        ours = {process.pid for process in self._processes.values()}
        for child in us.children():
            if child.pid not in ours and child.name().startswith("temporal"):
                observed["server"] = child
        return observed | {"client": us}

    async def billed_actions(self) -> float:
        """Return how many billable actions the server has counted so far."""
        # The server publishes its counters about once a second.
        await asyncio.sleep(METRICS_DELAY_SECONDS)
        metrics = await self.http.get(f"http://127.0.0.1:{self.ports.ui}/metrics")
        return sum(
            float(line.rpartition(" ")[2])
            for line in metrics.text.splitlines()
            if line.startswith("action{") and 'namespace="default"' in line
        )


@asynccontextmanager
async def running_bench(folder: Path) -> AsyncIterator[Bench]:
    """Run everything until the block ends: server in memory, no UI, quick tasks."""
    home, ports = Home(folder), Ports.free()
    home.prepare()
    async with (
        await WorkflowEnvironment.start_local(
            data_converter=data_converter(home.keyring),
            port=ports.temporal,
            dev_server_existing_path=guarded_program(folder),
            # The port of the UI, which does not run here.
            dev_server_extra_args=[*SERVER_OPTIONS, "--metrics-port", str(ports.ui)],
            dev_server_log_level="error",
        ) as server,
        httpx.AsyncClient(timeout=30, trust_env=False) as http,
    ):
        with closing(Lifeline()) as lifeline:
            settings = given_only(home.environment(ports))
            bench = Bench(home, ports, server.client, http, settings, lifeline)
            async with running_parts(bench):
                yield bench


@asynccontextmanager
async def running_parts(bench: Bench) -> AsyncIterator[None]:
    """Run the parts of a system, whose server runs, until the block ends."""
    try:
        for name in bench.commands:
            await bench.start(name)
        await bench.until_ready()
        yield
    finally:
        await bench.stop_all()


class _GivenOnly(WorkerSettings):
    """Settings of the worker from arguments, without environment and `.env`."""

    @classmethod
    def settings_customise_sources(
        cls,
        *_: Any,  # noqa: ANN401 - as pydantic passes them
        **sources: Any,  # noqa: ANN401
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (sources["init_settings"],)


def given_only(environment: Mapping[str, str]) -> WorkerSettings:
    """Return the worker's settings from the given variables only."""
    given = {
        name.removeprefix("CASHIER_").lower(): value
        for name, value in environment.items()
    }
    return _GivenOnly.model_validate(given)
