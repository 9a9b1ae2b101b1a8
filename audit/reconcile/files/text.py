"""Reads the text of Alipay's files: encoding, cells, completeness of the end."""

import codecs
import csv
from collections.abc import Iterator
from enum import Enum, auto
from pathlib import Path
from typing import Final

from audit.reconcile.files.errors import SettlementFileError

# Alipay writes UTF-8; Chinese spreadsheet programs save GBK, of which GB 18030 is the
# newer form. UTF-8 is tried first: other text is hardly ever valid UTF-8.
ENCODINGS: Final = ("utf-8-sig", "gb18030")
UTF_8: Final = "UTF-8"
GBK: Final = "GBK"
_AT_ONCE: Final = 1 << 20
# The first bytes of spreadsheets and archives, which may be valid GB 18030 by chance.
_BINARY: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"%PDF")


class _Decoded(Enum):
    """Whether a file is text in an encoding."""

    WHOLE = auto()
    CUT = auto()  # it ends within a character
    NOT = auto()


def encoding_of(path: Path) -> str:
    """Return the name of a file's encoding: UTF-8, else GBK.

    Raises:
        SettlementFileError: It has another encoding, or ends within a character.
    """
    for encoding in ENCODINGS:
        match _decoded(path, encoding):
            case _Decoded.WHOLE:
                return encoding
            case _Decoded.CUT:
                seen = "ends within a character"
                rule = "it was cut off: download it from Alipay again"
                raise SettlementFileError(path, 0, "", seen=seen, rule=rule)
    rule = "it must be CSV in UTF-8 or GBK, not a spreadsheet"
    raise SettlementFileError(path, 0, "", seen="not text", rule=rule)


def read_cells(
    path: Path, delimiter: str, encoding: str
) -> Iterator[tuple[int, list[str]]]:
    """Yield each line's number and its cells, stripped.

    Raises:
        csv.Error: A line is not CSV.
    """
    with path.open(encoding=encoding, newline="") as stream:
        reader = csv.reader(stream, delimiter=delimiter, strict=True)
        for cells in reader:
            yield reader.line_num, [_bare(cell) for cell in cells]


def ends_with_line_feed(path: Path) -> bool:
    """Return whether the last line ends with a line feed, as rarely in a cut file."""
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - 1))
        return stream.read() in (b"\n", b"\r")


def _decoded(path: Path, encoding: str) -> _Decoded:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as stream:
        chunk = stream.read(_AT_ONCE)
        if chunk.startswith(_BINARY):
            return _Decoded.NOT
        while chunk:
            try:
                text = decoder.decode(chunk)
            except UnicodeDecodeError:
                return _Decoded.NOT
            if "\0" in text:
                return _Decoded.NOT
            chunk = stream.read(_AT_ONCE)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return _Decoded.CUT
    return _Decoded.WHOLE


def _bare(cell: str) -> str:
    """Remove the marks of spreadsheet programs for text: blanks, `'123`, `="123"`."""
    cell = cell.strip()
    if cell.startswith('="') and cell.endswith('"'):
        cell = cell[2:-1]
    return cell.lstrip("'`").strip()
