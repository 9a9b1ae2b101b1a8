"""What of a notice its refund's owner has not heard at its end."""

from datetime import UTC, datetime

import pytest

from api.refunds.notices import is_news, owner_of
from contracts import (
    Money,
    RefundNotified,
    RefundRecord,
    RefundStatus,
    SignedEvidence,
    refund_request_id,
    refunds_id,
)

FIRST, SECOND = (refund_request_id("order-1", "r-1", retry) for retry in (1, 2))


def a_record(status: RefundStatus, proven_by: str = SECOND) -> RefundRecord:
    proof = SignedEvidence(body=f'{{"refundRequestId": "{proven_by}"}}')
    return RefundRecord(
        refund_id="r-1",
        amount=Money(currency="PHP", value=100),
        status=status,
        by="shop",
        asked_at=datetime.now(UTC),
        refund_request_id=SECOND,
        retry=2,
        proof=proof,
    )


@pytest.mark.parametrize(
    ("status", "name", "known", "expected"),
    [
        ("SUCCESS", SECOND, a_record(RefundStatus.SUCCEEDED), False),
        ("SUCCESS", SECOND, a_record(RefundStatus.RETURNED), False),
        ("SUCCESS", FIRST, a_record(RefundStatus.SUCCEEDED, proven_by=FIRST), False),
        # Twice given back: once is more than was asked for.
        ("SUCCESS", FIRST, a_record(RefundStatus.SUCCEEDED), True),
        ("SUCCESS", SECOND, a_record(RefundStatus.REFUSED), True),
        ("FAIL", SECOND, a_record(RefundStatus.REFUSED), False),
        ("FAIL", SECOND, a_record(RefundStatus.SUCCEEDED), True),
        ("PROCESSING", SECOND, a_record(RefundStatus.SUCCEEDED), False),
        ("", SECOND, a_record(RefundStatus.REFUSED), False),
    ],
)
def test_only_what_was_not_known_is_news(
    status: str, name: str, known: RefundRecord, expected: bool
) -> None:
    said = RefundNotified(refund_request_id=name, status=status)
    assert is_news(said, known) is expected


@pytest.mark.parametrize(
    ("name", "order_id", "owner"),
    [
        (FIRST, "order-1", refunds_id("order-1")),
        (FIRST, None, refunds_id("order-1")),
        (FIRST, "order-2", None),
        ("order-1_1_late", None, None),
        ("", "order-1", None),
    ],
)
def test_a_refund_leads_to_its_owner_unless_the_path_names_another(
    name: str, order_id: str | None, owner: str | None
) -> None:
    assert owner_of(RefundNotified(refund_request_id=name), order_id) == owner
