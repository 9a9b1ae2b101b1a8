"""A running system: whom it shows itself to, and that it is the only one there."""

import asyncio
import os
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import yaml
from rich.console import Console
from temporalio.client import WorkflowExecutionStatus

from cashier.demos.one_payment import Demo
from cashier.system.environment import CHECKOUT, PASSED_ON, PASSED_ON_PREFIX
from cashier.system.home import Home
from cashier.system.part import PartFailedError
from cashier.system.ports import Ports, free_port
from cashier.system.processes import System, running_system
from cashier.system.readiness import MOST_STARTS
from cashier.system.temporal import start_embedded, temporal_program
from tests.cashier.system.hostile import DEAD
from tests.cashier.system.test_settings_file import read_by_a_shell
from tests.cashier.system.upping import options_of

pytestmark = pytest.mark.timeout(120)

COMPOSE = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
# Where each service listens in its container.
IN_CONTAINER = {"api": 8080, "codec": 8082, "simulator": 8081, "storefront": 8000}
PROXIES = dict.fromkeys(
    ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"), f"http://{DEAD}"
)


@pytest.fixture(scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    home = Home(tmp_path_factory.mktemp("system") / "home")
    async with running_system(home, Ports.free(), keep=True, shop=True) as system:
        yield system


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# ---- files ----


async def test_only_the_owner_reads_what_a_system_keeps(system: System) -> None:
    home = system.home
    kept = [*home.folder.glob("*.sqlite*"), home.simulator_state, *home.logs.iterdir()]
    names = {file.name for file in kept}
    logs = {f"{part}.log" for part in system.parts}
    assert {"temporal.sqlite", "shop.sqlite", "simulator.jsonl", *logs} <= names
    assert {file.name: mode_of(file) for file in kept} == dict.fromkeys(names, 0o600)
    assert {mode_of(folder) for folder in (home.folder, home.logs)} == {0o700}


def test_files_of_an_older_release_are_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    (folder / "logs").mkdir(parents=True, mode=0o755)
    kept = ("temporal.sqlite", "temporal.sqlite-wal", "simulator.jsonl", "logs/api.log")
    for name in kept:
        (folder / name).touch(mode=0o644)
    Home(folder).prepare()
    assert {mode_of(folder / name) for name in kept} == {0o600}
    assert {mode_of(folder), mode_of(folder / "logs")} == {0o700}


# ---- environment ----


async def test_a_part_sees_only_what_the_system_names(system: System) -> None:
    named = {
        *system.home.environment(system.ports),
        *system.home.shop_environment(system.ports),
        *("HOME", "USER", "PYTHONPATH", *PASSED_ON),
    }
    for part in system.parts.values():
        assert part.process
        seen = psutil.Process(part.process.pid)
        found = {
            name for name in seen.environ() if not name.startswith(PASSED_ON_PREFIX)
        }
        assert found <= named
        assert seen.cwd() == str(system.home.empty_folder)
    assert list(system.home.empty_folder.iterdir()) == []


async def test_a_shell_reads_the_settings_with_which_the_parts_run(
    system: System,
) -> None:
    worker = system.parts["worker"].process
    assert worker
    theirs = {
        name: value
        for name, value in psutil.Process(worker.pid).environ().items()
        if name.startswith(("CASHIER_", "TEMPORAL_", "STOREFRONT_", "SIMULATOR_"))
    }
    read = read_by_a_shell(system.home.settings_file)
    assert theirs["CASHIER_NOTIFY_URL"].startswith(system.ports.api_url)
    assert theirs.items() <= read.items()
    assert read["CASHIER_UI_URL"] == system.ports.ui_url


# ---- Temporal comes up late, or never ----


def program(path: Path, *lines: str) -> str:
    path.write_text("\n".join(["#!/bin/sh", *lines]))
    path.chmod(0o755)
    return str(path)


@pytest.mark.slow
async def test_a_worker_may_start_before_temporal_as_often_as_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "home")
    log, real = home.logs / "worker.log", temporal_program()
    late = (
        f'while [ "$(grep -c "cannot be reached" {log})" -le {MOST_STARTS + 1} ]',
        f'do sleep 0.1; done; exec {real} "$@"',
    )
    monkeypatch.setenv("TEMPORAL_CLI_PATH", program(tmp_path / "temporal", *late))
    async with running_system(home, Ports.free(), keep=False) as system:
        assert system.parts["worker"].starts > MOST_STARTS + 1


