"""A payment_request_id is made from an order id and an attempt, and read back."""

import pytest

from contracts import attempt_of, order_of, payment_request_id


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
