"""Lists the files of a bundle's folder: no links, but hidden files."""

import os
from collections.abc import Iterator
from pathlib import Path


def plain_file(folder: Path, name: str) -> Path | None:
    """Return the path of a bundle's file; None unless it is a regular file there."""
    path = folder / name
    # The only subfolder: a link could lead anywhere.
    if path.parent != folder and path.parent.is_symlink():
        return None
    return path if not path.is_symlink() and path.is_file() else None


def files_below(folder: Path) -> Iterator[str]:
    """Yield the names of all files in a folder, including hidden ones."""
    with os.scandir(folder) as found:
        for one in found:
            if one.is_dir(follow_symlinks=False):
                for name in files_below(Path(one.path)):
                    yield f"{one.name}/{name}"
            else:
                yield one.name
