"""A command that is told to stop cleans up, whichever signal tells it."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process

import pytest

from cashier.system.environment import CHECKOUT
from tests.cashier.system.upping import hear_signals

CLEANED_UP = 7
# Works until it is told to stop; ends with CLEANED_UP after it has cleaned up, which
# takes a write to where nobody may read any more.
COMMAND = f"""
import asyncio, sys
from cashier.system.stop_signals import until_stopped

cleaned_up = []

async def work():
    try:
        print("working", flush=True)
        await asyncio.Event().wait()
    finally:
        print("stopping", flush=True)
        cleaned_up.append(True)

ended = asyncio.run(until_stopped(work()))
sys.exit({CLEANED_UP} if ended is None and cleaned_up else 1)
"""


async def working(*before: str) -> Process:
    process = await asyncio.create_subprocess_exec(
        *(*before, sys.executable, "-c", COMMAND),
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        preexec_fn=hear_signals,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    assert await process.stdout.readline() == b"working\n"
    return process


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_command_that_is_told_to_stop_cleans_up(told: signal.Signals) -> None:
    process = await working()
    process.send_signal(told)
    _, complaints = await process.communicate()
    assert (process.returncode, complaints) == (CLEANED_UP, b"")


async def test_a_command_under_nohup_outlives_its_terminal() -> None:
    process = await working("/bin/sh", "-c", "trap '' HUP; exec \"$@\"", "sh")
    process.send_signal(signal.SIGHUP)
    # Still there to be told by another signal, and to write.
    process.send_signal(signal.SIGTERM)
    said, complaints = await process.communicate()
    assert (process.returncode, complaints) == (CLEANED_UP, b"")
    assert said == b"stopping\n"
