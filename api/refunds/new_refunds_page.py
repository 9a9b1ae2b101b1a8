"""The search attributes, summary and details with which an `OrderRefunds` starts.

They contain nothing about the customer: search attributes are not encrypted.
"""

from temporalio.common import TypedSearchAttributes

from contracts import Money, RefundsInput, in_words
from visibility import Listed, attributes_of


def facts_of(given: RefundsInput) -> str:
    """Return the static details: Markdown, nothing about the customer."""
    paid = in_words(given.paid) if given.paid else "an amount that Alipay knows"
    return "\n\n".join(
        [
            f"Refunds of order `{given.order_id}`: {paid}, paid by "
            f"`{given.payment_request_id}`.",
            f"In the shop's API: `GET /payments/{given.order_id}/refunds`.",
        ]
    )


def summary_of(given: RefundsInput) -> str:
    """Return the static summary: the order, and the paid amount."""
    paid = f" of {in_words(given.paid)}" if given.paid else ""
    return f"Refunds{paid}, order {given.order_id}"


def listing_of(
    given: RefundsInput, asked: Money | None = None
) -> TypedSearchAttributes:
    """Return the search attributes: with the paid amount, or else the requested one."""
    return attributes_of(
        order_id=given.order_id,
        amount=given.paid or asked or Money(currency="", value=0),
        wallet=given.wallet,
        status=Listed.REFUNDS,
    )
