"""The requirements of the image, and the checks of them."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

# The paths that our processes may write: a temporary folder, and the state. The engine
# mounts both (docker-compose.yml: `tmpfs` and `volumes`), so the rest can be read-only.
WRITABLE = ("/tmp", "/var/lib/cashier")
USER = 1000
VERSION_LABEL = "org.opencontainers.image.version"
REVISION_LABEL = "org.opencontainers.image.revision"


def copied(dockerignore: Path) -> set[str]:
    """Return the names in the checkout that a .dockerignore lets into the image."""
    lines = dockerignore.read_text().splitlines()
    return {line[1:].partition("/")[0] for line in lines if line.startswith("!")}


def problems_inside(found: Mapping[str, Any], code: set[str]) -> list[str]:
    """Return the problems of the image, in words.

    Args:
        found: The findings of `inside.py`.
        code: The names that must be in the working directory.
    """
    problems = [
        f"{name} cannot be imported: {why}"
        for name, why in found["broken_modules"].items()
    ]
    if found["user"] != USER:
        problems.append(f"the user is {found['user']}, not {USER}")
    if int(found["capabilities"], 16):
        problems.append(f"the user has the capabilities {found['capabilities']}")
    problems += [
        f"the user can write to {path}" for path in outside(found["writable"], WRITABLE)
    ]
    problems += [
        f"the user cannot write to {path}"
        for path in WRITABLE
        if path not in found["writable"]
    ]
    problems += [
        f"{path} runs with the rights of its owner" for path in found["lends_rights"]
    ]
    for name in sorted(code ^ {*found["code"]}):
        problems.append(f"{name} is {'missing' if name in code else 'there'}")
    return problems


def problems_of_labels(
    labels: Mapping[str, str], wanted: Mapping[str, str]
) -> list[str]:
    """Return the labels that the image lacks, or has with another value."""
    return [
        f"the label {name} is {labels.get(name)!r}, not {value!r}"
        for name, value in wanted.items()
        if labels.get(name) != value
    ]


def outside(paths: Iterable[str], folders: Iterable[str]) -> list[str]:
    """Return the paths that are in none of the folders."""
    return [
        path
        for path in paths
        if not any(Path(path).is_relative_to(folder) for folder in folders)
    ]
