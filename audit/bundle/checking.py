"""Checks that a bundle is unchanged since it was signed: nothing removed or added.

Manifest and index have the same order, so both are read in parallel, once, line by
line.
"""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.bundle.errors import BundleError
from audit.bundle.folders import files_below, plain_file
from audit.bundle.index import Entry, read_index
from audit.bundle.manifest import (
    INDEX,
    MANIFEST,
    SIGNATURE,
    ListedFile,
    Manifest,
    digest_of,
    opened_manifest,
)
from audit.bundle.seals import chain_problems, signature_problems
from audit.findings import Finding, Rule


def find_problems(
    folder: Path,
    manifest: Manifest,
    public_key: Ed25519PublicKey | None,
    previous: Path | None,
) -> Iterator[Finding]:
    """Find all problems of a bundle, apart from the content of its histories."""
    return chain(
        signature_problems(folder, manifest, public_key),
        chain_problems(folder, manifest, previous),
        _files(folder, manifest),
    )


def _files(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    """Compare manifest, index and disk in parallel."""
    histories = 0
    index = _Index(folder) if plain_file(folder, INDEX) else None
    try:
        with opened_manifest(folder) as (_, files):
            for file in files:
                entry = None
                histories += file.name != INDEX
                # A missing index is one problem, and not one for each file.
                if file.name != INDEX and index is not None:
                    yield from index.until(file.name)
                    entry = index.take(file.name)
                    yield from _about_entry(file, entry)
                yield from _about_file(folder, file, entry)
    except BundleError as error:
        yield _found(Rule.MANIFEST, "the manifest as it was written", str(error))
        return
    if index is not None:
        yield from index.until(None)
    if histories != manifest.histories:
        expected = f"{manifest.histories} histories"
        yield _found(Rule.MANIFEST, expected, f"{histories} named by the manifest")
    yield from _added(folder)


class _Index:
    """The index, read as far as the manifest."""

    def __init__(self, folder: Path) -> None:
        self._lines = read_index(folder)
        self._before = ""
        self._ahead: Entry | None = None

    def until(self, name: str | None) -> Iterator[Finding]:
        """Find entries of the index before a file; None for all remaining ones."""
        while True:
            if self._ahead is None:
                number, entry = next(self._lines, (0, None))
                if number == 0:
                    return
                if entry is None:
                    said = f"line {number} of {INDEX} is none"
                    yield _found(Rule.INDEX_DIFFERS, "an entry of the index", said)
                    continue
                if entry.file <= self._before:
                    said = f"line {number} of {INDEX} is not in its order"
                    yield _of(Rule.INDEX_DIFFERS, entry, "each file once", said)
                    continue
                self._ahead, self._before = entry, entry.file
            if name is not None and self._ahead.file >= name:
                return
            said = f"{INDEX} names {self._ahead.file}"
            yield _of(Rule.INDEX_DIFFERS, self._ahead, "a file of the manifest", said)
            self._ahead = None

    def take(self, name: str) -> Entry | None:
        """Return the entry of a file, if it is the next one."""
        if self._ahead is None or self._ahead.file != name:
            return None
        entry, self._ahead = self._ahead, None
        return entry


def _about_entry(file: ListedFile, entry: Entry | None) -> Iterator[Finding]:
    if entry is None:
        expected = f"{file.name} in {INDEX}"
        yield _found(Rule.INDEX_DIFFERS, expected, "no entry of it")
    elif entry.sha256 != file.sha256:
        yield _of(Rule.INDEX_DIFFERS, entry, f"SHA-256 {file.sha256}", entry.sha256)


def _about_file(
    folder: Path, file: ListedFile, entry: Entry | None
) -> Iterator[Finding]:
    path = plain_file(folder, file.name)
    if path is None:
        seen = "something else" if (folder / file.name).exists() else "no such file"
        yield _of(Rule.FILE_MISSING, entry, f"the file {file.name}", seen)
        return
    # The size first: a changed file must not make us read more than the original size.
    size = path.stat().st_size
    if size != file.size:
        expected = f"{file.name} of {file.size} bytes"
        yield _of(Rule.FILE_CHANGED, entry, expected, f"{size} bytes")
    elif (seen := digest_of(path)) != file.sha256:
        expected = f"{file.name} with SHA-256 {file.sha256}"
        yield _of(Rule.FILE_CHANGED, entry, expected, seen)


def _added(folder: Path) -> Iterator[Finding]:
    """Find files that the manifest does not name.

    Names are collected only if there are more files than named ones: each named file
    was already checked.
    """
    own = {MANIFEST, SIGNATURE}
    there = sum(1 for name in own if plain_file(folder, name))
    with opened_manifest(folder) as (_, files):
        there += sum(1 for file in files if plain_file(folder, file.name))
    if sum(1 for _ in files_below(folder)) == there:
        return
    with opened_manifest(folder) as (_, files):
        own.update(file.name for file in files)
    for name in sorted(set(files_below(folder)) - own):
        yield _found(Rule.FILE_ADDED, "only files of the manifest", f"the file {name}")


def _found(rule: Rule, expected: str, seen: str) -> Finding:
    return Finding(rule, expected=expected, seen=seen)


def _of(rule: Rule, entry: Entry | None, expected: str, seen: str) -> Finding:
    if entry is None:
        return _found(rule, expected, seen)
    return Finding(rule, entry.workflow_id, entry.order_id, 0, expected, seen)
