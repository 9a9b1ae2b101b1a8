"""What a callback tells of a payment; its type alone decides what the shop does."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict

from storefront.payment_api.answers import Money

PAYMENT_REVIEW: Final = "payment.review"
LATE_REVIEW: Final = "late_payment.review"
# A person must decide: nothing has ended, and nothing is delivered.
REVIEWS: Final = (PAYMENT_REVIEW, LATE_REVIEW)
# What the order's status becomes. Money that was no payment after all says nothing of
# the order.
STATUS_OF: Final[Mapping[str, str | None]] = MappingProxyType(
    {
        "payment.paid": "PAID",
        "payment.declined": "DECLINED",
        "payment.expired": "EXPIRED",
        "payment.cancelled": "CANCELLED",
        "late_payment.returned": "RETURNED",
        "late_payment.refunded": "REFUNDED",
        "late_payment.honoured": "HONOURED",
        "late_payment.not_paid": None,
        "late_payment.not_late": None,
    }
)
# What `cashier doctor` sends, to learn whether callbacks arrive: it tells nothing.
TEST_EVENT: Final = "cashier.test"
KNOWN_TYPES: Final = frozenset({*STATUS_OF, *REVIEWS})
# Goods go out for these; whatever else is heard later does not call them back.
DELIVERED: Final = ("payment.paid", "late_payment.honoured")


class Outcome(BaseModel):
    """An outcome of an attempt, or a review before it; the `data` of a callback.

    Attributes:
        type: One of KNOWN_TYPES, or what a newer API tells besides.
        occurred_at: When the outcome was certain; of a review, since when.
        review: What a person must decide, in words; only of a review.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: str
    occurred_at: AwareDatetime
    order_id: str
    payment_request_id: str
    amount: Money
    outcome: str
    review: str | None = None
