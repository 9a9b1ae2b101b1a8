"""A folder is held by one system, as long as any process of that system lives."""

import asyncio
import os
import re
import sys
from pathlib import Path

import psutil
import pytest

from cashier.system.environment import CHECKOUT
from cashier.system.folder_lock import LOCK_FILE, FolderInUseError, hold_folder
from cashier.system.guard import STOP_PATIENCE_SECONDS
from tests.cashier.system.upping import until_gone

# Holds the folder, starts a process that inherits it, tells its number, and waits.
HOLDER = """
import subprocess, sys
from pathlib import Path
from cashier.system.folder_lock import hold_folder
with hold_folder(Path(sys.argv[1]), api_port=8080) as lock:
    part = subprocess.Popen(["cat"], stdin=0, pass_fds=(lock,))
    print(part.pid, flush=True)
    part.wait()
"""


def test_a_held_folder_is_refused_and_its_holder_named(tmp_path: Path) -> None:
    with hold_folder(tmp_path, api_port=8080):
        with (
            pytest.raises(FolderInUseError) as refused,
            hold_folder(tmp_path, api_port=9090),
        ):
            pass
        words = f"process {os.getpid()}, with its API on port 8080$"
        assert re.search(
            rf"since \d{{4}}-\d\d-\d\d [\d:]+ UTC by {words}", str(refused.value)
        )
        assert str(tmp_path) in str(refused.value)
    with hold_folder(tmp_path, api_port=9090):
        pass


def test_a_folder_is_free_again_when_its_holder_failed(tmp_path: Path) -> None:
    with pytest.raises(KeyError), hold_folder(tmp_path, api_port=8080):
        raise KeyError
    with hold_folder(tmp_path, api_port=8080):
        pass


async def test_a_folder_is_held_until_the_last_part_of_a_killed_holder_ends(
    tmp_path: Path,
) -> None:
    holder = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HOLDER, str(tmp_path)),
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert holder.stdin
    assert holder.stdout
    part = psutil.Process(int(await holder.stdout.readline()))
    watched = psutil.Process(holder.pid)
    holder.kill()
    await until_gone(watched)
    # Until it is reaped its number still stands for it. `holder.wait` would wait for
    # the part as well, which holds the same pipes.
    async with asyncio.timeout(STOP_PATIENCE_SECONDS):
        while psutil.pid_exists(holder.pid):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.02)
    with (
        pytest.raises(FolderInUseError, match="that process has ended"),
        hold_folder(tmp_path, api_port=8080),
    ):
        pass
    # The part reads there until its end.
    holder.stdin.close()
    await until_gone(part)
    await holder.communicate()
    with hold_folder(tmp_path, api_port=8080):
        pass


def test_a_folder_whose_lock_says_nothing_is_refused_all_the_same(
    tmp_path: Path,
) -> None:
    with hold_folder(tmp_path, api_port=8080):
        (tmp_path / LOCK_FILE).write_text("")
        with (
            pytest.raises(FolderInUseError, match="which is starting"),
            hold_folder(tmp_path, api_port=8080),
        ):
            pass
