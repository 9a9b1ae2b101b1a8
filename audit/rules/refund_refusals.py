"""Checks that a refund was certainly refused, so that the amount is free again."""

from typing import Final

from audit.history.refunds import RefundFacts
from audit.history.signed_refunds import BALANCE_TOO_LOW, CANCELLED_BEFORE, SignedRefund
from contracts import (
    RefundRecord,
    RefundVerdict,
    Refusal,
    refund_named_in,
)

# F that says nothing about an earlier call with the same id: an error of ours.
OUR_OWN_FAULT: Final = (
    "REPEAT_REQ_INCONSISTENT",
    "PARAM_ILLEGAL",
    "INVALID_SIGNATURE",
    "ACCESS_DENIED",
    "KEY_NOT_FOUND",
)
# The number of answers that the refund is unknown, after which such an error is final.
MOST_UNKNOWN: Final = 3
# The codes of refusals by the inquiry, before anything was sent.
BY_THE_LOOK: Final = (
    Refusal.NOT_PAID,
    Refusal.REFUND_DIFFERS,
    Refusal.MORE_THAN_IS_LEFT,
    CANCELLED_BEFORE,
)


def is_short_of_balance(facts: RefundFacts, request_id: str) -> bool:
    """Whether Alipay has refused a try because the merchant's balance was too low."""
    return any(
        one.request_id == request_id
        and one.verdict is RefundVerdict.REFUSED
        and one.code == BALANCE_TOO_LOW
        for one in facts.words
    )


def is_refused_for_certain(facts: RefundFacts, one: RefundRecord) -> bool:
    """Whether Alipay has signed that a refund gives nothing back."""
    tries = facts.words_on(facts.name_of(one.refund_id))
    words = [word for word in tries if word.request_id == one.refund_request_id]
    refused = [word for word in words if word.verdict is RefundVerdict.REFUSED]
    if any(_is_definite(word) for word in refused):
        return True
    unknown = [word for word in words if word.verdict is RefundVerdict.NOT_EXIST]
    if refused and len(unknown) >= MOST_UNKNOWN:
        return True
    return one.result_code in BY_THE_LOOK and _was_looked_at(facts, one)


def _is_definite(word: SignedRefund) -> bool:
    if word.code == BALANCE_TOO_LOW:
        return False  # it continues with a new id
    return word.code not in OUR_OWN_FAULT or not word.was_sent


def _was_looked_at(facts: RefundFacts, one: RefundRecord) -> bool:
    """Whether Alipay has signed an inquiry for it, after which nothing was sent."""
    name = refund_named_in(one.refund_request_id)
    calls = {
        sent.event_id
        for sent in facts.sent
        if refund_named_in(sent.call.refund_request_id) == name
    }
    return any(number in calls for number in facts.looks_before_nothing)
