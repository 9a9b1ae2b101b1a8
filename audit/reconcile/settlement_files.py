"""Reads Alipay's transaction and settlement files (CSV) line by line.

Formats differ by product and year; docs/auditing.md names the published ones. What
cannot be understood is an error that names file, line and column: no line is dropped
in silence.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Final

from alipay.wallets import CURRENCIES
from audit.reconcile.settlement_columns import (
    PUBLISHED,
    Columns,
    SettlementFileError,
    read_cells,
)

# The last line of each report; a file without it may have been cut off.
END: Final = "<END>"
SUMMARY_TYPES: Final = ("TOTAL", "SUBTOTAL", "DEFAULT", "SUMMARY")

IDS: Final = ("request_id", "transaction_id", "original_request_id", "original_id")
_AMOUNT: Final = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?")
_DECIMAL_COMMA: Final = re.compile(r"[+-]?\d+,\d{1,2}")
_ROUNDED_ID: Final = re.compile(r"\d(\.\d+)?E\+?\d+", re.IGNORECASE)


class Movement(StrEnum):
    """Which way money went; a cancelled payment and a refund both give it back."""

    PAYMENT = "PAYMENT"
    BACK = "BACK"


class Amounts(StrEnum):
    """How a file writes money.

    Alipay describes major units (USD 14.50 is `14.50`), and its samples bear minor ones
    (`1450`). AUTO takes a file in which any amount bears a decimal mark as major units,
    and one in which none does as minor units.
    """

    AUTO = "auto"
    MAJOR = "major"
    MINOR = "minor"


MOVEMENTS: Final = {
    "PAYMENT": Movement.PAYMENT,
    "P": Movement.PAYMENT,
    "REFUND": Movement.BACK,
    "R": Movement.BACK,
    "CANCEL": Movement.BACK,
    "REVERSAL": Movement.BACK,
    "REVERSE": Movement.BACK,
}
# Of the newer transaction file, which lists what failed, too. Any other word is told
# with its line if we do not know the money.
NO_MONEY: Final = {
    "FAIL", "FAILED", "FAILURE", "PROCESSING", "PENDING", "INPROGRESS", "CLOSED",
    "EXPIRED", "TIMEOUT", "DECLINED", "REJECTED", "INIT", "CREATED",
}  # fmt: skip
MONEY_MOVED: Final = {
    "", "SUCCESS", "SUCCESSFUL", "SUCCEEDED", "SUCCEED", "SETTLED", "PAID", "COMPLETED",
    "P", "L",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One line of a file: money that moved, or did not.

    Attributes:
        type: Alipay's word, in capitals.
        movement: None for what this system does not do, as a dispute.
        amount_minor: Never negative; `movement` says which way it went.
        status: Alipay's word, in capitals; empty where the file has none.
    """

    file: str
    line: int
    type: str
    movement: Movement | None
    request_id: str
    transaction_id: str
    original_request_id: str
    original_id: str
    currency: str
    amount_minor: int
    status: str

    @property
    def moved(self) -> bool:
        return self.status not in NO_MONEY


