"""What `cashier up` has started ends with it, whatever ends it."""

import asyncio
import os
import sys
from pathlib import Path

import psutil
import pytest

from cashier.system.environment import CHECKOUT
from cashier.system.guard import STOP_PATIENCE_SECONDS
from cashier.system.ports import Ports
from tests.cashier.system.upping import Up, cashier_up, has_gone, until_gone

pytestmark = pytest.mark.timeout(120)


async def until_all_have_gone(up: Up) -> None:
    """Wait until no part lives and no port is taken.

    Temporal must go after the worker, which may have something to record.
    """
    temporal, worker = up.part("start-dev"), up.part("worker")
    async with asyncio.timeout(STOP_PATIENCE_SECONDS):
        while not all(map(has_gone, up.parts)):
            if has_gone(temporal):
                assert has_gone(worker)
            await asyncio.sleep(0.02)
    assert up.ports.taken() == []


@pytest.mark.slow
async def test_no_part_is_left_when_the_terminal_is_closed(tmp_path: Path) -> None:
    async with cashier_up(tmp_path, Ports.free(), in_a_terminal=True) as up:
        assert up.terminal
        up.terminal.kill()
        await until_all_have_gone(up)
        await until_gone(up.starter)


@pytest.mark.slow
async def test_no_part_is_left_when_their_starter_is_killed(tmp_path: Path) -> None:
    async with cashier_up(tmp_path, Ports.free()) as up:
        assert len(up.ports.taken()) == len(up.ports.__dataclass_fields__)
        up.starter.kill()
        await until_all_have_gone(up)


@pytest.mark.slow
async def test_a_setting_that_is_given_by_name_reaches_the_parts(
    tmp_path: Path,
) -> None:
    given = ("--set", "OTEL_SERVICE_NAME=ours", "--set", "CASHIER_LATE_MONEY=HONOUR")
    async with cashier_up(tmp_path, Ports.free(), *given) as up:
        found = up.part("api").environ()
        up.starter.terminate()
        await until_all_have_gone(up)
    assert found["OTEL_SERVICE_NAME"] == "ours"
    assert found["CASHIER_LATE_MONEY"] == "HONOUR"


async def test_the_server_of_a_killed_test_run_ends(tmp_path: Path) -> None:
    starts = (
        "import asyncio, signal\n"
        "from cashier.system.temporal import start_embedded\n"
        "async def main():\n"
        "    async with await start_embedded():\n"
        "        print('up', flush=True)\n"
        "        await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", starts),
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    assert await process.stdout.readline() == b"up\n"
    children = psutil.Process(process.pid).children(recursive=True)
    assert any("start-dev" in child.cmdline() for child in children)
    process.kill()
    await process.wait()
    await until_gone(*children)
