"""One process of a local system, restarted when it ends."""

import asyncio
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cashier.system.guard import STOP_PATIENCE_SECONDS, Lifeline, guarded
from cashier.system.private_files import open_private

# A process that ends at once, e.g. for a wrong setting, is restarted after a pause.
RESTART_PAUSE_SECONDS = 0.5


class PartFailedError(Exception):
    """A process of the system did not start."""


@dataclass(frozen=True)
class Surroundings:
    """What a process gets besides its command: folder, environment, open files.

    Attributes:
        folder: Its working directory.
        environment: Its whole environment; nothing is inherited.
        lifeline: The pipe that closes when the starter ends; the process then gets
            SIGTERM.
        holds: Open files that it inherits.
    """

    folder: Path
    environment: Mapping[str, str]
    lifeline: Lifeline
    holds: tuple[int, ...] = ()


async def spawn(
    command: Sequence[str], surroundings: Surroundings, log: Path
) -> Process:
    """Start a process that writes to a log and ends with its starter."""
    with open_private(log) as written:
        return await asyncio.create_subprocess_exec(
            *guarded(surroundings.lifeline, *command),
            cwd=surroundings.folder,
            env=surroundings.environment,
            pass_fds=(surroundings.lifeline.watched, *surroundings.holds),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            # Databases contain purchases: for their owner only.
            umask=0o077,
            # Ctrl-C in the terminal is for this process, which stops the others in
            # order.
            start_new_session=True,
        )


class Part:
    """One process, restarted when it ends."""

    def __init__(
        self, name: str, command: Sequence[str], surroundings: Surroundings, log: Path
    ) -> None:
        self.name = name
        self.starts = 0
        self.process: Process | None = None
        self._command = command
        self._surroundings = surroundings
        self._log = log
        self._stopping = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._keeper = asyncio.create_task(self._keep())

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.returncode is None

    async def _keep(self) -> None:
        while not self._stopping.is_set():
            self.process = await spawn(self._command, self._surroundings, self._log)
            self.starts += 1
            if self._stopping.is_set():
                self._ask_to_end()
            await self.process.wait()
            if not self._stopping.is_set():
                await asyncio.sleep(RESTART_PAUSE_SECONDS)

    def kill(self) -> bool:
        """End the process as a crash would; return whether it was running."""
        if self.process is None or self.process.returncode is not None:
            return False
        self.process.kill()
        return True

    async def stop(self) -> None:
        """End the process by SIGTERM, and by SIGKILL if that takes too long."""
        self._stopping.set()
        if self._keeper is None:
            return
        self._ask_to_end()
        # A process that is being started ends, too: `_keep` takes care of that.
        done, _ = await asyncio.wait({self._keeper}, timeout=STOP_PATIENCE_SECONDS)
        if not done:
            self.kill()
            await asyncio.wait({self._keeper})

    def _ask_to_end(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()

    def last_words(self) -> str:
        """Return the end of the log, for the error message."""
        if not self._log.exists():
            return "it was never started"
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-15:])
