"""A running system: whom it shows itself to, and that it is the only one there."""

import asyncio
import os
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from cashier.environment import CHECKOUT, PASSED_ON, PASSED_ON_PREFIX
from cashier.home import Home, Ports
from cashier.system import System, running_system
from tests.cashier.upping import options_of

pytestmark = pytest.mark.timeout(120)


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
        *("HOME", "PYTHONPATH", *PASSED_ON),
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