@dataclass
class SettlementFile:
    """A file whose columns are understood; its lines are read anew each time.

    Attributes:
        notes: What a person should know of the file.
        rows, left_out: How many lines were read, and how many of sums were not.
    """

    path: Path
    columns: Columns
    in_major_units: bool = False
    is_ended: bool = False
    rows: int = 0
    left_out: int = 0
    notes: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, path: Path, amounts: Amounts = Amounts.AUTO) -> "SettlementFile":
        """Find the columns, and how money is written.

        Raises:
            SettlementFileError: No such table, or no CSV in UTF-8.
        """
        file = cls(path, Columns.find(path))
        if amounts is Amounts.AUTO:
            written = (file._cell(cells, "amount") for _, cells in file._lines())
            file.in_major_units = any(
                "." in one or _DECIMAL_COMMA.fullmatch(one) for one in written
            )
        else:
            file.in_major_units = amounts is Amounts.MAJOR
            for _ in file._lines():  # to see whether it ends
                pass
        if not file.is_ended:
            file.notes.append(f"does not end with {END}: it may have been cut off")
        return file

    def __iter__(self) -> Iterator[Row]:
        """Yield the lines that say something of money.

        Raises:
            SettlementFileError: One cannot be understood.
        """
        self.rows = self.left_out = 0
        for line, cells in self._lines():
            type_ = self._cell(cells, "type").upper()
            if type_ in SUMMARY_TYPES:
                self.left_out += 1
                continue
            self.rows += 1
            yield self._row(line, cells, type_)

    def _row(self, line: int, cells: list[str], type_: str) -> Row:
        if not type_:
            raise self._error(line, "type", "", "each line says what it is")
        if any(cells[self.columns.width :]):
            raise SettlementFileError(
                self.path,
                line,
                "",
                seen=f"{len(cells)} columns",
                rule=f"the first line names {self.columns.width}",
            )
        text = {name: self._cell(cells, name) for name in self.columns.at}
        ids = {name: self._id(line, name, text.get(name, "")) for name in IDS}
        if not ids["request_id"] and not ids["transaction_id"]:
            name = "request_id" if "request_id" in text else "transaction_id"
            raise self._error(line, name, "", "each line has an id")
        currency = text["currency"].upper()
        movement = MOVEMENTS.get(type_)
        return Row(
            file=self.path.name,
            line=line,
            type=type_,
            movement=movement,
            currency=currency,
            amount_minor=self._minor(line, text["amount"], currency, movement),
            status=re.sub(r"[^A-Z]", "", text.get("status", "").upper()),
            **ids,
        )

    def _minor(
        self, line: int, text: str, currency: str, movement: Movement | None
    ) -> int:
        if currency not in CURRENCIES:
            rule = "a currency is one of Alipay's, as PHP"
            raise self._error(line, "currency", currency, rule)
        if _AMOUNT.fullmatch(text):
            amount = Decimal(text.replace(",", ""))
        elif self.columns.delimiter != "," and _DECIMAL_COMMA.fullmatch(text):
            amount = Decimal(text.replace(",", "."))
        else:
            rule = "an amount is written as 1314.00 or 131400"
            raise self._error(line, "amount", text, rule)
        if self.in_major_units:
            amount = amount.scaleb(CURRENCIES[currency].exponent)
        if amount != amount.to_integral_value():
            digits = CURRENCIES[currency].exponent if self.in_major_units else 0
            rule = f"{currency} has at most {digits} digits after the point here"
            raise self._error(line, "amount", text, rule)
        if movement is Movement.PAYMENT and amount < 0:
            raise self._error(line, "amount", text, "a payment is not negative")
        return abs(int(amount))

    def _id(self, line: int, name: str, text: str) -> str:
        if _ROUNDED_ID.fullmatch(text):
            rule = "a spreadsheet has rounded this id; take the file as Alipay wrote it"
            raise self._error(line, name, text, rule)
        return text

    def _error(self, line: int, name: str, text: str, rule: str) -> SettlementFileError:
        seen = f"is {text[:40]!r} ({len(text)} characters)" if text else "is empty"
        return SettlementFileError(
            self.path, line, PUBLISHED[name], seen=seen, rule=rule
        )

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the lines below the columns' names, up to the end mark."""
        self.is_ended = False
        for line, cells in self._cells():
            if line <= self.columns.header_line or not any(cells):
                continue
            if self.is_ended:
                raise SettlementFileError(
                    self.path, line, "", seen="text", rule=f"nothing follows {END}"
                )
            if cells[0].upper() == END:
                self.is_ended = True
                continue
            yield line, cells

    def _cells(self) -> Iterator[tuple[int, list[str]]]:
        last = 0
        try:
            for line, cells in read_cells(self.path, self.columns.delimiter):
                last = line
                yield line, cells
        except csv.Error as error:
            raise SettlementFileError(
                self.path, last + 1, "", seen=str(error), rule="each line is CSV"
            ) from None

    def _cell(self, cells: list[str], name: str) -> str:
        at = self.columns.at[name]
        return cells[at] if at < len(cells) else ""
