"""How an order stands: a pure function, of which nothing is ever guessed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from storefront.ordering.order_status import (
    SETTLED,
    Kind,
    OrderStatus,
    order_status_of,
    usable,
)
from storefront.ordering.orders import Notice, ShopOrder
from storefront.payment_api.answers import PaymentState
from tests.storefront.played_api import a_state

NOW = datetime(2026, 11, 24, 10, 2, 41, tzinfo=UTC)
STATUSES = (
    "OPENING", "AWAITING_CUSTOMER", "CHECKING", "CANCELLING", "REVIEW", "PAID",
    "DECLINED", "EXPIRED", "CANCELLED", "SOMETHING_NEW",
)  # fmt: skip
LATE = (None, "NOT_PAID", "RETURNED", "REFUNDED", "HONOURED", "SOMETHING_NEW")


def an_order(**known: Any) -> ShopOrder:
    return ShopOrder.model_validate(
        {
            "token": "t",
            "order_id": "coffee-1",
            "ordered_at": NOW,
            "market": "PH",
            "language": "en",
            "currency": "PHP",
            "value": 18000,
            "lines": [],
            "wallet": "GCASH",
            "notice": None,
            "status": "NEW",
            "status_at": None,
            "paid_attempt": None,
            "fulfilled_at": None,
            "reviews": [],
            "refunds": [],
            **known,
        }
    )


def state_of(**told: Any) -> PaymentState:
    return PaymentState.model_validate(a_state("coffee-1", now=NOW, **told))


def stands(order: ShopOrder | None = None, **told: Any) -> OrderStatus:
    return order_status_of(order or an_order(), state_of(**told), NOW)


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"status": "OPENING", "has_page": False}, Kind.OPENING),
        ({"status": "AWAITING_CUSTOMER"}, Kind.WAITING),
        ({"status": "AWAITING_CUSTOMER", "minutes": -0.1}, Kind.TIME_OVER),
        ({"status": "CHECKING"}, Kind.CHECKING),
        ({"status": "CANCELLING"}, Kind.CLOSING),
        ({"status": "REVIEW"}, Kind.REVIEW),
        ({"status": "SOMETHING_NEW"}, Kind.UNKNOWN),
        ({"status": "PAID"}, Kind.PAID),
        ({"status": "DECLINED"}, Kind.DECLINED),
        ({"status": "DECLINED", "has_page": False}, Kind.REFUSED),
        ({"status": "EXPIRED"}, Kind.EXPIRED),
        ({"status": "CANCELLED"}, Kind.CANCELLED),
        ({"status": "EXPIRED", "late": [(1, None)]}, Kind.LATE),
        ({"status": "EXPIRED", "late": [(1, "NOT_PAID")]}, Kind.EXPIRED),
        ({"status": "EXPIRED", "late": [(1, "REFUNDED")]}, Kind.LATE_REFUNDED),
        ({"status": "EXPIRED", "late": [(1, "RETURNED")]}, Kind.LATE_RETURNED),
        ({"status": "EXPIRED", "late": [(1, "HONOURED")]}, Kind.LATE_HONOURED),
    ],
)
def test_each_answer_of_the_api_has_its_honest_words(
    told: dict[str, Any], kind: Kind
) -> None:
    assert stands(**told).kind is kind


def test_without_an_answer_nothing_is_known_and_nothing_has_failed() -> None:
    away = order_status_of(an_order(), None, NOW, is_away=True)
    assert (away.kind, away.may_pay_again) == (Kind.UNKNOWN, False)
    assert order_status_of(an_order(), None, NOW).kind is Kind.NOT_BEGUN


def test_a_verified_callback_is_enough_while_the_api_is_away() -> None:
    paid = an_order(status="PAID", fulfilled_at=NOW)
    assert order_status_of(paid, None, NOW, is_away=True).kind is Kind.PAID
    honoured = an_order(status="HONOURED", fulfilled_at=NOW)
    assert order_status_of(honoured, None, NOW, is_away=True).kind is Kind.LATE_HONOURED


def test_an_answer_from_before_a_callback_does_not_undo_it() -> None:
    paid = an_order(status="PAID", fulfilled_at=NOW)
    assert stands(paid).kind is Kind.PAID


def test_money_of_an_earlier_payment_is_mentioned_and_no_headline() -> None:
    second = stands(status="EXPIRED", number=2, late=[(1, "REFUNDED")])
    assert (second.kind, second.second_payment) == (Kind.EXPIRED, "refunded")
    waiting = stands(number=2, late=[(1, "RETURNED")])
    assert (waiting.kind, waiting.second_payment) == (Kind.WAITING, "returned")


def test_a_second_payment_is_shown_on_top_of_the_first() -> None:
    twice = stands(status="PAID", late=[(2, None)])
    assert (twice.kind, twice.second_payment) == (Kind.PAID, "pending")
    assert not twice.is_over
    settled = stands(status="PAID", late=[(2, "REFUNDED")])
    assert (settled.second_payment, settled.is_over) == ("refunded", True)


def test_money_that_alipay_did_not_keep_differs_from_a_payment_that_never_was() -> None:
    state = state_of(status="CANCELLED", late=[(1, "NOT_PAID")])
    [late] = state.late_money
    paid = late.model_copy(update={"paid_at": "2026-11-24T03:02:40-07:00"})
    gone = state.model_copy(update={"late_money": (paid,)})
    assert order_status_of(an_order(), state, NOW).kind is Kind.CANCELLED
    assert order_status_of(an_order(), gone, NOW).kind is Kind.LATE_GONE
    assert order_status_of(an_order(), gone, NOW).may_pay_again


def test_a_refusal_is_shown_for_its_time_and_not_once_it_is_paid() -> None:
    soon = NOW + timedelta(minutes=1)
    refused = an_order(notice=Notice(code="CANNOT_CANCEL", wallet="DANA", until=soon))
    assert stands(refused).notice
    assert not stands(refused, status="PAID").notice
    assert not order_status_of(refused, state_of(), soon).notice


@pytest.mark.parametrize("status", ["AWAITING_CUSTOMER", "PAID", "EXPIRED"])
def test_a_payment_over_another_amount_than_the_order_is_for_a_person(
    status: str,
) -> None:
    for other in (
        {"currency": "PHP", "value": 1},
        {"currency": "IDR", "value": 18000},
    ):
        order_status = stands(status=status, amount=other)
        assert order_status.kind is Kind.REVIEW
        assert not any(
            (order_status.page_url, order_status.may_pay_again, order_status.is_over)
        )


@given(
    status=st.sampled_from(STATUSES),
    has_page=st.booleans(),
    number=st.integers(1, 3),
    late=st.lists(st.tuples(st.integers(1, 3), st.sampled_from(LATE)), max_size=3),
    answered=st.sampled_from(["yes", "no payment", "away"]),
)
def test_paid_is_only_shown_if_the_api_says_so(
    status: str,
    has_page: bool,
    number: int,
    late: list[tuple[int, str | None]],
    answered: str,
) -> None:
    told = {"status": status, "has_page": has_page, "number": number, "late": late}
    state = state_of(**told) if answered == "yes" else None
    order_status = order_status_of(an_order(), state, NOW, is_away=answered == "away")
    says_so = state is not None and (
        state.outcome == "PAID"
        or (state.outcome and "HONOURED" in [one for _, one in late])
    )
    assert not (order_status.kind in SETTLED and not says_so)
    # Nobody is asked for money again while money of theirs is being dealt with.
    if answered == "yes" and (status == "REVIEW" or (None in [o for _, o in late])):
        assert not order_status.may_pay_again
    assert order_status.key == replace(order_status).key


@pytest.mark.parametrize(
    ("url", "is_usable"),
    [
        ("https://wallet.example/pay", True),
        ("http://127.0.0.1:8081/cashier/x", True),
        ("gcash://pay?x=1", True),
        ("javascript:alert(1)", False),
        ("JavaScript:alert(1)", False),
        ("data:text/html,x", False),
        ("/somewhere", False),
        ("", False),
        ("https://[no.address", False),
    ],
)
def test_nobody_is_sent_to_what_runs_or_reads_something(
    url: str, is_usable: bool
) -> None:
    assert bool(usable(url)) is is_usable
