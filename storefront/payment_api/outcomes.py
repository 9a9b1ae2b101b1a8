"""The outcomes that callbacks report; only their type decides the shop's reaction."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, model_validator

from storefront.payment_api.answers import Money
from storefront.payment_api.refunds import STATUS_OF as REFUND_STATUS_OF

PAYMENT_REVIEW: Final = "payment.review"
LATE_REVIEW: Final = "late_payment.review"
# A person must decide: the payment has not ended, and nothing is delivered.
REVIEWS: Final = (PAYMENT_REVIEW, LATE_REVIEW)
# By type: the order's new status. Late money that was no payment does not change it.
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
# The type of test events, which `cashier doctor` sends to check that callbacks arrive.
TEST_EVENT: Final = "cashier.test"
KNOWN_TYPES: Final = frozenset({*STATUS_OF, *REVIEWS, *REFUND_STATUS_OF})
# Goods are delivered for these types; later callbacks do not change that.
DELIVERED: Final = ("payment.paid", "late_payment.honoured")


class RefundOfEvent(BaseModel):
    """The refund that a callback is about."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    refund_id: str


class Outcome(BaseModel):
    """An outcome of an attempt, or a review before it; the `data` of a callback.

    Attributes:
        type: One of KNOWN_TYPES, or a type of a newer API.
        occurred_at: When the outcome was certain; for a review, since when.
        amount: The paid amount; for a refund, its amount.
        review: The question that a person must decide; only for a review.
        result_code: Alipay's code of a refusal.
        refund: The refund; for refunds only, and then always.
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
