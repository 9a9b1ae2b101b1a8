"""Finds the columns of Alipay's transaction and settlement files, by any known name."""

import csv
import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Final

from audit.reconcile.files.errors import SettlementFileError
from audit.reconcile.files.text import ENCODINGS, GBK, UTF_8, encoding_of, read_cells

# The known names of a field, reduced to small letters and digits; the first match
# counts. Currency and amount belong together, so they are searched in pairs.
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
    "settled_at": ("settlementinitiateddate", "settlementtime"),
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
    "settled_at": "settlementInitiatedDate",
    "amount": "transactionAmountValue",
    "currency": "transactionCurrency",
}
DELIMITERS: Final = ",;\t|"
# There may be some title lines above the names of the columns. In some files one of
# them contains the number of lines:
# `Partner:2088|Payment_time:2026-11-24|Total_count:4`.
MOST_LINES_BEFORE: Final = 20
_COUNT: Final = re.compile(r"Total_?count\s*[:=]\s*(\d{1,9})", re.IGNORECASE)
# Columns of Antom's reports, in both forms; AlipayHK's files do not have them.
_OF_ANTOM: Final = "transactionamountvalue"


class FileKind(StrEnum):
    """The kind of a file: transactions of customers, or settlements by Alipay."""

    TRANSACTIONS = "TRANSACTIONS"
    SETTLEMENT = "SETTLEMENT"


@dataclass(frozen=True)
class Columns:
    """The positions of the fields in the lines of a file.

    Attributes:
        kind: The kind, by the names; AlipayHK's names are the same in files of both
            kinds.
        header_line: The number of the line with the names of the columns.
        at: The position of each field's column, from 0.
        width, named: The number of columns in the line of names, and up to the last
            named one.
        has_end_mark: Whether files of this form end with a line <END>.
        count: The number of lines by a title line; None without one.
    """

    kind: FileKind
    encoding: str
    delimiter: str
    header_line: int
    at: dict[str, int]
    width: int
    named: int
    has_end_mark: bool
    count: int | None

    @property
    def read_as(self) -> str:
        """The name of the encoding, for messages."""
        return UTF_8 if self.encoding == ENCODINGS[0] else GBK

    @classmethod
    def find(cls, path: Path) -> "Columns":
        """Find the line with the names of the columns, with any delimiter.

        Raises:
            SettlementFileError: There is none, or it is not CSV in UTF-8 or GBK.
        """
        nearest: list[str] | None = None
        broken: SettlementFileError | None = None
        encoding = encoding_of(path)
        for delimiter in DELIMITERS:
            try:
                found = _columns_between(path, delimiter, encoding)
            except csv.Error as error:  # a wrong delimiter may give an error in quotes
                broken = SettlementFileError(
                    path, 0, "", seen=str(error), rule="each line is CSV"
                )
                continue
            if isinstance(found, Columns):
                return found
            if nearest is None or len(found) < len(nearest):
                nearest = found
        if broken and nearest is None:
            raise broken
        named = ", ".join(PUBLISHED[name] for name in nearest or ["type"])
        raise SettlementFileError(
            path,
            0,
            "",
            seen=f"none of the first {MOST_LINES_BEFORE} lines names {named}",
            rule="expected is a transaction or settlement file of Alipay's, as CSV",
        )


def _columns_between(path: Path, delimiter: str, encoding: str) -> Columns | list[str]:
    """Return the columns of a file with this delimiter, or the missing ones."""
    nearest: list[str] = []
    count: int | None = None
    lines = islice(read_cells(path, delimiter, encoding), MOST_LINES_BEFORE)
    for line, cells in lines:
        at, lacks = _places(path, line, cells)
        if not lacks:
            return Columns(
                kind=_kind_of({_reduced(cell) for cell in cells}, at),
                encoding=encoding,
                delimiter=delimiter,
                header_line=line,
                at=at,
                width=len(cells),
                named=max(number for number, name in enumerate(cells, 1) if name),
                # Published with <END> as their last line.
                has_end_mark=_OF_ANTOM in map(_reduced, cells),
                count=count,
            )
        if not nearest or len(lacks) < len(nearest):
            nearest = lacks
        count = _count_in(cells, count)
    return nearest or ["type"]


def _places(
    path: Path, line: int, cells: list[str]
) -> tuple[dict[str, int], list[str]]:
    """Return the position of each field, and the missing required fields."""
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


def _kind_of(names: set[str], at: dict[str, int]) -> FileKind:
    """Return the kind of a file, by the columns that only settlements have.

    In Antom's reports that is the time of the settlement. The settlement batch is not
    enough: today's transaction files have it, too, beside a status and a description.
    """
    if _OF_ANTOM in names and "settled_at" in at:
        return FileKind.SETTLEMENT
    if "settlementbatchid" in names and not names >= {"status", "orderdescription"}:
        return FileKind.SETTLEMENT
    return FileKind.TRANSACTIONS


def _count_in(cells: list[str], before: int | None) -> int | None:
    """Return the number of lines by a title line."""
    said = (_COUNT.fullmatch(cell) for cell in cells)
    return next((int(one[1]) for one in said if one), before)


def _reduced(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
