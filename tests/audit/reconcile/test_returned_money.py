"""Money that Alipay took and returned by itself, for payments that are unpaid here."""

from itertools import permutations
from pathlib import Path

import pytest

from audit.reconcile.matching import reconcile
from audit.reconcile.outcome import Kind, Reconciliation
from contracts import Money
from tests.audit.reconcile.shelves import SETTLED_HEADER, Shelf, a_file, paid

PHP = Money(currency="PHP", value=131400)
NOT_PAID = "recorded-late-untrue"
CANCELLED = "recorded-proven-cancelled"
SHELVES = [Shelf("late-untrue"), Shelf("proven-cancelled")]
STATUS_HEADER = (
    "transactionId,transactionRequestId,transactionType,transactionAmountValue,"
    "transactionCurrency,status"
)


def back(order_id: str, type_: str, value: str = "-131400") -> str:
    """Return the line by which a payment was given back, as its type has its ids."""
    its_id, request_id = f"id-of-{order_id}", f"{order_id}_1"
    ids = {
        "CANCEL": f"{its_id},,{request_id}",
        "REFUND": f"r1,{its_id},by-alipay",
        "PAYMENT_REVERSAL": f"x1,{its_id},{request_id}",
        "REVERSAL": f"{its_id},{its_id},{its_id}",
    }
    return f"{ids[type_]},{type_},{value},PHP"


def settled(folder: Path, *lines: str) -> Path:
    lines = tuple(f"batch,{line}" for line in lines)
    return a_file(folder, *lines, name="settled.csv", header=SETTLED_HEADER)


def kinds(result: Reconciliation) -> list[tuple[Kind, str]]:
    return [(one.kind, one.movement) for one in result.differences]


@pytest.mark.parametrize("order_id", [NOT_PAID, CANCELLED])
@pytest.mark.parametrize("type_", ["CANCEL", "REFUND", "PAYMENT_REVERSAL", "REVERSAL"])
def test_money_that_alipay_took_and_returned_by_itself_is_no_difference(
    tmp_path: Path, order_id: str, type_: str
) -> None:
    file = a_file(tmp_path, paid(order_id), back(order_id, type_))
    result = reconcile(SHELVES, [file])
    assert result.is_clean
    [returned] = result.returned
    assert (returned.order_id, returned.id) == (order_id, f"{order_id}_1")
    assert (returned.amount, returned.where) == (PHP, "items.csv:2, items.csv:3")
    assert not result.sums


def test_it_is_found_on_two_days_and_in_any_order(tmp_path: Path) -> None:
    files = [
        a_file(tmp_path, paid(NOT_PAID), name="1.csv"),
        a_file(tmp_path, back(NOT_PAID, "CANCEL"), name="2.csv"),
        settled(tmp_path, paid(NOT_PAID), back(NOT_PAID, "CANCEL")),
    ]
    for some in permutations(files):
        assert reconcile(SHELVES, list(some)).is_clean


def test_it_need_not_be_settled_yet(tmp_path: Path) -> None:
    lines = [paid(NOT_PAID), back(NOT_PAID, "CANCEL")]
    files = [a_file(tmp_path, *lines), settled(tmp_path, lines[0])]
    assert reconcile(SHELVES, files).is_clean


def test_money_that_has_not_gone_back_is_reported_with_what_was_said_of_it(
    tmp_path: Path,
) -> None:
    [difference] = reconcile(SHELVES, [a_file(tmp_path, paid(NOT_PAID))]).differences
    assert (difference.kind, difference.order_id) == (Kind.MISSING_HERE, NOT_PAID)
    assert difference.note == (
        "its late money ended NOT_PAID, and no line returns all of it"
    )


@pytest.mark.parametrize("value", ["-131300", "-131500"])
def test_other_money_than_was_taken_is_not_its_return(
    tmp_path: Path, value: str
) -> None:
    file = a_file(tmp_path, paid(NOT_PAID), back(NOT_PAID, "REFUND", value))
    assert kinds(reconcile(SHELVES, [file])) == [
        (Kind.MISSING_HERE, "PAYMENT"),
        (Kind.MISSING_HERE, "BACK"),
    ]


def test_two_refunds_that_come_to_the_payment_return_it(tmp_path: Path) -> None:
    part = f"r2,id-of-{NOT_PAID},by-alipay-2,REFUND,-31400,PHP"
    lines = (paid(NOT_PAID), back(NOT_PAID, "REFUND", "-100000"), part)
    assert reconcile(SHELVES, [a_file(tmp_path, *lines)]).is_clean
    twice = a_file(tmp_path, *lines, back(NOT_PAID, "CANCEL"), name="twice.csv")
    assert len(reconcile(SHELVES, [twice]).differences) == 4


def test_a_payment_with_two_amounts_is_reported_though_one_of_them_went_back(
    tmp_path: Path,
) -> None:
    files = [
        a_file(tmp_path, paid(NOT_PAID), back(NOT_PAID, "CANCEL")),
        settled(tmp_path, paid(NOT_PAID, "131500")),
    ]
    assert len(reconcile(SHELVES, files).differences) == 3


def test_a_return_in_another_currency_is_none(tmp_path: Path) -> None:
    line = back(NOT_PAID, "CANCEL").replace("PHP", "THB")
    file = a_file(tmp_path, paid(NOT_PAID), line)
    assert len(reconcile(SHELVES, [file]).differences) == 2


def test_a_return_of_nothing_that_was_taken_is_reported(tmp_path: Path) -> None:
    file = a_file(tmp_path, back(NOT_PAID, "CANCEL"))
    [difference] = reconcile(SHELVES, [file]).differences
    assert (difference.order_id, difference.note) == (NOT_PAID, "a CANCEL")


def test_a_dispute_is_no_return(tmp_path: Path) -> None:
    dispute = f"d1,id-of-{NOT_PAID},,DISPUTE,-131400,PHP"
    file = a_file(tmp_path, paid(NOT_PAID), dispute)
    [payment, dispute_] = reconcile(SHELVES, [file]).differences
    assert (payment.movement, dispute_.movement) == ("PAYMENT", "DISPUTE")
    assert dispute_.there == Money(currency="PHP", value=-131400)


def test_money_of_an_order_that_nobody_knows_is_reported_though_it_went_back(
    tmp_path: Path,
) -> None:
    file = a_file(tmp_path, paid("stranger"), back("stranger", "CANCEL"))
    assert len(reconcile(SHELVES, [file]).differences) == 2


def test_a_paid_order_whose_payment_went_back_is_reported(tmp_path: Path) -> None:
    order_id = "recorded-proven-paid"
    file = a_file(tmp_path, paid(order_id), back(order_id, "CANCEL"))
    result = reconcile([Shelf("proven-paid")], [file])
    assert kinds(result) == [(Kind.MISSING_HERE, "BACK")]


@pytest.mark.parametrize(("order_id", "is_clean"), [(NOT_PAID, True), ("other", False)])
def test_a_payment_that_the_file_itself_calls_cancelled_is_unpaid_there_too(
    tmp_path: Path, order_id: str, is_clean: bool
) -> None:
    line = f"id-of-{order_id},{order_id}_1,PAYMENT,131400,PHP,CANCELLED"
    file = a_file(tmp_path, line, header=STATUS_HEADER)
    assert reconcile(SHELVES, [file]).is_clean is is_clean
