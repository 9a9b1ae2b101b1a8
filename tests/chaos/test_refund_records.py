"""What the storm finds wrong with refunds, and what is right."""

from dataclasses import replace

import pytest

from chaos.order_records import Column, Money, OrderRecords, OrderReport
from chaos.orders import plan_order
from chaos.refunds.plans import Way
from chaos.refunds.records import RefundRecords, RefundReport

PAID = OrderReport("PAID", "PAID")


def a_report(name: str, value: int, status: str = "SUCCEEDED") -> RefundReport:
    return RefundReport(name, value, status)


def records(refunds: RefundRecords, *, overdrawn: bool = False) -> OrderRecords:
    """Return the books of an order over PHP 100 that was paid."""
    held = {"PHP": 100 - refunds.given_back}
    money = Money(held, 1, is_overdrawn=overdrawn)
    return OrderRecords("order-1", "PHP", 100, money, PAID, PAID, refunds)


HALF = RefundRecords(("r",), (a_report("r", 50),), moved=(1,), given_back=50)


@pytest.mark.parametrize(
    "right",
    [
        RefundRecords(),
        HALF,
        RefundRecords(("r",), (a_report("r", 100),), moved=(1,), given_back=100),
        RefundRecords(("r",), (a_report("r", 50, "REFUSED"),)),
        # Nobody knows yet whether it has gone back, and everybody is told so.
        RefundRecords(("r",), (a_report("r", 50, "SENT"),), moved=(1,), given_back=50),
        RefundRecords(("r",), (a_report("r", 50, "WAITING"),)),
        # Half by the portal, half by us.
        RefundRecords(
            ("r",), (a_report("r", 50),), moved=(1,), given_back=100, portal=50
        ),
    ],
)
def test_refunds_that_agree_are_not_complained_of(right: RefundRecords) -> None:
    assert records(right).faults() == []


@pytest.mark.parametrize(
    ("wrong", "column"),
    [
        (
            replace(HALF, reported=(a_report("r", 50, "REFUSED"),)),
            Column.BACK_AND_UNKNOWN,
        ),
        (replace(HALF, reported=None), Column.BACK_AND_UNKNOWN),
        (replace(HALF, given_back=0, moved=()), Column.BACK_AND_UNKNOWN),
        (replace(HALF, asked=("r", "other")), Column.REFUND_LOST),
        (
            RefundRecords(("r",), (a_report("r", 50, "REQUESTED"),)),
            Column.REFUND_LOST,
        ),
        (replace(HALF, moved=(2,)), Column.REFUNDED_TWICE),
    ],
)
def test_each_wrong_is_found_and_named(wrong: RefundRecords, column: Column) -> None:
    assert column in records(wrong).faults()


def test_more_given_back_than_was_charged_is_found() -> None:
    assert records(HALF, overdrawn=True).faults() == [Column.MORE_BACK]


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
            [calls] = plan.refunds.rounds
            assert sum(call.value or 0 for call in calls) > plan.value
