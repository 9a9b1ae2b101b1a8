"""The shop's own list of orders, compared with the bundles."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from audit.reconcile.files.errors import SettlementFileError
from audit.reconcile.files.order_list import OrderList
from audit.reconcile.matching import reconcile
from audit.reconcile.our_money import OurMoney
from audit.reconcile.outcome import Difference, Kind
from audit.reconcile.shop_orders import compare_orders
from cashier.audit.reconcile import run
from tests.audit.reconcile.shelves import PAID, PHP, Shelf, a_file, paid

CANCELLED = "recorded-proven-cancelled"
SHELF = Shelf("proven-paid", "proven-cancelled")
HEADER = "order_id,status,amount,currency"
AGREED = (f"{PAID},paid,1314.00,PHP", f"{CANCELLED},unpaid,1314.00,PHP")


def differences(
    folder: Path, *lines: str, header: str = HEADER, shelf: Shelf = SHELF
) -> list[Difference]:
    orders = folder / "orders.csv"
    orders.write_text("\n".join((header, *lines, "")))
    return reconcile([shelf], [a_file(folder, paid(PAID))], orders=orders).differences


def test_a_list_that_agrees_differs_in_nothing(tmp_path: Path) -> None:
    assert differences(tmp_path, *AGREED) == []


@pytest.mark.parametrize("word", ["paid", "unpaid"])
def test_an_order_that_no_bundle_has_is_missing(tmp_path: Path, word: str) -> None:
    [found] = differences(tmp_path, *AGREED, f"withheld-1,{word},5.00,PHP")
    assert (found.kind, found.order_id) == (Kind.ORDER_MISSING_HERE, "withheld-1")
    assert found.where == "orders.csv:4"
    assert found.note == f"the shop lists it as {word.upper()}, and no bundle has it"


def test_an_open_order_need_not_be_in_a_bundle(tmp_path: Path) -> None:
    assert differences(tmp_path, *AGREED, "never-begun,pending,5.00,PHP") == []


@pytest.mark.parametrize("word", ["unpaid", "cancelled", "refunded", "open"])
def test_an_order_that_is_paid_here_only_differs(tmp_path: Path, word: str) -> None:
    [found] = differences(tmp_path, f"{PAID},{word},1314.00,PHP", AGREED[1])
    assert (found.kind, found.order_id) == (Kind.ORDER_DIFFERS, PAID)
    assert "it is PAID here" in found.note


def test_an_order_that_is_paid_for_the_shop_only_differs(tmp_path: Path) -> None:
    [found] = differences(tmp_path, AGREED[0], f"{CANCELLED},paid,1314.00,PHP")
    assert (found.kind, found.order_id) == (Kind.ORDER_DIFFERS, CANCELLED)
    assert found.note == "the shop lists it as PAID, and it is CANCELLED here"


@pytest.mark.parametrize("money", ["1313.00,PHP", "1314.00,THB"])
def test_another_amount_or_currency_is_named(tmp_path: Path, money: str) -> None:
    [found] = differences(tmp_path, f"{PAID},paid,{money}", AGREED[1])
    assert (found.kind, found.here) == (Kind.DIFFERENT_MONEY, PHP)
    assert found.there is not None
    assert found.there != PHP


def test_a_paid_order_that_the_shop_does_not_list_is_named(tmp_path: Path) -> None:
    [found] = differences(tmp_path, AGREED[1])
    assert (found.kind, found.order_id) == (Kind.ORDER_MISSING_THERE, PAID)


def test_an_order_that_is_listed_twice_is_named(tmp_path: Path) -> None:
    [found] = differences(tmp_path, *AGREED, AGREED[0])
    assert (found.kind, found.order_id) == (Kind.TWICE_THERE, PAID)
    assert found.note == "before: orders.csv:2"


def test_late_money_that_was_honoured_pays_the_order(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(f"{HEADER}\nlate-1,paid,5.00,PHP\nlate-2,unpaid,5.00,PHP\n")
    ours = OurMoney()
    ours.outcomes = dict.fromkeys(("late-1", "late-2"), "EXPIRED")
    ours.honoured = {"late-1", "late-2"}
    [found] = compare_orders(OrderList.open(file), ours)
    assert (found.kind, found.order_id) == (Kind.ORDER_DIFFERS, "late-2")
    assert "paid late and HONOURED" in found.note


@pytest.mark.parametrize(
    ("header", "lines"),
    [
        ("Currency;Order No.;Payment status;Total", "PHP;{0};Paid;1,314.00"),
        ("order_id\tstatus\tamount_minor\tcurrency", "{0}\tPAID\t131400\tPHP"),
        ("ORDER ID|State|Price|currency", "{0}|success|131400|php"),
    ],
)
def test_columns_are_found_by_name_in_any_order(
    tmp_path: Path, header: str, lines: str
) -> None:
    shelf = Shelf("proven-paid")
    found = differences(tmp_path, lines.format(PAID), header=header, shelf=shelf)
    assert found == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("a b,paid,1.00,PHP", "column order_id: is 'a b' (3 characters)"),
        ("a,perhaps,1.00,PHP", "column status: is 'perhaps'"),
        ("a,paid,1.001,PHP", "column amount: is '1.001'"),
        ("a,paid,-1,PHP", "column amount: is '-1'"),
        ("a,paid,1.00,XYZ", "column currency: is 'XYZ'"),
        ("a,paid", "column currency: is empty"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(
    tmp_path: Path, line: str, told: str
) -> None:
    with pytest.raises(SettlementFileError) as caught:
        differences(tmp_path, AGREED[0], line)
    assert f"orders.csv, line 3, {told}" in str(caught.value)


def test_a_list_without_its_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettlementFileError, match="names status, currency"):
        differences(tmp_path, "a,1", header="order_id,amount")


def told(folder: Path, *, as_json: bool, orders: Path | None) -> str:
    text = io.StringIO()
    file = a_file(folder, paid(PAID))
    run([SHELF], [file], Console(file=text, width=200), as_json=as_json, orders=orders)
    return text.getvalue()


def test_who_gives_no_list_is_told_what_cannot_be_missed(tmp_path: Path) -> None:
    assert "--orders" in told(tmp_path, as_json=False, orders=None)


def test_programs_are_told_how_many_orders_were_compared(tmp_path: Path) -> None:
    orders = tmp_path / "orders.csv"
    orders.write_text("\n".join((HEADER, *AGREED)))
    assert json.loads(told(tmp_path, as_json=True, orders=orders))["orders"] == 2
