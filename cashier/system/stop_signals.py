"""Ends a command in order on Ctrl-C, SIGTERM, or a closed terminal."""

import asyncio
import os
import signal
import stat
from collections.abc import Coroutine
from typing import TypeVar

T = TypeVar("T")
# What shells report of a command that Ctrl-C has ended.
STOPPED = 130


async def until_told_to_stop(work: Coroutine[None, None, T]) -> T | None:
    """Carry out the work; the first signal cancels it, so that it can clean up.

    Returns:
        What the work returns, or None where a signal has ended it.
    """
    task = asyncio.ensure_future(work)
    told: list[signal.Signals] = []

    def stop(which: signal.Signals) -> None:
        if which is signal.SIGHUP:
            _leave_terminal()
        if not told:
            task.cancel()
        told.append(which)

    loop = asyncio.get_running_loop()
    for which in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # `nohup` has SIGHUP ignored, and means it.
        if signal.getsignal(which) is not signal.SIG_IGN:
            loop.add_signal_handler(which, stop, which)
    try:
        return await task
    except asyncio.CancelledError:
        if told:
            return None
        raise


def _leave_terminal() -> None:
    """Write no more to a terminal that was closed: each write would fail."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        # A pipe may lead to a program that the same signal has ended.
        if not stat.S_ISREG(os.fstat(stream).st_mode):
            os.dup2(nothing, stream)
    os.close(nothing)
