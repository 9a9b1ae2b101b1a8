"""Reads which orders may be lost: the shop's list, and Alipay's transaction files."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from api.payments.lost_orders import UNKNOWN_WALLET, LostOrder
from audit.reconcile.files.errors import SettlementFileError
from audit.reconcile.files.lines import MONEY_MOVED, Movement, Row
from audit.reconcile.files.order_list import Called, OrderList
from audit.reconcile.files.reading import SettlementFile
from cashier.temporal_calls import CommandError, WrongSettingError
from contracts import attempt_of, order_of


def read_lost_orders(
    orders: Path | None, transactions: Sequence[Path]
) -> tuple[list[LostOrder], list[str]]:
    """Return each order once, and warnings about the files.

    Args:
        orders: The shop's list, with the price of each order.
        transactions: Alipay's files, with the attempts that were paid. The paid amount
            counts as the price of an order that is not in the shop's list.

    Raises:
        CommandError: A line cannot be understood, or a file is cut off.
        WrongSettingError: There is no such file.
    """
    for path in filter(None, (orders, *transactions)):
        if not path.is_file():
            raise WrongSettingError(f"there is no file {str(path)!r}")
    found: dict[str, LostOrder] = {}
    notes: list[str] = []
    try:
        if orders:
            _read_orders(OrderList.open(orders), found)
        for path in transactions:
            notes += _read_transactions(SettlementFile.open(path), found)
    except SettlementFileError as error:
        raise CommandError(str(error)) from error
    return [*found.values()], notes


def _read_orders(orders: OrderList, found: dict[str, LostOrder]) -> None:
    for one in orders:
        listed = LostOrder(
            order_id=one.order_id,
            amount=one.amount,
            wallet=one.wallet or UNKNOWN_WALLET,
            is_called_paid=one.called is Called.PAID,
        )
        if found.setdefault(one.order_id, listed) != listed:
            raise CommandError(
                f"{orders.path.name}:{one.line}: order {one.order_id} is listed "
                "twice, and the lines differ: list each order once"
            )


def _read_transactions(file: SettlementFile, found: dict[str, LostOrder]) -> list[str]:
    if file.cut_off:
        raise CommandError(f"{file.path.name}: {file.cut_off}")
    others = 0
    for row in file:
        if row.movement is Movement.PAYMENT and row.status in MONEY_MOVED:
            others += not _add(row, found)
    if not others:
        return []
    return [
        f"{file.path.name}: {others} payments have an id of another system; they are "
        "left out"
    ]


def _add(row: Row, found: dict[str, LostOrder]) -> bool:
    """Add the payment of a line; return whether its id is one of ours."""
    try:
        order_id = order_of(row.request_id)
    except ValueError:
        return False
    known = found.get(order_id) or LostOrder(order_id=order_id, amount=row.money)
    paid = known.paid_attempts | {attempt_of(row.request_id)}
    found[order_id] = replace(known, paid_attempts=paid)
    return True
