"""What a callback tells of a payment; its type alone decides what the shop does."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, model_validator

from storefront.payment_api.answers import Money
from storefront.payment_api.refunds import STATUS_OF as REFUND_STATUS_OF

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
KNOWN_TYPES: Final = frozenset({*STATUS_OF, *REVIEWS, *REFUND_STATUS_OF})
# Goods go out for these; whatever else is heard later does not call them back.
DELIVERED: Final = ("payment.paid", "late_payment.honoured")


class RefundOfEvent(BaseModel):
    """Which refund a callback is about."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    refund_id: str


class Outcome(BaseModel):
    """An outcome of an attempt, or a review before it; the `data` of a callback.

    Attributes:
        type: One of KNOWN_TYPES, or what a newer API tells besides.
        occurred_at: When the outcome was certain; of a review, since when.
        amount: What was paid; of a refund, what it gives back.
        review: What a person must decide, in words; only of a review.
        result_code: Alipay's, where it has refused.
        refund: Only of refunds, and then always.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: str
    occurred_at: AwareDatetime
    order_id: str
    payment_request_id: str
    amount: Money
    outcome: str
    review: str | None = None
    result_code: str | None = None
    refund: RefundOfEvent | None = None

    @model_validator(mode="after")
    def _a_refund_has_a_name(self) -> Self:
        if self.type in REFUND_STATUS_OF and self.refund is None:
            raise ValueError("refund: must say which refund it is about")
        return self
