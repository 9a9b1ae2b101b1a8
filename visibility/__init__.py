"""Reads the state of payments from Temporal: search attributes, workers, views."""

from visibility.attributes import (
    AMOUNT_MINOR,
    CURRENCY,
    EXPIRES_AT,
    KEYS,
    NEEDS_ATTENTION,
    ORDER_ID,
    OVERDUE_AFTER,
    PAYMENT_STATUS,
    WALLET,
    Listed,
    NeedsAttention,
    amount_in,
    attributes_of,
    attributes_of_notice,
    is_listed,
)

__all__ = [
    "AMOUNT_MINOR",
    "CURRENCY",
    "EXPIRES_AT",
    "KEYS",
    "NEEDS_ATTENTION",
    "ORDER_ID",
    "OVERDUE_AFTER",
    "PAYMENT_STATUS",
    "WALLET",
    "Listed",
    "NeedsAttention",
    "amount_in",
    "attributes_of",
    "attributes_of_notice",
    "is_listed",
]
