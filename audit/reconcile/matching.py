"""Matches the money in our histories with the lines of Alipay's files."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from alipay.wallets import CURRENCIES
from audit.reconcile.files.columns import FileKind
from audit.reconcile.files.errors import SettlementFileError
from audit.reconcile.files.lines import GIVEN_UP, Movement, Row
from audit.reconcile.files.order_list import OrderList
from audit.reconcile.files.reading import Amounts, SettlementFile
from audit.reconcile.order_ids import OrderIds
from audit.reconcile.our_money import Histories, OurMoney, Ours
from audit.reconcile.outcome import Difference, Kind, Reconciliation, joined
from audit.reconcile.shop_orders import compare_orders
from audit.reconcile.unknown_differences import report_unknown
from audit.reconcile.unknown_money import UnknownMoney
from codec.keyring import Keyring
from contracts import Money


def reconcile(
    bundles: Iterable[Histories],
    files: Sequence[Path],
    *,
    keyring: Keyring | None = None,
    amounts: Amounts = Amounts.AUTO,
    orders: Path | None = None,
) -> Reconciliation:
    """Compare all of the bundles with all of the files.

    Our side is kept in memory by its ids, about two kilobytes each; the files are read
    line by line, and only differences and the places of matches are kept.

    Args:
        bundles: In any order; to be verified before, as their content is trusted here.
        files: Transaction and settlement files, in any order.
        keyring: Reads encrypted histories.
        amounts: The unit of the files' amounts.
        orders: The shop's own list of orders; None where it is not given.

    Raises:
        SettlementFileError: A file cannot be read, or is given twice.
        OSError: A file cannot be read.
    """
    # First the heads of the files: an error is reported before the work begins.
    opened = [SettlementFile.open(file, amounts) for file in files]
    _check_once(opened)
    listed = OrderList.open(orders) if orders else None
    ours = OurMoney.of(bundles, keyring)
    comparison = _Comparison(ours, opened)
    for file in opened:
        for row in file:
            comparison.add(row, file.columns.kind)
    result = comparison.close()
    if listed:
        result.orders = sum(1 for _ in listed)
        result.differences += compare_orders(listed, ours)
    return result


def _check_once(files: Iterable[SettlementFile]) -> None:
    """Reject a file that is given twice, even as a copy: its money would count twice.

    Empty files may be equal: days without payments.
    """
    known: dict[str, SettlementFile] = {}
    for file in files:
        with file.path.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        same = known.setdefault(digest, file)
        if same is not file and file.rows:
            seen = f"holds the same lines as {str(same.path)!r}"
            rule = "give each file only once"
            raise SettlementFileError(file.path, 0, "", seen=seen, rule=rule)


class _Comparison:
    """The comparison, line by line."""

    def __init__(self, ours: OurMoney, files: list[SettlementFile]) -> None:
        self._ours = ours
        self._unknown = UnknownMoney()
        self._result = Reconciliation(files=files)
        self._orders = OrderIds(ours)
        for file in files:
            if file.cut_off:
                self._result.differences.append(
                    Difference(Kind.CUT_OFF, where=file.path.name, note=file.cut_off)
                )

    def add(self, row: Row, kind: FileKind) -> None:
        ours = self._ours.find(row)
        self._orders.learn(row)
        is_lost = ours is not None and row.status in GIVEN_UP and self._ours.keeps(ours)
        if not row.moved or is_lost:
            if ours:
                told = f"{row.where} lists it as {row.status}"
                ours.note = joined(ours.note, told)
        elif ours is None:
            before = self._unknown.add(row, kind)
            if before and _is_twice(before, row, kind):
                self._report_twice(row, before)
        else:
            self._add_ours(ours, row, kind)

    def close(self) -> Reconciliation:
        """Complete both sides, once all lines are known."""
        result = self._result
        report_unknown(self._unknown, self._ours, self._orders, result)
        unreadable = self._ours.unreadable
        result.lack_their_keys = unreadable.lack_their_keys
        # First, because it is the cause of all others if no history can be read.
        at = 0 if result.lack_their_keys else len(result.differences)
        result.differences[at:at] = unreadable.differences()
        if any(file.columns.kind is FileKind.SETTLEMENT for file in result.files):
            result.not_settled = 0
        for ours in self._ours.all:
            self._close_ours(ours)
        return result

    # ---- money in our histories ----

    def _add_ours(self, ours: Ours, row: Row, kind: FileKind) -> None:
        rows = ours.there.setdefault(kind, [])
        before = next((one for one in rows if _is_repeated(one, row)), None)
        if before is None:
            rows.append(row)
        elif _is_twice(before, row, kind):
            self._report_twice(row, before, ours)

    def _close_ours(self, ours: Ours) -> None:
        sums = self._result.sums[ours.amount.currency, ours.movement]
        sums.here += 1
        sums.here_minor += ours.amount.value
        listed = {kind: _totals(rows) for kind, rows in ours.there.items() if rows}
        if not listed and self._cannot_be_listed(ours):
            return
        if not listed:
            self._report_ours(Kind.MISSING_THERE, ours, [], None)
            return
        for total in listed.get(FileKind.TRANSACTIONS) or listed[FileKind.SETTLEMENT]:
            there = self._result.sums[total.currency, ours.movement]
            there.there += 1
            there.there_minor += total.value
        is_equal = True
        for kind, totals in listed.items():
            for total in totals:
                if total != ours.amount:
                    is_equal = False
                    rows = ours.there[kind]
                    self._report_ours(Kind.DIFFERENT_MONEY, ours, rows, total)
        if not is_equal:
            return
        sums.matched += 1
        sums.matched_minor += ours.amount.value
        if self._result.not_settled is not None and FileKind.SETTLEMENT not in listed:
            self._result.not_settled += 1

    def _cannot_be_listed(self, ours: Ours) -> bool:
        """Whether no given file can list it: bounces are only in settlement files."""
        is_settlement_given = self._result.not_settled is not None
        return ours.movement is Movement.RETURNED and not is_settlement_given

    def _report_ours(
        self, kind: Kind, ours: Ours, rows: Sequence[Row], there: Money | None
    ) -> None:
        hint = _hint(ours.amount, there) if there else ""
        if len(rows) > 1:
            hint = joined(hint, f"lines: {', '.join(one.where for one in rows)}")
        self._result.differences.append(
            Difference(
                kind,
                ours.movement,
                ours.order_id,
                ours.id,
                here=ours.amount,
                there=there,
                where=rows[0].where if rows else "",
                note=joined(hint, ours.note),
            )
        )

    def _report_twice(self, row: Row, before: Row, ours: Ours | None = None) -> None:
        self._result.differences.append(
            Difference(
                Kind.TWICE_THERE,
                row.movement or row.type,
                ours.order_id if ours else self._orders.of(row),
                ours.id if ours else row.request_id or row.transaction_id,
                here=ours.amount if ours else None,
                there=row.money,
                where=row.where,
                note=f"before: {before.where}",
            )
        )


def _is_repeated(one: Row, row: Row) -> bool:
    """Whether a line repeats money of ours from another line of its kind."""
    is_named = row.movement is Movement.PAYMENT or (
        bool(row.own_id) and row.key == one.key
    )
    return is_named and row.agrees_with(one)


def _is_twice(before: Row, row: Row, kind: FileKind) -> bool:
    """Whether a repeated line means that money moved twice.

    Each day's transactions may repeat the latest status of a payment; within one file,
    or in another settlement, it is another movement.
    """
    return kind is FileKind.SETTLEMENT or before.file == row.file


def _totals(rows: Iterable[Row]) -> list[Money]:
    """Return the sums of some lines by currency."""
    sums: dict[str, int] = defaultdict(int)
    for row in rows:
        sums[row.currency] += row.amount_minor
    return [Money(currency=currency, value=value) for currency, value in sums.items()]


def _hint(here: Money, there: Money) -> str:
    """Return a hint where the two differ only by the decimal point."""
    factor = 10 ** CURRENCIES[there.currency].exponent
    if here.currency != there.currency or factor == 1:
        return ""
    if here.value * factor == there.value:
        return f"{factor} times ours: is the file in minor units? see --amounts"
    if there.value * factor == here.value:
        return f"ours is {factor} times that: is the file in major units? see --amounts"
    return ""
