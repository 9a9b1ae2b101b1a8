"""Finds the columns of Alipay's transaction and settlement files, by any known name."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

# A field's known names, reduced to small letters and digits; the first that is there
# counts. Currency and amount belong together, so these are looked for in pairs.
NAMES: Final = {
    "type": ("transactiontype", "transtype", "type"),
    "request_id": ("transactionrequestid", "partnertransactionid", "paymentrequestid"),
    "transaction_id": ("transactionid", "acquirementid", "paymentid"),
    "original_request_id": (
        "originaltransactionrequestid",
        "originalpartnertransactionid",
    ),
    "original_id": ("originaltransactionid", "originalacquirementid"),
    "status": ("status", "transactionstatus"),
}
MONEY: Final = (
    ("transactionamountvalue", "transactioncurrency"),
    ("transamount", "transcurrency"),
    ("amount", "currency"),
)
PUBLISHED: Final = {
    "type": "transactionType",
    "request_id": "transactionRequestId",
    "transaction_id": "transactionId",
    "original_request_id": "originalTransactionRequestId",
    "original_id": "originalTransactionId",
    "status": "status",
    "amount": "transactionAmountValue",
    "currency": "transactionCurrency",
}
DELIMITERS: Final = ",;\t|"
# Above the columns' names there may be a title or two.
MOST_LINES_BEFORE: Final = 20


class FileKind(StrEnum):
    """What a file lists: what customers did, or what Alipay pays out for it."""

    TRANSACTIONS = "TRANSACTIONS"
    SETTLEMENT = "SETTLEMENT"


class SettlementFileError(ValueError):
    """A file cannot be read; the message names file, line, column, value and rule."""

    def __init__(
        self, file: Path, line: int, column: str, *, seen: str, rule: str
    ) -> None:
        where = f"{file.name}, line {line}" if line else file.name
        where += f", column {column}" if column else ""
        super().__init__(f"{where}: {seen}; {rule}")


@dataclass(frozen=True)
class Columns:
    """Where each field stands in the lines of a file.

    Attributes:
        header_line: The line that names the columns; the money stands below it.
        at: For each of our names the column's place, from 0.
        width: How many columns are named.
    """

    kind: FileKind
    delimiter: str
    header_line: int
    at: dict[str, int]
    width: int

    @classmethod
    def find(cls, path: Path) -> "Columns":
        """Find the line that names the columns, whatever separates them.

        Raises:
            SettlementFileError: There is none, or it is no CSV in UTF-8.
        """
        nearest: list[str] | None = None
        broken: SettlementFileError | None = None
        for delimiter in DELIMITERS:
            try:
                for number, (line, cells) in enumerate(read_cells(path, delimiter)):
                    if number >= MOST_LINES_BEFORE:
                        break
                    at, lacks = _places(path, line, cells)
                    if not lacks:
                        kind = _kind_of(cells)
                        return cls(kind, delimiter, line, at, len(cells))
                    if nearest is None or len(lacks) < len(nearest):
                        nearest = lacks
            except csv.Error as error:  # as one between other signs may look
                broken = SettlementFileError(
                    path, 0, "", seen=str(error), rule="each line is CSV"
                )
        if broken and nearest is None:
            raise broken
        named = ", ".join(PUBLISHED[name] for name in nearest or ["type"])
        raise SettlementFileError(
            path,
            0,
            "",
            seen=f"none of the first {MOST_LINES_BEFORE} lines names {named}",
            rule="a transaction or settlement file of Alipay's as CSV is wanted",
        )


def _places(
    path: Path, line: int, cells: list[str]
) -> tuple[dict[str, int], list[str]]:
    """Return where each field stands, and which needed ones are not there."""
    names = [_reduced(cell) for cell in cells]
    found: dict[str, int] = {}
    wanted = {**NAMES}
    for amount, currency in MONEY:
        if amount in names and currency in names:
            wanted |= {"amount": (amount,), "currency": (currency,)}
            break
    for field_, synonyms in wanted.items():
        name = next((one for one in synonyms if one in names), None)
        if name is None:
            continue
        if names.count(name) > 1:
            raise SettlementFileError(
                path, line, PUBLISHED[field_], seen="stands twice", rule="it is one"
            )
        found[field_] = names.index(name)
    lacks = [name for name in ("type", "amount", "currency") if name not in found]
    if "request_id" not in found and "transaction_id" not in found:
        lacks.append("request_id")
    return found, lacks


def _kind_of(cells: list[str]) -> FileKind:
    """Tell the files apart: only transactions have a status or a description."""
    names = {_reduced(cell) for cell in cells}
    if "settlementbatchid" in names and not names & {"status", "orderdescription"}:
        return FileKind.SETTLEMENT
    return FileKind.TRANSACTIONS


def read_cells(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each line's number and cells, without the blanks around them.

    Raises:
        SettlementFileError: No text in UTF-8.
        csv.Error: A line is no CSV.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, delimiter=delimiter, strict=True)
            for cells in reader:
                yield reader.line_num, [_bare(cell) for cell in cells]
    except UnicodeDecodeError:
        rule = "CSV in UTF-8 is wanted, not a spreadsheet"
        raise SettlementFileError(path, 0, "", seen="no text", rule=rule) from None


def _bare(cell: str) -> str:
    """Take away what spreadsheets are told by: blanks, `'123`, `="123"`."""
    cell = cell.strip()
    if cell.startswith('="') and cell.endswith('"'):
        cell = cell[2:-1]
    return cell.lstrip("'`").strip()


def _reduced(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