async def test_where_temporal_does_not_start_its_own_words_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = program(tmp_path / "temporal", "echo 'no such disk'; exit 1")
    monkeypatch.setenv("TEMPORAL_CLI_PATH", broken)
    told = "the temporal did not come up:\nno such disk"
    with pytest.raises(PartFailedError, match=told):
        async with running_system(Home(tmp_path / "home"), Ports.free(), keep=False):
            pass


# ---- on a cluster that runs already ----


@pytest.mark.slow
async def test_a_system_on_a_cluster_has_no_temporal_of_its_own(tmp_path: Path) -> None:
    home, ports = Home(tmp_path / "home"), Ports.free()
    async with await start_embedded() as cluster:
        address = cluster.client.service_client.config.target_host
        # Somebody else's Temporal and UI may have the ports that it does not need.
        ports = replace(ports, temporal=int(address.rpartition(":")[2]))
        async with running_system(home, ports, keep=False, cluster=address) as system:
            assert "temporal" not in system.parts
            worker = system.parts["worker"].process
            assert worker
            told = psutil.Process(worker.pid).environ()
            assert told["TEMPORAL_ADDRESS"] == address
            async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
                await Demo(Console(quiet=True), system, http).run()
        [paid] = [one async for one in cluster.client.list_workflows("CloseTime > 0")]
        assert paid.status is WorkflowExecutionStatus.COMPLETED


def test_a_home_remembers_which_cluster_its_system_used(tmp_path: Path) -> None:
    home, ports = Home(tmp_path), Ports.free()
    home.remember(ports, "temporal.example:7233")
    assert home.cluster() == "temporal.example:7233"
    assert home.ports() == ports
    home.remember(ports)
    assert home.cluster() is None


# ---- one system in one folder ----


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("cashier", "up", *options_of(Ports.free())), 1),
        (("chaos", "--payments", "1"), 2),
    ],
    ids=["up", "chaos"],
)
async def test_a_second_system_on_the_folder_is_refused_by_name(
    command: tuple[str, ...], code: int, system: System
) -> None:
    second = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *command, "--folder", str(system.home.folder)),
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await second.communicate()
    words = " ".join(told.decode().split())
    assert second.returncode == code
    assert f"process {os.getpid()}, with its API on port {system.ports.api}" in words
    assert "since 20" in words


# ---- the containers' health checks ----


async def check(test: list[str], environment: dict[str, str]) -> int:
    """Run a health check's own command line, as the engine does."""
    kind, *command = test
    if kind == "CMD-SHELL":
        # Compose writes `$` as `$$`.
        command = ["/bin/sh", "-c", command[0].replace("$$", "$")]
    programs = str(Path(sys.executable).parent)
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**environment, "PATH": f"{programs}:{os.environ['PATH']}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return await process.wait()


@pytest.mark.parametrize("service", IN_CONTAINER)
async def test_a_health_check_asks_no_proxy(service: str, system: System) -> None:
    ports = {
        "api": system.ports.api,
        "codec": system.ports.codec,
        "simulator": system.ports.simulator,
        "storefront": system.ports.shop,
    }

    def asked(port: int) -> list[str]:
        address = f"127.0.0.1:{IN_CONTAINER[service]}"
        test = SERVICES[service]["healthcheck"]["test"]
        assert address in test[-1]
        return [word.replace(address, f"127.0.0.1:{port}") for word in test]

    assert await check(asked(ports[service]), PROXIES) == 0
    assert await check(asked(free_port()), PROXIES) != 0


async def test_the_workers_health_check_asks_no_proxy(system: System) -> None:
    test = SERVICES["worker"]["healthcheck"]["test"]
    # In capitals, or it would be known as this machine, for which no proxy is asked.
    temporal = {"TEMPORAL_ADDRESS": f"LOCALHOST:{system.ports.temporal}", **PROXIES}
    here = {**temporal, "HOSTNAME": socket.gethostname()}
    elsewhere = {**temporal, "HOSTNAME": "another-container"}
    assert await check(test, here) == 0
    assert await check(test, elsewhere) != 0


async def test_the_servers_health_check_asks_no_proxy(system: System) -> None:
    test = SERVICES["temporal"]["healthcheck"]["test"]
    address = f"127.0.0.1:{system.ports.temporal}"
    assert await check(test, {"TEMPORAL_ADDRESS": address, **PROXIES}) == 0


def test_the_api_starts_when_a_worker_of_its_release_polls() -> None:
    waits_for = SERVICES["api"]["depends_on"]["worker"]
    assert waits_for == {"condition": "service_healthy"}
    # The image of both is one, so a worker that polls is of the API's release.
    assert SERVICES["api"]["image"] == SERVICES["worker"]["image"]
    assert "task-queue describe" in SERVICES["worker"]["healthcheck"]["test"][-1]
