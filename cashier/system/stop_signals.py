"""Shuts a command down in order on Ctrl-C, SIGTERM, or a closed terminal."""

import asyncio
import os
import signal
import stat
from collections.abc import Coroutine
from typing import TypeVar

T = TypeVar("T")
# The exit code of a command that Ctrl-C has ended, as shells report it.
STOPPED = 130


async def until_stopped(work: Coroutine[None, None, T]) -> T | None:
    """Run the work; the first signal cancels it, so that it can clean up.

    Returns:
        The result of the work, or None where a signal has ended it.
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
        # `nohup` has SIGHUP ignored on purpose.
        if signal.getsignal(which) is not signal.SIG_IGN:
            loop.add_signal_handler(which, stop, which)
    try:
        return await task
    except asyncio.CancelledError:
        if told:
            return None
        raise


def _leave_terminal() -> None:
    """Stop writing to a closed terminal: each write would fail."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        # The reader of a pipe may have been ended by the same signal.
        if not stat.S_ISREG(os.fstat(stream).st_mode):
            os.dup2(nothing, stream)
    os.close(nothing)
