"""Matches the money that we know with the money in Alipay's files, line by line."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from alipay.wallets import CURRENCIES
from audit.reconcile.lines import MONEY_MOVED, Row
from audit.reconcile.our_money import Histories, OurMoney, Ours
from audit.reconcile.settlement_columns import FileKind
from audit.reconcile.settlement_files import Amounts, SettlementFile
from codec.keyring import Keyring
from contracts import Money, order_of


class Kind(StrEnum):
    """What a person must look at."""

    MISSING_HERE = "MISSING_HERE"  # Alipay lists money that we do not know
    MISSING_THERE = "MISSING_THERE"  # we know money that no file lists
    DIFFERENT_MONEY = "DIFFERENT_MONEY"
    TWICE_THERE = "TWICE_THERE"
    UNREADABLE_HERE = "UNREADABLE_HERE"  # `cashier audit verify` says more
    CUT_OFF = "CUT_OFF"  # a file is not whole, so it may list more money than we see


@dataclass(frozen=True)
class Difference:
    """One difference, with what both sides say.

    Attributes:
        movement: PAYMENT or BACK, or Alipay's word for what this system never does.
        id: By which the payment or refund was asked for.
        where: File and line; empty where no file lists it.
    """

    kind: Kind
    movement: str = ""
    order_id: str = ""
    id: str = ""
    here: Money | None = None
    there: Money | None = None
    where: str = ""
    note: str = ""


@dataclass
class Sums:
    """How many movements, and how much in minor units, on each side."""

    here: int = 0
    here_minor: int = 0
    there: int = 0
    there_minor: int = 0
    matched: int = 0
    matched_minor: int = 0


@dataclass
class Reconciliation:
    """What the comparison came to.

    Attributes:
        sums: By currency and movement; each movement once, however many files list it.
        not_settled: Matched payments that no settlement file lists yet, for Alipay
            pays out days later; None where no settlement file was given.
    """

    differences: list[Difference] = field(default_factory=list)
    sums: dict[tuple[str, str], Sums] = field(default_factory=lambda: defaultdict(Sums))
    files: list[SettlementFile] = field(default_factory=list)
    not_settled: int | None = None

    @property
    def matched(self) -> int:
        return sum(one.matched for one in self.sums.values())

    @property
    def is_clean(self) -> bool:
        return not self.differences


def reconcile(
    bundle: Histories,
    files: Sequence[Path],
    *,
    keyring: Keyring | None = None,
    amounts: Amounts = Amounts.AUTO,
) -> Reconciliation:
    """Compare all of a bundle with all of the files.

    Our side is kept in memory by its ids, about two kilobytes each; theirs is read line
    by line, and only what differs and where the rest was found is kept.

    Args:
        bundle: Best verified before; here its histories are believed.
        files: Transaction and settlement files, in any order.
        keyring: Reads encrypted histories.
        amounts: How the files write money.

    Raises:
        SettlementFileError: A file cannot be read.
        OSError: The same.
    """
    # First the files' heads: a wrong one is told before the work begins.
    opened = [SettlementFile.open(file, amounts) for file in files]
    book = _Book(OurMoney.of(bundle, keyring), Reconciliation(files=opened))
    for file in opened:
        if file.cut_off:
            book.report_cut(file)
        for row in file:
            book.compare(row, file.columns.kind)
    return book.close()


class _Book:
    """The comparison, line by line."""

    def __init__(self, ours: OurMoney, result: Reconciliation) -> None:
        self._ours = ours
        self._result = result
        self._unknown: set[tuple[str, str]] = set()

    def compare(self, row: Row, kind: FileKind) -> None:
        ours = self._ours.find(row)
        if not row.moved:
            if ours:
                told = f"{_where(row)} lists it as {row.status}"
                ours.note = _joined(ours.note, told)
        elif ours is None:
            self._missing_here(row)
        else:
            self._add(ours, row, kind)

    def report_cut(self, file: SettlementFile) -> None:
        self._result.differences.append(
            Difference(Kind.CUT_OFF, where=file.path.name, note=file.cut_off)
        )

    def close(self) -> Reconciliation:
        """Look through our side, once all lines of theirs are known."""
        result = self._result
        for order_id, why in self._ours.unreadable:
            result.differences.append(
                Difference(Kind.UNREADABLE_HERE, order_id=order_id, note=why)
            )
        if any(file.columns.kind is FileKind.SETTLEMENT for file in result.files):
            result.not_settled = 0
        for ours in self._ours.all:
            self._close(ours)
        return result

    def _close(self, ours: Ours) -> None:
        sums = self._result.sums[ours.amount.currency, ours.movement]
        sums.here += 1
        sums.here_minor += ours.amount.value
        if not ours.there:
            self._tell(Kind.MISSING_THERE, ours, None, note=ours.note)
            return
        listed = {kind: list(rows.values()) for kind, rows in ours.there.items()}
        rows = listed.get(FileKind.TRANSACTIONS) or listed[FileKind.SETTLEMENT]
        there = self._result.sums[rows[0].currency, ours.movement]
        there.there += 1
        there.there_minor += _total(rows).value
        wrong = [rows for rows in listed.values() if _total(rows) != ours.amount]
        for rows in wrong:
            note = _joined(_hint(ours.amount, _total(rows)), ours.note)
            self._tell(Kind.DIFFERENT_MONEY, ours, rows[0], _total(rows), note=note)
        if wrong:
            return
        sums.matched += 1
        sums.matched_minor += ours.amount.value
        if self._result.not_settled is not None and FileKind.SETTLEMENT not in listed:
            self._result.not_settled += 1

    def _add(self, ours: Ours, row: Row, kind: FileKind) -> None:
        rows = ours.there.setdefault(kind, {})
        before = rows.setdefault(row.request_id or row.transaction_id, row)
        # Each day's transactions may tell the latest of a payment again; within one
        # file, or paid out again, it is other money.
        if before is not row and (
            kind is FileKind.SETTLEMENT or before.file == row.file
        ):
            note = f"before: {_where(before)}"
            self._tell(Kind.TWICE_THERE, ours, row, _total([row]), note=note)

    def _missing_here(self, row: Row) -> None:
        movement = str(row.movement or row.type)
        key = (movement, row.request_id or row.transaction_id)
        if key in self._unknown:  # in a transaction file and a settlement file
            return
        self._unknown.add(key)
        sums = self._result.sums[row.currency, movement]
        sums.there += 1
        sums.there_minor += row.amount_minor
        order_id, note = self._order_of(row)
        if row.status not in MONEY_MOVED:
            note = _joined(note, f"its status is {row.status}")
        self._result.differences.append(
            Difference(
                Kind.MISSING_HERE,
                movement,
                order_id,
                key[1],
                there=_total([row]),
                where=_where(row),
                note=note,
            )
        )

    def _order_of(self, row: Row) -> tuple[str, str]:
        """Return the order that an unknown line names, and what we know of it."""
        for one in (row.request_id, row.original_request_id):
            try:
                order_id = order_of(one.removesuffix("_late"))
            except ValueError:
                continue
            outcome = self._ours.outcomes.get(order_id)
            if outcome:
                return order_id, f"the order is {outcome} here"
            return order_id, "no such order in the bundle"
        return "", ""

    def _tell(
        self,
        kind: Kind,
        ours: Ours,
        row: Row | None,
        there: Money | None = None,
        *,
        note: str,
    ) -> None:
        self._result.differences.append(
            Difference(
                kind,
                ours.movement,
                ours.order_id,
                ours.id,
                here=ours.amount,
                there=there,
                where=_where(row) if row else "",
                note=note,
            )
        )


def _total(rows: Iterable[Row]) -> Money:
    rows = list(rows)
    return Money(currency=rows[0].currency, value=sum(row.amount_minor for row in rows))


def _where(row: Row) -> str:
    return row.where


def _joined(*notes: str) -> str:
    return "; ".join(filter(None, notes))


def _hint(here: Money, there: Money) -> str:
    """Say so where the two differ by nothing but the place of the decimal point."""
    factor = 10 ** CURRENCIES[there.currency].exponent
    if here.currency != there.currency or factor == 1:
        return ""
    if here.value * factor == there.value:
        return f"{factor} times ours: is the file in minor units? see --amounts"
    if there.value * factor == here.value:
        return f"ours is {factor} times that: is the file in major units? see --amounts"
    return ""
