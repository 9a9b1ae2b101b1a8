"""Refunds as the payment API answers them, and what their statuses mean to a shop."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from storefront.payment_api.answers import Answer, Money, RefundInBrief

SUCCEEDED: Final = "SUCCEEDED"
REFUSED: Final = "REFUSED"
# It had succeeded, and bounced: the customer does not have the money.
RETURNED: Final = "RETURNED"
# The API sees to these by itself until they end.
UNDER_WAY: Final = ("REQUESTED", "SENT", "WAITING", "IN_PROCESS")
# Nothing goes back before a person has decided.
WITH_A_PERSON: Final = ("CONFIRMING", "REVIEW")
# These take nothing of what can still be refunded.
GIVES_NOTHING: Final = (REFUSED, RETURNED)
# What a callback makes of a refund.
STATUS_OF: Final[Mapping[str, str]] = MappingProxyType(
    {
        "refund.succeeded": SUCCEEDED,
        "refund.failed": REFUSED,
        "refund.waiting": "WAITING",
        "refund.returned": RETURNED,
    }
)


class Refund(RefundInBrief):
    """All that the API knows of a refund.

    Attributes:
        by: Who has asked for it: the name of an API key, or of a person.
        reason_for_customer: The customer and the wallet may see it.
        note: For the merchant's own people.
        result_code, result_message, advice: As in `Refusal`.
        waits_for: In the API's words; only while it is under way.
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
    """What was not refunded through the API, in Alipay's portal for one."""

    amount: Money | None = None
    status: str


class OrderRefunds(Answer):
    """The answer of `GET /payments/{order_id}/refunds`.

    Attributes:
        left: What can still be refunded; None where nobody knows.
        given_back: All that has gone back, elsewhere too; the same.
    """

    left: Money | None = None
    given_back: Money | None = None
    refunds: tuple[Refund, ...] = ()
    elsewhere: tuple[RefundElsewhere, ...] = ()
