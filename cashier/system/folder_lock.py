"""Locks a folder for one system; the lock ends with the last process that holds it."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from cashier.system.guard import STOP_PATIENCE_SECONDS
from cashier.system.private_files import make_private_folder

LOCK_FILE = "lock"


class FolderInUseError(Exception):
    """Another system runs in the folder; two would use the same database."""


@contextmanager
def hold_folder(folder: Path, *, api_port: int) -> Iterator[int]:
    """Lock the folder, which is created if missing, until the block ends.

    Args:
        folder: The folder of a system.
        api_port: Port of the system's API, for the error message of a second system.

    Yields:
        The open lock file. Processes that inherit it hold the lock, too: after a
        SIGKILL of the starter the folder is free when its last process has ended.

    Raises:
        FolderInUseError: Another system holds the lock; the message names it.
    """
    make_private_folder(folder)
    lock = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(lock, folder)
        _write_holder(lock, api_port)
        try:
            yield lock
        finally:
            # A guard that is about to end may still have the file open.
            fcntl.flock(lock, fcntl.LOCK_UN)
    finally:
        os.close(lock)


def _lock(lock: int, folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FolderInUseError(f"{folder} is in use {_holder(lock)}") from None


def _write_holder(lock: int, api_port: int) -> None:
    now = datetime.now(UTC)
    holder = {"pid": os.getpid(), "since": f"{now:%F %T} UTC", "api_port": api_port}
    os.ftruncate(lock, 0)
    os.pwrite(lock, json.dumps(holder).encode(), 0)


def _holder(lock: int) -> str:
    try:
        holder = json.loads(os.pread(lock, 1024, 0))
        pid, since, port = (holder[name] for name in ("pid", "since", "api_port"))
    except (ValueError, KeyError, TypeError):
        # It holds the lock, but has not written its process id yet.
        return "by another process, which is starting"
    whose = f"since {since} by process {pid}, with its API on port {port}"
    if _lives(pid):
        return whose
    return (
        f"{whose}; that process has ended, and its child processes end within "
        f"{STOP_PATIENCE_SECONDS} s"
    )


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
