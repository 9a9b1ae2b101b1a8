"""The code of other commits of this repository, each in a folder of its own."""

import asyncio
import shutil
from pathlib import Path

from cashier.system.environment import CHECKOUT

# A file that the first commit with versioned workers has added.
VERSIONED = ("-S", "TEMPORAL_WORKER_BUILD_ID", "--", "settings")


class ProgramFailedError(Exception):
    """A program has failed; the message has its output."""


async def code_of(commit: str, folder: Path) -> Path:
    """Take a commit's code from git into a new folder inside this one.

    Raises:
        ProgramFailedError: The repository lacks it, as a shallow clone does.
        FileNotFoundError: There is no git.
    """
    archive, code = folder / f"{commit}.tar", folder / commit
    await output_of(["git", "archive", f"--output={archive}", commit], cwd=CHECKOUT)
    shutil.unpack_archive(archive, code, filter="data")
    archive.unlink()
    return code


async def first_versioned_commit() -> str:
    """Return the first commit whose worker can be versioned.

    Raises:
        ProgramFailedError: The repository lacks it.
        FileNotFoundError: There is no git.
    """
    log = ["git", "log", "--reverse", "--format=%H", *VERSIONED]
    found = (await output_of(log, cwd=CHECKOUT)).split()
    if not found:
        raise ProgramFailedError("git log: no commit knows versioned workers")
    return found[0]


async def output_of(
    command: list[str], *, cwd: Path, env: dict[str, str] | None = None
) -> str:
    """Run a program and return what it prints.

    Raises:
        ProgramFailedError: It failed.
        FileNotFoundError: There is no such program.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, wrong = await process.communicate()
    if process.returncode:
        raise ProgramFailedError(wrong.decode(errors="replace").strip())
    return said.decode()
