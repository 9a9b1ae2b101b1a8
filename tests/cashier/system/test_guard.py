"""A guarded program ends with its starter, and is otherwise as it would be alone."""

import asyncio
import signal
from asyncio.subprocess import Process
from collections.abc import Iterator
from contextlib import closing

import psutil
import pytest

from cashier.system.guard import Lifeline, guarded
from tests.cashier.system.upping import until_gone

# It says that it runs, and ends when it is told to, or never.
OBEDIENT = "echo running; exec sleep 600"
DEAF = "trap '' TERM; echo running; exec sleep 600"


@pytest.fixture
def lifeline() -> Iterator[Lifeline]:
    with closing(Lifeline()) as lifeline:
        yield lifeline


async def started(lifeline: Lifeline, script: str, *, patience: float = 30) -> Process:
    return await asyncio.create_subprocess_exec(
        *guarded(lifeline, "/bin/sh", "-c", script, patience=patience),
        pass_fds=(lifeline.watched,),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )


async def is_running(process: Process) -> bool:
    assert process.stdout
    return await process.stdout.readline() == b"running\n"


async def ended(process: Process) -> int | None:
    await process.communicate()
    return process.returncode


async def test_a_program_ends_when_its_starter_has_gone() -> None:
    with closing(Lifeline()) as lifeline:
        process = await started(lifeline, OBEDIENT)
        assert await is_running(process)
    assert await ended(process) == -signal.SIGTERM


async def test_a_program_that_does_not_listen_is_killed() -> None:
    with closing(Lifeline()) as lifeline:
        process = await started(lifeline, DEAF, patience=0.1)
        assert await is_running(process)
    assert await ended(process) == -signal.SIGKILL


async def test_a_program_whose_starter_went_at_once_ends_too() -> None:
    with closing(Lifeline()) as lifeline:
        process = await started(lifeline, OBEDIENT)
    assert await ended(process) == -signal.SIGTERM


async def test_the_exit_code_is_the_programs(lifeline: Lifeline) -> None:
    assert await ended(await started(lifeline, "exit 3")) == 3


async def test_a_killed_program_leaves_no_guard(lifeline: Lifeline) -> None:
    process = await started(lifeline, OBEDIENT)
    assert await is_running(process)
    [guard] = psutil.Process(process.pid).children()
    # The starter's number for it is the program's own: it is what is killed.
    process.kill()
    assert await ended(process) == -signal.SIGKILL
    await until_gone(guard)
