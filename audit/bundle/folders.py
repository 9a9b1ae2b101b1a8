"""What really lies in a bundle's folder: links are not followed, hidden files count."""

import os
from collections.abc import Iterator
from pathlib import Path


def plain_file(folder: Path, name: str) -> Path | None:
    """Return the path of a file of a bundle; None unless it is a file in the folder."""
    path = folder / name
    # The only folder below: as a link it could lead anywhere.
    if path.parent != folder and path.parent.is_symlink():
        return None
    return path if not path.is_symlink() and path.is_file() else None


def files_below(folder: Path) -> Iterator[str]:
    """Name everything in a folder that is not a folder itself, also what is hidden."""
    with os.scandir(folder) as found:
        for one in found:
            if one.is_dir(follow_symlinks=False):
                for name in files_below(Path(one.path)):
                    yield f"{one.name}/{name}"
            else:
                yield one.name
