"""What the storm finds wrong with refunds, and what is right."""

from dataclasses import replace

import pytest

from chaos.books import Books, Column, Money, Told
from chaos.orders import plan_order
from chaos.refunds.book import RefundBook, RefundTold
from chaos.refunds.plans import Way

PAID = Told("PAID", "PAID")


def told(name: str, value: int, status: str = "SUCCEEDED") -> RefundTold:
    return RefundTold(name, value, status)


def books(refunds: RefundBook, *, overdrawn: bool = False) -> Books:
    """Return the books of an order over PHP 100 that was paid."""
    held = {"PHP": 100 - refunds.given_back}
    money = Money(held, 1, is_overdrawn=overdrawn)
    return Books("order-1", "PHP", 100, money, PAID, PAID, refunds)


HALF = RefundBook(("r",), (told("r", 50),), moved=(1,), given_back=50)


@pytest.mark.parametrize(
    "right",
    [
        RefundBook(),
        HALF,
        RefundBook(("r",), (told("r", 100),), moved=(1,), given_back=100),
        RefundBook(("r",), (told("r", 50, "REFUSED"),)),
        # Nobody knows yet whether it has gone back, and everybody is told so.
        RefundBook(("r",), (told("r", 50, "SENT"),), moved=(1,), given_back=50),
        RefundBook(("r",), (told("r", 50, "WAITING"),)),
        # Half by the portal, half by us.
        RefundBook(("r",), (told("r", 50),), moved=(1,), given_back=100, portal=50),
    ],
)
def test_refunds_that_agree_are_not_complained_of(right: RefundBook) -> None:
    assert books(right).faults() == []


@pytest.mark.parametrize(
    ("wrong", "column"),
    [
        (replace(HALF, told=(told("r", 50, "REFUSED"),)), Column.BACK_AND_UNKNOWN),
        (replace(HALF, told=None), Column.BACK_AND_UNKNOWN),
        (replace(HALF, given_back=0, moved=()), Column.BACK_AND_UNKNOWN),
        (replace(HALF, asked=("r", "other")), Column.REFUND_LOST),
        (
            RefundBook(("r",), (told("r", 50, "REQUESTED"),)),
            Column.REFUND_LOST,
        ),
        (replace(HALF, moved=(2,)), Column.REFUNDED_TWICE),
    ],
)
def test_each_wrong_is_found_and_named(wrong: RefundBook, column: Column) -> None:
    assert column in books(wrong).faults()


def test_more_given_back_than_was_charged_is_found() -> None:
    assert books(HALF, overdrawn=True).faults() == [Column.MORE_BACK]


def test_orders_are_refunded_in_all_ways_and_met_by_faults() -> None:
    plans = [plan_order(1, number).refunds for number in range(200)]
    drawn = [plan for plan in plans if plan]
    assert {plan.way for plan in drawn} == {*Way}
    assert len([plan for plan in plans if plan is None]) > 40
    assert any(plan.fault for plan in drawn)
    assert any(plan.in_portal for plan in drawn)


def test_two_at_once_are_more_than_there_is() -> None:
    for number in range(300):
        plan = plan_order(2, number)
        if plan.refunds and plan.refunds.way is Way.TOO_MUCH:
            [wishes] = plan.refunds.rounds
            assert sum(wish.value or 0 for wish in wishes) > plan.value
