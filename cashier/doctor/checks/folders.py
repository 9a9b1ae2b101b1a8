"""Checks the folders that our processes write to: writable, with free space."""

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from cashier.doctor.checks.findings import Finding, ok, wrong
from cashier.doctor.checks.running import Findings, in_own_thread

SUBJECT = "folders"
# The histories of some 90,000 payments, of 11 kB each (docs/benchmarks.md).
LEAST_FREE = 1_000_000_000
MEGABYTE = 1_000_000

Free = Callable[[Path], int]


def free_bytes(folder: Path) -> int:
    """Return how many bytes are free for us on the disk of a folder."""
    return shutil.disk_usage(folder).free


async def check_folders(
    folders: Mapping[str, Path], *, free: Free = free_bytes
) -> Findings:
    """Write a file into each folder, and remove it again.

    Args:
        folders: The folders, by the setting or the content that names each. A missing
            one is checked at its nearest existing parent.
        free: Returns how many bytes are free on a folder's disk.
    """
    if not folders:
        yield ok(SUBJECT, "none", "these processes write to no folder")
    for name, folder in folders.items():
        yield await in_own_thread(partial(_looked_at, name, folder, free))


def _looked_at(name: str, folder: Path, free: Free) -> Finding:
    there = _nearest(folder)
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            # A full disk shows only when something is written.
            file.write(b"cashier doctor\n")
            file.flush()
            os.fsync(file.fileno())
        left = free(there)
    except OSError as error:
        return wrong(
            SUBJECT,
            name,
            f"{str(folder)!r} cannot be written to: {error.strerror}",
            "it must belong to the user of the process, on a disk that is writable "
            "and not full",
        )
    if left < LEAST_FREE:
        return wrong(
            SUBJECT,
            name,
            f"only {left // MEGABYTE} MB are free on the disk of {str(folder)!r}",
            f"free some space: {LEAST_FREE // MEGABYTE} MB at least",
        )
    return ok(
        SUBJECT, name, f"{str(folder)!r} is writable, {left // MEGABYTE:,} MB are free"
    )


def _nearest(folder: Path) -> Path:
    while not folder.exists() and folder.parent != folder:
        folder = folder.parent
    return folder
