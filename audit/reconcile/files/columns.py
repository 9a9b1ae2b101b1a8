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
# Above the columns' names there may be a title or two. In some files one of them says
# how many lines follow: `Partner:2088|Payment_time:2026-11-24|Total_count:4`.
MOST_LINES_BEFORE: Final = 20
_COUNT: Final = re.compile(r"Total_?count\s*[:=]\s*(\d{1,9})", re.IGNORECASE)
# Of Antom's reports, in either form; AlipayHK's files have no such column.
_OF_ANTOM: Final = "transactionamountvalue"


class FileKind(StrEnum):
    """What a file lists: what customers did, or what Alipay pays out for it."""

    TRANSACTIONS = "TRANSACTIONS"
    SETTLEMENT = "SETTLEMENT"


@dataclass(frozen=True)
class Columns:
    """Where each field stands in the lines of a file.

    Attributes:
        kind: As the names show it; AlipayHK's are the same in files of either kind.
        header_line: The line that names the columns; the money stands below it.
        at: For each of our names the column's place, from 0.
        width, named: How many columns the line of names has, and how many up to the
            last one with a name.
        has_end_mark: Whether files of this form are published with a last line <END>.
        count: How many lines a title says that there are; None where none does.
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
        """The encoding's name for people."""
        return UTF_8 if self.encoding == ENCODINGS[0] else GBK

    @classmethod
    def find(cls, path: Path) -> "Columns":
        """Find the line that names the columns, whatever separates them.

        Raises:
            SettlementFileError: There is none, or it is not CSV in UTF-8 or GBK.
        """
        nearest: list[str] | None = None
        broken: SettlementFileError | None = None
        encoding = encoding_of(path)
        for delimiter in DELIMITERS:
            try:
                found = _columns_between(path, delimiter, encoding)
            except csv.Error as error:  # as one between other signs may look
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
            rule="a transaction or settlement file of Alipay's as CSV is wanted",
        )


def _columns_between(path: Path, delimiter: str, encoding: str) -> Columns | list[str]:
    """Return the columns of a file with this delimiter, or which it lacks at least."""
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


def _kind_of(names: set[str], at: dict[str, int]) -> FileKind:
    """Distinguish the files by the columns that only settlements have.

    In Antom's reports that is the time of the settlement. Its batch is not enough:
    today's transactions name it, too, beside a status and a description.
    """
    if _OF_ANTOM in names and "settled_at" in at:
        return FileKind.SETTLEMENT
    if "settlementbatchid" in names and not names >= {"status", "orderdescription"}:
        return FileKind.SETTLEMENT
    return FileKind.TRANSACTIONS


def _count_in(cells: list[str], before: int | None) -> int | None:
    """Return how many lines a title says that there are."""
    said = (_COUNT.fullmatch(cell) for cell in cells)
    return next((int(one[1]) for one in said if one), before)


def _reduced(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
