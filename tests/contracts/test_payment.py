"""What a notification says, by the type and the status that it bears."""

import pytest

from contracts import PaymentNotified


@pytest.mark.parametrize(
    ("notify_type", "status", "says_paid", "says_failed"),
    [
        ("PAYMENT_RESULT", "S", True, False),
        ("PAYMENT_RESULT", "F", False, True),
        ("PAYMENT_RESULT", "U", False, False),
        ("PAYMENT_RESULT", "", False, False),
        ("PAYMENT_PENDING", "S", False, False),
        ("PAYMENT_PENDING", "F", False, False),
        ("REFUND_RESULT", "S", False, False),
        ("", "S", False, False),
    ],
)
def test_only_a_result_says_that_it_is_paid_or_failed(
    notify_type: str, status: str, says_paid: bool, says_failed: bool
) -> None:
    told = PaymentNotified(notify_type=notify_type, result_status=status)
    assert (told.says_paid, told.says_failed) == (says_paid, says_failed)


def test_what_a_notification_says_is_not_written_to_history() -> None:
    written = PaymentNotified(notify_type="PAYMENT_RESULT").model_dump()
    assert written.keys() == PaymentNotified.model_fields.keys()
