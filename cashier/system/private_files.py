"""Files and folders that only their owner can read."""

import os
from pathlib import Path
from typing import BinaryIO


def make_private_folder(folder: Path) -> None:
    """Make a folder for its owner only; an existing one gets these permissions.

    Raises:
        PermissionError: It belongs to another user.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


def open_private(path: Path) -> BinaryIO:
    """Open a file to append to it; a missing one is made for its owner only."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")
