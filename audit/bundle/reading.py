"""Reads a bundle: a folder of histories with an index, a manifest and a signature.

Its content is not trusted until `Bundle.problems` has found nothing: only names in our
own form are accepted, links are not followed, and sizes are limited before reading.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.bundle.checking import find_problems
from audit.bundle.errors import BundleError
from audit.bundle.folders import plain_file
from audit.bundle.index import Entry, read_index
from audit.bundle.manifest import Manifest, read_head
from audit.bundle.writing import write_bundle
from audit.findings import Finding

__all__ = ["Bundle", "BundleError", "Entry", "write_bundle"]

# Temporal ends a run whose history reaches 50 MB; its JSON has at most this size.
LARGEST_HISTORY: Final = 200_000_000


class Bundle:
    """A finished bundle on disk, read only."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest

    @classmethod
    def open(cls, folder: Path) -> "Bundle":
        """Open a bundle for reading; `problems` checks whether it is valid.

        Raises:
            BundleError: It has no manifest in the form that this program writes.
        """
        return cls(folder, read_head(folder))

    def entries(self) -> Iterator[Entry]:
        """Read the index, one run after the other, sorted by file.

        Malformed lines are skipped here, and reported by `problems`, so that one of
        them does not hide all others.
        """
        for _, entry in read_index(self.folder):
            if entry is not None:
                yield entry

    def read(self, entry: Entry) -> str:
        """Return the history of an entry, as Temporal's JSON.

        `problems` checks whether these are the bytes that were signed.

        Raises:
            BundleError: It is missing, a link, too large, or not text.
        """
        try:
            return self.read_bytes(entry.file).decode()
        except UnicodeDecodeError:
            raise BundleError(f"{entry.file} is not text") from None

    def read_bytes(self, name: str) -> bytes:
        """Return the content of a history's file.

        Raises:
            BundleError: It is missing, a link or too large.
        """
        path = plain_file(self.folder, name)
        if path is None:
            raise BundleError(f"{name} is missing, or is not a regular file")
        size = path.stat().st_size
        if size > LARGEST_HISTORY:
            raise BundleError(
                f"{name} has {size} bytes; a history has at most {LARGEST_HISTORY}"
            )
        return path.read_bytes()

    def problems(
        self, public_key: Ed25519PublicKey | None, previous: Path | None = None
    ) -> Iterator[Finding]:
        """Find files that were removed, added or changed; none means that it is valid.

        Args:
            public_key: The public key of its maker; None leaves the signature
                unverified: then only the consistency of the bundle is checked.
            previous: The previous bundle; None looks for it beside this one.
        """
        return find_problems(self.folder, self.manifest, public_key, previous)
