"""Runs `cashier up` as a process, and looks at what it has started."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from pathlib import Path

import psutil

from cashier.system.environment import bare_environment
from cashier.system.guard import STOP_PATIENCE_SECONDS
from cashier.system.ports import Ports

# It begins a session with a terminal of its own, and goes with its terminal.
IN_A_TERMINAL = ("-c", "import pty, sys; pty.spawn(sys.argv[1:])", sys.executable)


def hear_signals() -> None:
    """Let a process that is about to start hear what `nohup` and `&` keep from it.

    The command means to stay deaf where it was started so; the tests' own start shall
    not decide about that.
    """
    for which in (signal.SIGINT, signal.SIGHUP):
        signal.signal(which, signal.SIG_DFL)


def options_of(ports: Ports) -> list[str]:
    return [
        word
        for field in fields(ports)
        for word in (
            f"--{field.name.replace('_', '-')}-port",
            str(getattr(ports, field.name)),
        )
    ]


@dataclass
class Up:
    """A system that runs, and the processes of it.

    Attributes:
        commands: Of each part, as it was started: one that has ended has none any more.
    """

    ports: Ports
    starter: psutil.Process
    terminal: psutil.Process | None
    parts: Sequence[psutil.Process]
    commands: Sequence[Sequence[str]]

    def part(self, word: str) -> psutil.Process:
        """Return the part whose command has the word; guards look like Python."""
        [found] = (
            part
            for part, command in zip(self.parts, self.commands, strict=True)
            if word in command and "guard.py" not in " ".join(command)
        )
        return found


@asynccontextmanager
async def cashier_up(
    folder: Path, ports: Ports, *options: str, in_a_terminal: bool = False
) -> AsyncIterator[Up]:
    """Yield it once everything runs; what is left of it is killed at the end."""
    work = folder / "work"
    work.mkdir()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *(IN_A_TERMINAL if in_a_terminal else ())),
        *("-m", "cashier", "up", "--folder", str(folder / "home")),
        *(*options_of(ports), *options),
        cwd=work,
        env=bare_environment(work),
        preexec_fn=hear_signals,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout
    started = psutil.Process(process.pid)
    parts: list[psutil.Process] = []
    try:
        await process.stdout.readuntil(b"Everything runs")
        [starter] = started.children() if in_a_terminal else [started]
        parts = starter.children(recursive=True)
        commands = [part.cmdline() for part in parts]
        yield Up(ports, starter, started if in_a_terminal else None, parts, commands)
    finally:
        for one in (started, *parts):
            if one.is_running():
                one.kill()
        await process.communicate()


def has_gone(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def until_gone(*processes: psutil.Process) -> None:
    async with asyncio.timeout(STOP_PATIENCE_SECONDS):
        while not all(map(has_gone, processes)):  # noqa: ASYNC110 - other processes
            await asyncio.sleep(0.02)
