"""The version of this program: the release that workflows record, and a patch number.

The payments that version `0.3.1` starts are of release 3; `docs/upgrading.md` describes
the upgrade to 0.4.0. `pyproject.toml` repeats the version, and `CHANGELOG.md` begins
with it.
"""

from typing import Final

from contracts import RELEASE

# Counted up with each publication within a release; 0 again with a new release.
PATCH: Final = 0
VERSION: Final = f"0.{RELEASE}.{PATCH}"


def identity_of_worker(process: str) -> str:
    """Return the identity of a versioned worker: its process, and our version.

    The build id is chosen at the deployment, and may be something else.
    """
    return f"{process}/{VERSION}"


def version_of_worker(identity: str, build_id: str) -> str:
    """Return a worker's version: from the end of its identity, or its build."""
    _, _, told = identity.rpartition("/")
    return told if release_of(told) is not None else build_id


def release_of(version: str) -> int | None:
    """Return the release of a version; None where it is not one of our versions."""
    major, _, rest = version.partition(".")
    release, _, patch = rest.partition(".")
    is_ours = all(part.isascii() and part.isdecimal() for part in (release, patch))
    return int(release) if major == "0" and is_ours else None
