"""Reads the shop's own list of orders (CSV), with status and amount.

As flexible as for Alipay's files: any delimiter, order and case of columns, in UTF-8 or
GBK; a line that cannot be parsed is an error with file, line and column.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Final

from alipay.wallets import CURRENCIES
from audit.reconcile.files.columns import DELIMITERS, MOST_LINES_BEFORE
from audit.reconcile.files.errors import SettlementFileError
from audit.reconcile.files.text import encoding_of, read_cells
from contracts import ORDER_ID_PATTERN, Money

# The known names of a column, reduced to small letters and digits; the first match
# counts.
NAMES: Final = {
    "order_id": ("orderid", "order", "orderno", "ordernumber", "merchantorderid"),
    "status": ("status", "paymentstatus", "orderstatus", "state"),
    "amount": ("amountminor", "amount", "amountvalue", "total", "price"),
    "currency": ("currency", "amountcurrency"),
}
# Optional columns, which `cashier recover` reads.
MORE_NAMES: Final = {"wallet": ("wallet", "paymentmethod", "paymentmethodtype")}
# An optional column: the refunded amount, in the same unit.
REFUNDED: Final = ("refunded", "refundedamount", "amountrefunded", "totalrefunded")
# The name of this column means minor units.
_MINOR: Final = "amountminor"
_AMOUNT: Final = re.compile(r"(\d+|\d{1,3}(,\d{3})+)(\.\d+)?")


class Called(StrEnum):
    """The shop's status of an order."""

    PAID = "PAID"
    PARTLY_REFUNDED = "PARTLY_REFUNDED"
    UNPAID = "UNPAID"  # or completely refunded
    OPEN = "OPEN"  # the customer may not have started to pay


