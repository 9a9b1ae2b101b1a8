"""The comparison of the books: each wrong is found, and named; what is right is not."""

from dataclasses import replace

import pytest

from chaos.order_records import (
    A_PERSON_MUST_DECIDE,
    Column,
    LateMoneyReport,
    Money,
    OrderRecords,
    OrderReport,
)

PAID = OrderReport("PAID", "PAID")
EXPIRED = OrderReport("EXPIRED", "EXPIRED")
WAITING = OrderReport("AWAITING_CUSTOMER", None)
IN_REVIEW = OrderReport("REVIEW", None)


def records(
    reported: OrderReport, *, held: int, for_a_person: tuple[str, ...] = ()
) -> OrderRecords:
    """Return the books of an order over PHP 100 where ours say the same."""
    money = Money({"PHP": held}, 1 if held else 0, for_a_person)
    return OrderRecords("order-1", "PHP", 100, money, reported, reported)


def with_late_money(
    reported: OrderReport, status: str, outcome: str | None
) -> OrderReport:
    return replace(reported, late=(LateMoneyReport("order-1_1", status, outcome),))


@pytest.mark.parametrize(
    "right",
    [
        records(PAID, held=100),
        records(EXPIRED, held=0),
        records(with_late_money(EXPIRED, "over", "REFUNDED"), held=0),
        records(with_late_money(EXPIRED, "over", "HONOURED"), held=100),
        records(with_late_money(PAID, "over", "RETURNED"), held=100),
        records(IN_REVIEW, held=200, for_a_person=("took 200 instead of 100",)),
        records(
            with_late_money(EXPIRED, A_PERSON_MUST_DECIDE, None),
            held=200,
            for_a_person=("took 200 instead of 100",),
        ),
    ],
)
def test_records_that_agree_have_no_faults(right: OrderRecords) -> None:
    assert right.faults() == []


@pytest.mark.parametrize(
    "reported", [EXPIRED, WAITING, with_late_money(EXPIRED, "over", "REFUNDED")]
)
def test_held_money_of_which_the_shop_does_not_know_is_found(
    reported: OrderReport,
) -> None:
    assert Column.PAID_AND_UNKNOWN in records(reported, held=100).faults()


def test_held_money_of_an_order_that_no_book_of_ours_knows_is_found() -> None:
    unknown = replace(records(PAID, held=100), workflow=None, shop=None)
    assert Column.PAID_AND_UNKNOWN in unknown.faults()


@pytest.mark.parametrize("held", [0, 99])
def test_goods_for_which_too_little_money_came_are_found(held: int) -> None:
    assert records(PAID, held=held).faults() == [Column.UNPAID_BUT_PAID]


def test_goods_for_money_of_another_currency_are_found() -> None:
    other = replace(records(PAID, held=100), money=Money({"PHP": 100, "USD": 1}))
    assert other.faults() == [Column.UNPAID_BUT_PAID]


def test_goods_that_only_the_workflow_calls_paid_are_found() -> None:
    torn = replace(records(EXPIRED, held=0), workflow=PAID)
    assert torn.faults() == [Column.UNPAID_BUT_PAID, Column.RECORDS_DIFFER]


@pytest.mark.parametrize("reported", [PAID, IN_REVIEW])
def test_a_customer_charged_twice_is_found(reported: OrderReport) -> None:
    assert Column.CHARGED_TWICE in records(reported, held=200).faults()


def test_a_second_charge_is_found_even_where_a_person_decides() -> None:
    right = records(IN_REVIEW, held=200, for_a_person=("was paid after the end",))
    wrong = replace(right, money=replace(right.money, charges=2))
    assert wrong.faults() == [Column.CHARGED_TWICE]


@pytest.mark.parametrize(
    "reported", [WAITING, with_late_money(EXPIRED, "refund the money", None)]
)
def test_a_payment_that_is_still_open_is_found(reported: OrderReport) -> None:
    assert records(reported, held=0).faults() == [Column.STILL_OPEN]


@pytest.mark.parametrize(
    "reported", [IN_REVIEW, with_late_money(EXPIRED, A_PERSON_MUST_DECIDE, None)]
)
def test_a_review_for_which_nothing_was_done_to_the_money_is_found(
    reported: OrderReport,
) -> None:
    assert records(reported, held=100).faults() == [Column.STILL_OPEN]


def test_a_report_to_the_shop_that_differs_from_the_workflow_is_found() -> None:
    torn = replace(
        records(EXPIRED, held=0), workflow=OrderReport("DECLINED", "DECLINED")
    )
    assert torn.faults() == [Column.RECORDS_DIFFER]
