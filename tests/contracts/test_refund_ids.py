"""Names of refunds lead to their owner, and never to another one."""

import re

import pytest
from hypothesis import given, strategies as st

from contracts import (
    LONGEST_ALIPAY_ID,
    MOST_RETRIES,
    order_key,
    order_of_event,
    order_of_refunds,
    order_of_workflow,
    refund_event_id,
    refund_named_in,
    refund_request_id,
    refund_update_id,
    refunds_id,
    refunds_id_of,
)

NAMES = "abcXYZ019_-"
ORDERS = st.text(NAMES, min_size=1, max_size=60)
REFUNDS = st.text(NAMES, min_size=1, max_size=64)
RETRIES = st.integers(1, MOST_RETRIES)


@given(ORDERS, REFUNDS, RETRIES)
def test_an_id_alone_leads_to_its_owner(order: str, refund: str, retry: int) -> None:
    name = refund_request_id(order, refund, retry)
    assert refunds_id_of(name) == refunds_id(order)
    assert len(name) <= LONGEST_ALIPAY_ID
    assert re.fullmatch(r"[A-Za-z0-9_-]+", name)


@given(ORDERS, REFUNDS, REFUNDS, RETRIES, RETRIES)
def test_each_refund_of_an_order_has_its_own_name(
    order: str, one: str, other: str, first: int, second: int
) -> None:
    names = [
        refund_named_in(refund_request_id(order, one, first)),
        refund_named_in(refund_request_id(order, other, second)),
    ]
    assert (names[0] == names[1]) == (one == other)


@given(ORDERS, ORDERS)
def test_two_orders_have_two_owners(one: str, other: str) -> None:
    assert (refunds_id(one) == refunds_id(other)) == (one == other)


def test_short_names_are_readable() -> None:
    assert refund_request_id("coffee-1", "half-1", 2) == "coffee-1_rhalf-1_2"
    assert order_key("o" * 40) == "o" * 40
    assert len(order_key("o" * 41)) == 41


@pytest.mark.parametrize(
    "name", ["", "coffee-1", "coffee-1_1", "coffee-1_1_late", "a_rb_0", "a_rb_10000"]
)
def test_what_is_no_name_of_ours_leads_nowhere(name: str) -> None:
    with pytest.raises(ValueError, match="refundRequestId"):
        refunds_id_of(name)


@given(ORDERS, REFUNDS)
def test_an_event_of_a_refund_names_its_order(order: str, refund: str) -> None:
    for happened in ("succeeded", "failed", "waiting", "returned"):
        assert (
            order_of_event(refund_event_id(f"{order}_1", refund, happened, 1)) == order
        )


@pytest.mark.parametrize("order_id", ["A-1", "A_1", "a" * 40])
def test_the_order_of_a_short_id_is_read_back_from_its_owner(order_id: str) -> None:
    assert order_of_refunds(refunds_id(order_id)) == order_id
    assert order_of_workflow(refunds_id(order_id)) == order_id


def test_a_long_order_cannot_be_read_back_from_its_digest() -> None:
    with pytest.raises(ValueError, match="not the id of the refunds of an order with"):
        order_of_workflow(refunds_id("a" * 60))


def test_an_amount_that_is_free_again_makes_another_update_of_an_equal_request() -> (
    None
):
    first = refund_update_id("order-1", "r-1", ("PHP", 6000), None)
    again = refund_update_id("order-1", "r-1", ("PHP", 6000), None, freed=0)
    later = refund_update_id("order-1", "r-1", ("PHP", 6000), None, freed=1)
    assert first == again
    assert later != first
