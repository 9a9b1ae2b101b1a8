"""Runs in the image, as its user, and prints its findings as JSON.

It is the input of `python -`, so it may use only the standard library.
"""

import importlib
import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

# Not imported, because they start to run on import.
COMMANDS = {"__main__"}
# Made by the Dockerfile itself.
COMPILED = "__pycache__"


def files_below(root: Path) -> Iterator[Path]:
    """Return the folder and its contents on the same file system.

    Mounts of the engine, such as /proc and /dev, are not part of the image.
    """
    device = root.stat().st_dev
    yield root
    for folder, names, files in os.walk(root):
        names[:] = [
            name for name in names if os.lstat(f"{folder}/{name}").st_dev == device
        ]
        yield from (Path(folder, name) for name in (*names, *files))


def writable(paths: list[Path]) -> list[str]:
    """Return the paths that this process's user can write to."""
    return [
        str(path)
        for path in paths
        if not path.is_symlink() and os.access(path, os.W_OK)
    ]


def lends_rights(path: Path) -> bool:
    """Whether a program is setuid or setgid, and so runs with its owner's rights."""
    mode = path.lstat().st_mode
    return stat.S_ISREG(mode) and bool(mode & (stat.S_ISUID | stat.S_ISGID))


def broken_modules(root: Path) -> dict[str, str]:
    """Import all modules below a folder; return the errors by module."""
    broken = {}
    for file in sorted(root.rglob("*.py")):
        parts = file.relative_to(root).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if parts[-1] in COMMANDS:
            continue
        try:
            importlib.import_module(name)
        except Exception as error:
            broken[name] = f"{type(error).__name__}: {error}"
    return broken


def capabilities() -> str:
    """Return the mask of the process's capabilities; zeros: none."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith("CapEff:"))


def findings(root: Path, code: Path) -> dict[str, object]:
    """Check the file system below a folder, and the code in it."""
    paths = list(files_below(root))
    return {
        "user": os.getuid(),
        "capabilities": capabilities(),
        "writable": writable(paths),
        "lends_rights": [str(path) for path in paths if lends_rights(path)],
        "code": sorted(path.name for path in code.iterdir() if path.name != COMPILED),
        "broken_modules": broken_modules(code),
    }


if __name__ == "__main__":
    json.dump(findings(Path("/"), code=Path.cwd()), sys.stdout)
