"""Which version this is: the release that workflows name, and a number within it.

An operator who reads `0.3.1` knows that its payments are begun by release 3, and that
`docs/upgrading.md` says what 0.4.0 asks for. `pyproject.toml` repeats the version, and
`CHANGELOG.md` begins with it.
"""

from typing import Final

from contracts import RELEASE

# Counted up by what is published between two releases; 0 again with a new release.
PATCH: Final = 0
VERSION: Final = f"0.{RELEASE}.{PATCH}"


def identity_of_worker(process: str) -> str:
    """Return how a versioned worker calls itself: its process, and our version.

    Its build id is chosen by whoever deploys it, and may say something else.
    """
    return f"{process}/{VERSION}"


def version_of_worker(identity: str, build_id: str) -> str:
    """Return a worker's version: from the end of its identity, or its build."""
    _, _, told = identity.rpartition("/")
    return told if release_of(told) is not None else build_id


def release_of(version: str) -> int | None:
    """Return the release that a version names; None where it is no version of ours."""
    major, _, rest = version.partition(".")
    release, _, patch = rest.partition(".")
    is_ours = all(part.isascii() and part.isdecimal() for part in (release, patch))
    return int(release) if major == "0" and is_ours else None
