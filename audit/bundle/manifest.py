"""The manifest of a bundle: all its files, each with its SHA-256.

It is JSON with one line for each file, sorted by name, so that it is written and read
line by line: a bundle may hold more histories than fit into memory.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from audit.bundle.errors import BundleError

FORMAT: Final = "durable-cashier-bundle/1"
MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
INDEX: Final = "index.jsonl"
HISTORIES: Final = "histories"

# The only valid names: none of them is hidden, or outside of the folder.
HISTORY_NAME: Final = r"histories/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,199}\.json"
SHA256: Final = r"[0-9a-f]{64}"
_FILE_LINE: Final = re.compile(
    rf'"({HISTORY_NAME}|{re.escape(INDEX)})": '
    rf'\{{"sha256": "({SHA256})", "bytes": (0|[1-9][0-9]{{0,14}})\}}(,?)'
)
_FILES: Final = '"files": {'
# Limits for foreign files: the longest line, and the most lines of a head.
LONGEST_LINE: Final = 20_000
MOST_HEAD_LINES: Final = 40


class Selection(BaseModel):
    """Which histories a bundle should contain; None and empty fields exclude nothing.

    Attributes:
        since, before: The time of closing: from the first, included, to the second,
            excluded.
        order_id: Only workflows of one order.
        query: A further filter of Temporal's list.
        include_open: Whether open histories are included.
        from_files: Whether they came from files, and not from a server.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    since: AwareDatetime | None = None
    before: AwareDatetime | None = None
    order_id: str = ""
    query: str = ""
    include_open: bool = False
    from_files: bool = False


class Manifest(BaseModel):
    """The head of a manifest: everything but the files.

    Attributes:
        histories: The number of histories.
        previous: SHA-256 of the previous bundle's manifest; None for the first of a
            chain.
        key_id: The id of the key that signed it; None for an unsigned bundle.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: str
    made_at: AwareDatetime
    selection: Selection
    histories: int = Field(ge=0)
    previous: str | None = Field(pattern=rf"^{SHA256}$")
    key_id: str | None = Field(pattern=r"^[0-9a-f]{16}$")


@dataclass(frozen=True)
class ListedFile:
    """One file in a manifest."""

    name: str
    sha256: str
    size: int


def write_manifest(
    out: IO[str], manifest: Manifest, files: Iterable[ListedFile]
) -> None:
    """Write a manifest; the files must come sorted by name."""
    head = manifest.model_dump_json(indent=1).removesuffix("\n}")
    out.write(f"{head},\n{_FILES}")
    separator = "\n"
    for file in files:
        said = f'{{"sha256": "{file.sha256}", "bytes": {file.size}}}'
        out.write(f'{separator}"{file.name}": {said}')
        separator = ",\n"
    out.write("\n}\n}\n")


@contextmanager
def opened_manifest(folder: Path) -> Iterator[tuple[Manifest, Iterator[ListedFile]]]:
    """Read a manifest: its head at once, its files one by one.

    Raises:
        BundleError: There is none, or it has another form than this program writes;
            iterating the files raises it, too, for their lines.
    """
    path = folder / MANIFEST
    if path.is_symlink() or not path.is_file():
        raise BundleError(f"there is no {MANIFEST} in {str(folder)!r}")
    with path.open(encoding="utf-8", errors="replace", newline="") as lines:
        yield _read_head(lines), _read_files(lines)


def read_head(folder: Path) -> Manifest:
    """Return the head of a manifest.

    Raises:
        BundleError: There is none, or it has another form than this program writes.
    """
    with opened_manifest(folder) as (manifest, _):
        return manifest


def digest_of(file: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits.

    Raises:
        OSError: It cannot be read.
    """
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _read_head(lines: IO[str]) -> Manifest:
    head = ""
    for _ in range(MOST_HEAD_LINES):
        line = lines.readline(LONGEST_LINE)
        if line.rstrip("\n") == _FILES:
            break
        head += line
    else:
        raise BundleError(f"{MANIFEST} has no line `{_FILES}` near its beginning")
    try:
        known = json.loads(head.rstrip().removesuffix(",") + "}")
        manifest = Manifest.model_validate(known)
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in wrong["loc"])
        raise BundleError(f"{MANIFEST}: {where}: {wrong['msg']}") from None
    except (ValueError, RecursionError):
        raise BundleError(f"{MANIFEST} does not begin as JSON") from None
    if manifest.format != FORMAT:
        raise BundleError(
            f"{MANIFEST}: format: must be {FORMAT!r}, is {manifest.format[:60]!r}"
        )
    return manifest


def _read_files(lines: IO[str]) -> Iterator[ListedFile]:
    number, before, more = 0, "", True
    while more:
        number += 1
        line = lines.readline(LONGEST_LINE).rstrip("\n")
        read = _FILE_LINE.fullmatch(line)
        if not read:
            raise BundleError(f"{MANIFEST}: files: line {number} is not a file's")
        if read[1] <= before:
            # So no name is repeated, which readers could interpret differently.
            raise BundleError(f"{MANIFEST}: files: line {number} is not in its order")
        before, more = read[1], bool(read[4])
        yield ListedFile(read[1], read[2], int(read[3]))
    if lines.read(10) != "}\n}\n":
        raise BundleError(f"{MANIFEST}: something follows its files")
