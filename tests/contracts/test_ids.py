"""A payment_request_id is made from an order id and an attempt, and read back."""

import pytest

from contracts import (
    attempt_of,
    callback_id,
    callbacks_id,
    late_payment_id,
    order_of,
    order_of_event,
    order_of_workflow,
    payment_request_id,
    workflow_id,
)


@pytest.mark.parametrize("order_id", ["A-1", "A_1", "_", "a" * 60, "2026_11_30_7"])
@pytest.mark.parametrize("attempt", [1, 2, 10, 999_999])
def test_order_and_attempt_are_read_back(order_id: str, attempt: int) -> None:
    made = payment_request_id(order_id, attempt)
    assert (order_of(made), attempt_of(made)) == (order_id, attempt)


@pytest.mark.parametrize("made", ["", "A-1", "A_", "A_one", "A_1-late"])
def test_an_id_without_an_attempt_is_refused(made: str) -> None:
    with pytest.raises(ValueError, match="not a payment_request_id"):
        order_of(made)
    with pytest.raises(ValueError, match="invalid literal"):
        attempt_of(made)


@pytest.mark.parametrize("order_id", ["A-1", "A_1-paid", "A_1-late-paid", "a" * 60])
@pytest.mark.parametrize(
    "happened",
    ["paid", "expired", "review", "review-2", "late-not_paid", "late-review-12"],
)
def test_the_order_of_an_event_is_read_back(order_id: str, happened: str) -> None:
    event_id = f"{payment_request_id(order_id, 2)}-{happened}"
    assert order_of_event(event_id) == order_id


@pytest.mark.parametrize("event_id", ["", "A-1", "A_1", "A_1-", "A-paid", "A_1-2"])
def test_what_is_not_an_events_id_is_refused(event_id: str) -> None:
    with pytest.raises(ValueError, match="not an event's id"):
        order_of_event(event_id)


@pytest.mark.parametrize("order_id", ["A-1", "A_1", "a" * 60])
def test_the_order_of_a_workflow_is_read_back(order_id: str) -> None:
    attempt = payment_request_id(order_id, 2)
    for name in (
        workflow_id(order_id),
        callbacks_id(order_id),
        late_payment_id(attempt),
        callback_id(f"{attempt}-paid"),
    ):
        assert order_of_workflow(name) == order_id


@pytest.mark.parametrize("name", ["", "A-1", "notice:abc", "payment:", "payment:a b"])
def test_what_is_no_workflow_of_an_order_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not the id of a workflow"):
        order_of_workflow(name)
