"""The search attributes of payments, for filters of Temporal's list.

They are never encrypted, so they must not contain customer data. They are set at the
start, which is free; a change costs an action, so a payment changes them only when it
needs attention (docs/decisions/0012-search-attributes-without-upserts.md).
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
)

from contracts import Money

PAYMENT_STATUS: Final = SearchAttributeKey.for_keyword("PaymentStatus")
ORDER_ID: Final = SearchAttributeKey.for_keyword("OrderId")
WALLET: Final = SearchAttributeKey.for_keyword("Wallet")
CURRENCY: Final = SearchAttributeKey.for_keyword("Currency")
AMOUNT_MINOR: Final = SearchAttributeKey.for_int("AmountMinor")
EXPIRES_AT: Final = SearchAttributeKey.for_datetime("ExpiresAt")
NEEDS_ATTENTION: Final = SearchAttributeKey.for_keyword("NeedsAttention")

# After the time to pay, Alipay ends a payment within a minute or two.
OVERDUE_AFTER: Final = timedelta(minutes=5)

KEYS: Final = (
    PAYMENT_STATUS,
    ORDER_ID,
    WALLET,
    CURRENCY,
    AMOUNT_MINOR,
    EXPIRES_AT,
    NEEDS_ATTENTION,
)


class Listed(StrEnum):
    """The values of PaymentStatus; it can also be an outcome other than PAID."""

    # Of an open run: being paid; of a completed run: PAID. This saves an upsert.
    ON_COURSE = "ON_COURSE"
    REVIEW = "REVIEW"
    LATE_MONEY = "LATE_MONEY"
    CALLBACK = "CALLBACK"
    NOTICE = "NOTICE"
    REFUNDS = "REFUNDS"


class NeedsAttention(StrEnum):
    """Why a workflow needs an operator."""

    REVIEW = "REVIEW"  # a person must decide
    NO_VERDICT = "NO_VERDICT"  # Alipay does not answer; it is asked at long intervals
    OVERDUE = "OVERDUE"  # open long after the time to pay
    CALLBACK = "CALLBACK"  # the shop does not accept the callback
    # Of refunds alone:
    SECOND_PERSON = (
        "SECOND_PERSON"  # above the limit of one person; another one must confirm
    )
    BALANCE = "BALANCE"  # the merchant's balance at Alipay is too low
    REFUSED = "REFUSED"  # Alipay refused the refund, and nobody has acted on it


def attributes_of(
    *,
    order_id: str,
    amount: Money,
    wallet: str,
    status: str = Listed.ON_COURSE,
    expires_at: datetime | None = None,
    needs_attention: NeedsAttention | None = None,
) -> TypedSearchAttributes:
    """Return the search attributes for the start of a workflow.

    Args:
        order_id: The shop's order.
        amount: The price of the order.
        wallet: Alipay's code; empty where it is not known.
        status: `Listed`, or an outcome.
        expires_at: When the customer can no longer pay.
        needs_attention: Why it needs an operator from the start; None if it does not.
    """
    pairs: list[SearchAttributePair[Any]] = [
        SearchAttributePair(PAYMENT_STATUS, str(status)),
        SearchAttributePair(ORDER_ID, order_id),
        SearchAttributePair(CURRENCY, amount.currency),
        SearchAttributePair(AMOUNT_MINOR, amount.value),
    ]
    if wallet:
        pairs.append(SearchAttributePair(WALLET, wallet))
    if expires_at:
        pairs.append(SearchAttributePair(EXPIRES_AT, expires_at))
    if needs_attention:
        pairs.append(SearchAttributePair(NEEDS_ATTENTION, str(needs_attention)))
    return TypedSearchAttributes(pairs)


def attributes_of_notice(order_id: str) -> TypedSearchAttributes:
    """Return the search attributes for the start of a notice.

    Args:
        order_id: The order it names; empty where it names none of ours.
    """
    pairs: list[SearchAttributePair[Any]] = [
        SearchAttributePair(PAYMENT_STATUS, str(Listed.NOTICE))
    ]
    if order_id:
        pairs.append(SearchAttributePair(ORDER_ID, order_id))
    return TypedSearchAttributes(pairs)


def amount_in(attributes: TypedSearchAttributes) -> Money | None:
    """Return the price of the order from the list; None for older releases."""
    value, currency = attributes.get(AMOUNT_MINOR), attributes.get(CURRENCY)
    if not currency or value is None:
        return None
    return Money(currency=currency, value=value)


def is_listed(attributes: TypedSearchAttributes) -> bool:
    """Whether a workflow was started with search attributes, and may change them.

    Runs of older releases, and of clusters that do not know the attributes, were not:
    a change would not replay, or would be rejected.
    """
    return attributes.get(ORDER_ID) is not None
