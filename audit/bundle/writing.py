"""Writes a bundle; an interrupted one is continued where it stopped.

A small database beside the histories records the written files; the last step, the
manifest, removes it. A folder without a manifest is not a bundle.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.bundle.describing import describe, parse_history
from audit.bundle.errors import BundleError
from audit.bundle.index import Entry
from audit.bundle.manifest import (
    FORMAT,
    HISTORIES,
    INDEX,
    MANIFEST,
    SIGNATURE,
    ListedFile,
    Manifest,
    Selection,
    digest_of,
    write_manifest,
)
from audit.bundle.same_history import is_same_history
from audit.bundle.signing_keys import key_id
from codec.payload_codec import EncryptingCodec

STATE: Final = ".unfinished.sqlite"
# The name of the manifest until all its files are on the disk.
UNNAMED: Final = f".{MANIFEST}"
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS plan (selection TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS done (
    file TEXT PRIMARY KEY, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
    entry TEXT NOT NULL
) WITHOUT ROWID;
"""


class UnfinishedBundle:
    """A bundle that is being written by one process."""

    def __init__(self, folder: Path, database: sqlite3.Connection) -> None:
        self.folder = folder
        self._database = database

    @classmethod
    @contextmanager
    def opened(cls, folder: Path) -> Iterator["UnfinishedBundle"]:
        """Begin a bundle, or continue an interrupted one.

        Raises:
            BundleError: It is finished, or the folder has other content, or another
                process is writing to it.
        """
        if (folder / UNNAMED).exists() and not (folder / STATE).exists():
            # Everything is written, and only the last step is missing.
            (folder / UNNAMED).rename(folder / MANIFEST)
        if (folder / MANIFEST).exists():
            raise BundleError(
                f"{str(folder)!r} is a finished bundle, which is never changed"
            )
        if folder.exists() and not (folder / STATE).is_file() and any(folder.iterdir()):
            raise BundleError(
                f"{str(folder)!r} is not empty, and not an unfinished bundle"
            )
        (folder / HISTORIES).mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(folder / STATE, isolation_level=None, timeout=1)
        try:
            # Locked until it is closed, so that two exports cannot mix.
            database.execute("PRAGMA locking_mode = EXCLUSIVE")
            database.execute("PRAGMA journal_mode = WAL")
            database.executescript(_TABLES)
            yield cls(folder, database)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            raise BundleError(
                f"another process is writing a bundle to {str(folder)!r}"
            ) from None
        finally:
            database.close()

    def agree_on(self, selection: Selection) -> Selection:
        """Store the selection of the bundle, and return it.

        Raises:
            BundleError: The folder contains an unfinished bundle of another selection.
        """
        noted = self._database.execute("SELECT selection FROM plan").fetchone()
        said = selection.model_dump_json()
        if noted is None:
            self._database.execute("INSERT INTO plan VALUES (?)", (said,))
        elif noted[0] != said:
            raise BundleError(
                f"{str(self.folder)!r} contains an unfinished bundle of another "
                f"selection ({noted[0]}); finish it with the same options, or name "
                "another folder"
            )
        return selection

    def __len__(self) -> int:
        counted: int = self._database.execute("SELECT count(*) FROM done").fetchone()[0]
        return counted

    def has(self, file: str) -> bool:
        """Whether a history is completely written."""
        known = self._database.execute(
            "SELECT size FROM done WHERE file = ?", (file,)
        ).fetchone()
        # After a power failure the row may exist without the file.
        with suppress(OSError):
            return known is not None and known[0] == _size(self.folder / file)
        return False

    def add(self, entry: Entry, content: bytes) -> None:
        """Write and record a history; the same one again changes nothing.

        Raises:
            BundleError: There is another history of the same run.
        """
        known = self._database.execute(
            "SELECT sha256 FROM done WHERE file = ?", (entry.file,)
        ).fetchone()
        if known and known[0] != entry.sha256 and self.has(entry.file):
            if is_same_history((self.folder / entry.file).read_bytes(), content):
                return
            raise BundleError(
                f"there are two different histories of the run {entry.run_id} of "
                f"{entry.workflow_id}"
            )
        _write(self.folder / entry.file, content)
        self._database.execute(
            "INSERT OR REPLACE INTO done VALUES (?, ?, ?, ?)",
            (entry.file, entry.sha256, len(content), entry.model_dump_json()),
        )

    def finish(
        self,
        selection: Selection,
        *,
        key: Ed25519PrivateKey | None,
        previous: str | None,
        made_at: datetime | None = None,
    ) -> Manifest:
        """Write index, signature and manifest, which complete the bundle.

        Args:
            selection: The selection of the bundle.
            key: Signs it; None for an unsigned one.
            previous: SHA-256 of the previous bundle's manifest.
            made_at: When it was made; None for now.
        """
        manifest = Manifest(
            format=FORMAT,
            made_at=made_at or datetime.now(UTC).replace(microsecond=0),
            selection=selection,
            histories=len(self),
            previous=previous,
            key_id=key_id(key.public_key()) if key else None,
        )
        index = self.folder / INDEX
        with index.open("w", encoding="utf-8") as out:
            for (entry,) in self._sorted("entry"):
                out.write(f"{entry}\n")
        unnamed = self.folder / UNNAMED
        with unnamed.open("w", encoding="utf-8") as out:
            write_manifest(out, manifest, self._files(index))
        if key:
            (self.folder / SIGNATURE).write_bytes(key.sign(unnamed.read_bytes()))
        for file in (self.folder / HISTORIES).glob(".*.part"):
            file.unlink()
        # All files are on the disk before the manifest.
        os.sync()
        self._database.close()
        for name in (f"{STATE}-wal", f"{STATE}-shm", STATE):
            (self.folder / name).unlink(missing_ok=True)
        unnamed.rename(self.folder / MANIFEST)
        return manifest

    def _files(self, index: Path) -> Iterator[ListedFile]:
        for file, sha256, size in self._sorted("file, sha256, size"):
            yield ListedFile(file, sha256, size)
        yield ListedFile(INDEX, digest_of(index), _size(index))

    def _sorted(self, columns: str) -> sqlite3.Cursor:
        query = f"SELECT {columns} FROM done ORDER BY file"  # noqa: S608 - ours
        return self._database.execute(query)


def write_bundle(
    folder: Path,
    histories: Iterable[tuple[str, bytes]],
    *,
    codec: EncryptingCodec | None = None,
    key: Ed25519PrivateKey | None = None,
    previous: str | None = None,
    made_at: datetime | None = None,
) -> Manifest:
    """Write a bundle of given histories, unchanged.

    Args:
        folder: A new folder, or that of an interrupted call.
        histories: The histories: a name for errors, and Temporal's JSON.
        codec: Decrypts outcomes and money for the index.
        key: Signs it; None for an unsigned one.
        previous: SHA-256 of the previous bundle's manifest.
        made_at: When it was made; None for now.

    Raises:
        BundleError: One is not a history, or the folder cannot be written to.
    """
    with UnfinishedBundle.opened(folder) as unfinished:
        selection = unfinished.agree_on(Selection(from_files=True))
        for name, content in histories:
            history = parse_history(content, name)
            digest = hashlib.sha256(content).hexdigest()
            unfinished.add(describe(history, codec, sha256=digest), content)
        return unfinished.finish(selection, key=key, previous=previous, made_at=made_at)


def _write(file: Path, content: bytes) -> None:
    """Write a file atomically."""
    part = file.with_name(f".{file.name}.part")
    part.write_bytes(content)
    part.replace(file)


def _size(file: Path) -> int:
    return file.stat().st_size
