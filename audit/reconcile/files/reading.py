"""Reads Alipay's transaction and settlement files (CSV) line by line.

Formats differ by product and year; docs/auditing.md lists the published ones. A line
that cannot be parsed is an error that names file, line and column: no line is silently
dropped.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Final

from alipay.wallets import CURRENCIES
from audit.reconcile.files.columns import PUBLISHED, Columns, FileKind
from audit.reconcile.files.errors import SettlementFileError
from audit.reconcile.files.lines import MOVEMENTS, SAME_WORD, Movement, Row
from audit.reconcile.files.sums import is_sum
from audit.reconcile.files.text import UTF_8, ends_with_line_feed, read_cells

# The last line of each of today's reports.
END: Final = "<END>"

IDS: Final = ("request_id", "transaction_id", "original_request_id", "original_id")
_AMOUNT: Final = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?")
_DECIMAL_COMMA: Final = re.compile(r"[+-]?\d+,\d{1,2}")
_ROUNDED_ID: Final = re.compile(r"\d(\.\d+)?E\+?\d+", re.IGNORECASE)


class Amounts(StrEnum):
    """The unit of a file's amounts.

    Alipay documents major units (USD 14.50 is `14.50`), but its samples have minor ones
    (`1450`). AUTO means major units if any amount in the file has a decimal point,
    otherwise minor units.
    """

    AUTO = "auto"
    MAJOR = "major"
    MINOR = "minor"


@dataclass
class SettlementFile:
    """A file with its columns; iterating reads the lines from the file.

    Attributes:
        rows, left_out: The number of lines with money, and with sums.
        cut_off: Why the file seems to be incomplete; empty where it does not.
        notes: Remarks on the file, including `cut_off`.
    """

    path: Path
    columns: Columns
    in_major_units: bool = False
    is_ended: bool = False
    rows: int = 0
    left_out: int = 0
    cut_off: str = ""
    notes: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, path: Path, amounts: Amounts = Amounts.AUTO) -> "SettlementFile":
        """Find the columns, the unit of amounts, and whether the file is complete.

        Raises:
            SettlementFileError: It has no such columns, or is not CSV in UTF-8 or GBK.
        """
        file = cls(path, Columns.find(path))
        has_decimals, settled = False, 0
        # All lines, because only the last one shows whether the file is complete.
        for _, cells in file._lines():
            written = file._cell(cells, "amount")
            if "." in written or _DECIMAL_COMMA.fullmatch(written):
                has_decimals = True
            if file._is_sum(cells):
                file.left_out += 1
            else:
                file.rows += 1
                settled += file._is_settled(cells)
        if file.rows and settled == file.rows:
            file.columns = replace(file.columns, kind=FileKind.SETTLEMENT)
        is_auto = amounts is Amounts.AUTO
        file.in_major_units = has_decimals if is_auto else amounts is Amounts.MAJOR
        file._look_at_end()
        return file

    def __iter__(self) -> Iterator[Row]:
        """Yield the lines with money.

        Raises:
            SettlementFileError: A line is malformed.
        """
        for line, cells in self._lines():
            if not self._is_sum(cells):
                yield self._row(line, cells)

    def _look_at_end(self) -> None:
        """Find out whether the file is complete, by count or end mark."""
        count = self.columns.count
        if count is not None and count != self.rows:
            self.cut_off = (
                f"has, by its own count, {count} lines, but contains {self.rows}"
            )
        elif self.is_ended:
            return
        elif self.columns.has_end_mark:
            self.cut_off = f"does not end with {END}"
        elif not ends_with_line_feed(self.path):
            self.cut_off = "ends in the middle of a line"
        elif count is None:
            self.notes.append(
                "files of this form have no end mark: missing lines at the end cannot "
                "be detected"
            )
        if self.cut_off:
            self.cut_off += ": it may be cut off"
            self.notes.append(self.cut_off)

    def _is_sum(self, cells: list[str]) -> bool:
        ids = [self._cell(cells, name) for name in IDS if name in self.columns.at]
        return is_sum(self._cell(cells, "type").upper(), ids, cells)

    def _is_settled(self, cells: list[str]) -> bool:
        """Whether a line has a settlement time."""
        return "settled_at" in self.columns.at and bool(self._cell(cells, "settled_at"))

    def _row(self, line: int, cells: list[str]) -> Row:
        self._check_width(line, cells)
        text = {name: self._cell(cells, name) for name in self.columns.at}
        if not text["type"]:
            raise self._error(line, "type", "", "each line needs a type")
        ids = {name: self._id(line, name, text.get(name, "")) for name in IDS}
        if not ids["request_id"] and not ids["transaction_id"]:
            name = "request_id" if "request_id" in text else "transaction_id"
            raise self._error(line, name, "", "each line needs an id")
        type_ = SAME_WORD.get(text["type"].upper(), text["type"].upper())
        movement = MOVEMENTS.get(type_)
        currency = text["currency"].upper()
        minor = self._minor(line, text["amount"], currency, movement)
        return Row(
            file=self.path,
            line=line,
            type=type_,
            movement=movement,
            currency=currency,
            amount_minor=abs(minor) if movement else minor,
            status=re.sub(r"[^A-Z]", "", text.get("status", "").upper()),
            **ids,
        )

    def _check_width(self, line: int, cells: list[str]) -> None:
        """Reject a line whose cells may not match the columns."""
        columns = self.columns
        if len(cells) >= columns.named and not any(cells[columns.width :]):
            return
        seen = f"{len(cells)} column{'s' if len(cells) > 1 else ''}"
        is_short = len(cells) < columns.named
        rule = f"the first line names {columns.named if is_short else columns.width}"
        if columns.read_as != UTF_8:
            rule += f"; the file is not UTF-8 and was read as {columns.read_as}"
        if self.cut_off:
            rule += f"; the file {self.cut_off}"
        raise SettlementFileError(self.path, line, "", seen=seen, rule=rule)

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
            raise self._error(line, "amount", text, "a payment must not be negative")
        return int(amount)

    def _id(self, line: int, name: str, text: str) -> str:
        if _ROUNDED_ID.fullmatch(text):
            rule = (
                "a spreadsheet program has rounded this id; use the original file of "
                "Alipay"
            )
            raise self._error(line, name, text, rule)
        return text

    def _error(self, line: int, name: str, text: str, rule: str) -> SettlementFileError:
        seen = f"is {text[:40]!r} ({len(text)} characters)" if text else "is empty"
        if self.cut_off:
            rule += f"; the file {self.cut_off}"
        return SettlementFileError(
            self.path, line, PUBLISHED[name], seen=seen, rule=rule
        )

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the lines below the names of the columns, up to the end mark."""
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
            columns = self.columns
            lines = read_cells(self.path, columns.delimiter, columns.encoding)
            for line, cells in lines:
                last = line
                yield line, cells
        except csv.Error as error:
            rule = "each line is CSV"
            if "unexpected end" in str(error):
                rule += ": the file may be cut off"
            raise SettlementFileError(
                self.path, last + 1, "", seen=str(error), rule=rule
            ) from None

    def _cell(self, cells: list[str], name: str) -> str:
        at = self.columns.at[name]
        return cells[at] if at < len(cells) else ""