_WORDS: Final = {
    **dict.fromkeys(
        ("PAID", "SUCCESS", "SUCCEEDED", "SUCCESSFUL", "COMPLETED", "SETTLED",
         "DELIVERED", "SHIPPED", "FULFILLED", "HONOURED"),
        Called.PAID,
    ),
    **dict.fromkeys(
        ("PARTLYREFUNDED", "PARTIALLYREFUNDED", "PARTIALREFUND", "PARTIALREFUNDED"),
        Called.PARTLY_REFUNDED,
    ),
    **dict.fromkeys(
        ("UNPAID", "NOTPAID", "CANCELLED", "CANCELED", "EXPIRED", "DECLINED", "FAILED",
         "REJECTED", "CLOSED", "REFUNDED", "RETURNED", "VOIDED"),
        Called.UNPAID,
    ),
    **dict.fromkeys(
        ("OPEN", "NEW", "CREATED", "PENDING", "DRAFT", "AWAITINGPAYMENT", "WAITING"),
        Called.OPEN,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class ListedOrder:
    """One order in the shop's list.

    Attributes:
        wallet: Alipay's code; empty where the list does not have it.
        refunded: The refunded amount, in minor units; None where the list does not have
            it.
    """

    line: int
    order_id: str
    called: Called
    amount: Money
    wallet: str = ""
    refunded: int | None = None


@dataclass(frozen=True)
class OrderList:
    """A list with its columns; iterating reads the lines from the file.

    Attributes:
        in_major_units: As for Alipay's files: whether any amount has a decimal point.
    """

    path: Path
    encoding: str
    delimiter: str
    header_line: int
    at: dict[str, int]
    in_major_units: bool

    @classmethod
    def open(cls, path: Path) -> "OrderList":
        """Find the columns, and the unit of amounts.

        Raises:
            SettlementFileError: It has no such columns, or is not CSV.
        """
        encoding, lacks = encoding_of(path), list(NAMES)
        for delimiter in DELIMITERS:
            try:
                for line, cells in islice(
                    read_cells(path, delimiter, encoding), MOST_LINES_BEFORE
                ):
                    at, missing, is_minor = _places(cells)
                    if not missing:
                        found = cls(path, encoding, delimiter, line, at, False)
                        major = not is_minor and found._has_decimals()
                        return cls(path, encoding, delimiter, line, at, major)
                    lacks = min(lacks, missing, key=len)
            except csv.Error:
                continue
        raise SettlementFileError(
            path,
            0,
            "",
            seen=f"none of the first {MOST_LINES_BEFORE} lines names "
            f"{', '.join(lacks)}",
            rule=f"a shop's list of orders as CSV has {', '.join(NAMES)}",
        )

    def __iter__(self) -> Iterator[ListedOrder]:
        """Yield the orders, in the list's order.

        Raises:
            SettlementFileError: A line is malformed.
        """
        for line, cells in self._lines():
            text = {
                name: cells[place] if place < len(cells) else ""
                for name, place in self.at.items()
            }
            order_id = text["order_id"]
            if not re.fullmatch(ORDER_ID_PATTERN, order_id):
                rule = "an order id is 1 to 60 letters, digits, - and _"
                raise self._error(line, "order_id", order_id, rule)
            word = re.sub(r"[^A-Z]", "", text["status"].upper())
            if word not in _WORDS:
                rule = "a status must mean paid, unpaid or open (docs/auditing.md)"
                raise self._error(line, "status", text["status"], rule)
            currency = text["currency"].upper()
            amount = self._amount(line, text["amount"], currency)
            wallet = text.get("wallet", "").upper()
            if not re.fullmatch(r"[A-Z0-9_]{0,64}", wallet):
                rule = "a wallet is Alipay's code, as GCASH, or empty"
                raise self._error(line, "wallet", wallet, rule)
            refunded = None
            if written := text.get("refunded", ""):
                back = self._amount(line, written, currency, name="refunded")
                refunded = back.value
            yield ListedOrder(line, order_id, _WORDS[word], amount, wallet, refunded)

    def _amount(
        self, line: int, text: str, currency: str, name: str = "amount"
    ) -> Money:
        if currency not in CURRENCIES:
            rule = "a currency is one of Alipay's, as PHP"
            raise self._error(line, "currency", currency, rule)
        if not _AMOUNT.fullmatch(text):
            rule = "an amount is written as 1314.00 or 131400"
            raise self._error(line, name, text, rule)
        minor = Decimal(text.replace(",", ""))
        if self.in_major_units:
            minor = minor.scaleb(CURRENCIES[currency].exponent)
        if minor != minor.to_integral_value():
            rule = f"{currency} has fewer decimals"
            raise self._error(line, name, text, rule)
        return Money(currency=currency, value=int(minor))

    def _has_decimals(self) -> bool:
        place = self.at["amount"]
        return any(
            len(cells) > place and "." in cells[place] for _, cells in self._lines()
        )

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        try:
            for line, cells in read_cells(self.path, self.delimiter, self.encoding):
                if line > self.header_line and any(cells):
                    yield line, cells
        except csv.Error as error:
            raise SettlementFileError(
                self.path, 0, "", seen=str(error), rule="each line is CSV"
            ) from None

    def _error(self, line: int, name: str, text: str, rule: str) -> SettlementFileError:
        seen = f"is {text[:40]!r} ({len(text)} characters)" if text else "is empty"
        return SettlementFileError(self.path, line, name, seen=seen, rule=rule)


def _places(cells: list[str]) -> tuple[dict[str, int], list[str], bool]:
    """Return the columns' positions, the missing ones, and if the unit is minor."""
    names = [re.sub(r"[^a-z0-9]", "", cell.lower()) for cell in cells]
    at = {
        field: names.index(name)
        for field, synonyms in {**NAMES, **MORE_NAMES}.items()
        if (name := next((one for one in synonyms if one in names), None))
    }
    lacks = [one for one in NAMES if one not in at]
    if refunded := next((one for one in REFUNDED if one in names), None):
        at["refunded"] = names.index(refunded)
    return at, lacks, _MINOR in names
