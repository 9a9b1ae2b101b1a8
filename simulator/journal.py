"""The state on disk: one JSON line for each change, so that a restart loses nothing.

A line holds the whole record, and the last line of a record counts, so that a change
costs one write for any number of payments. Opening the file compacts it to one line
for each record.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO


@dataclass(frozen=True)
class Line:
    """The latest known state of one record."""

    kind: str
    key: str
    record: Any


class Journal:
    """Appends to a file, or to nothing when there is none."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: TextIO | None = None

    @property
    def is_open(self) -> bool:
        return self._file is not None

    def open(self) -> list[Line]:
        """Return the file's records, oldest first, and begin to append."""
        if self._path is None:
            return []
        latest: dict[tuple[str, str], Line] = {}
        for line in _read(self._path):
            latest[line.kind, line.key] = line
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".fresh")
        with fresh.open("w", encoding="utf-8") as file:
            file.writelines(_text(line) for line in latest.values())
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        self._file = self._path.open("a", encoding="utf-8")
        return list(latest.values())

    def write(self, kind: str, key: str, record: Any) -> None:  # noqa: ANN401
        if self._file is not None:
            self._file.write(_text(Line(kind, key, record)))
            self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _text(line: Line) -> str:
    return json.dumps([line.kind, line.key, line.record]) + "\n"


def _read(path: Path) -> Iterator[Line]:
    if not path.exists():
        return
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            kind, key, record = json.loads(text)
        except ValueError:
            # Only a kill in the middle of a write leaves half a line, and the call
            # that made such a change was never answered.
            continue
        yield Line(kind, key, record)
