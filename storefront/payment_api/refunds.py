"""Refunds in the payment API's answers, and the meaning of their statuses."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from storefront.payment_api.answers import Answer, Money, RefundInBrief

SUCCEEDED: Final = "SUCCEEDED"
REFUSED: Final = "REFUSED"
# It had succeeded, and the money came back: the customer does not have it.
RETURNED: Final = "RETURNED"
# The API continues these by itself until they end.
UNDER_WAY: Final = ("REQUESTED", "SENT", "WAITING", "IN_PROCESS")
# No money is returned before a person has decided.
WITH_A_PERSON: Final = ("CONFIRMING", "REVIEW")
# These do not reduce the refundable rest.
GIVES_NOTHING: Final = (REFUSED, RETURNED)
# By type of the callback: the refund's new status.
STATUS_OF: Final[Mapping[str, str]] = MappingProxyType(
    {
        "refund.succeeded": SUCCEEDED,
        "refund.failed": REFUSED,
        "refund.waiting": "WAITING",
        "refund.returned": RETURNED,
    }
)


class Refund(RefundInBrief):
    """The state of a refund.

    Attributes:
        by: Who requested it: the name of an API key, or of a person.
        reason_for_customer: The reason, which the customer and the wallet may see.
        note: A note for the merchant's staff.
        result_code, result_message, advice: As in `Refusal`.
        waits_for: What it waits for, in the API's words; only while it is under way.
    """

    by: str = ""
    asked_at: datetime | None = None
    ended_at: datetime | None = None
    reason_for_customer: str = ""
    note: str = ""
    result_code: str | None = None
    result_message: str | None = None
    advice: str | None = None
    waits_for: str | None = None


class RefundElsewhere(Answer):
    """Refunds from outside the API, for example from Alipay's portal."""

    amount: Money | None = None
    status: str


class OrderRefunds(Answer):
    """The answer of `GET /payments/{order_id}/refunds`.

    Attributes:
        left: The refundable rest; None if it is unknown.
        given_back: The refunded sum, also from elsewhere; None if it is unknown.
    """

    left: Money | None = None
    given_back: Money | None = None
    refunds: tuple[Refund, ...] = ()
    elsewhere: tuple[RefundElsewhere, ...] = ()
