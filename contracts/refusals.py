"""The types of the failures by which a validator rejects an update.

Their messages reach the caller in clear text, although payloads are encrypted
(`temporal_client.ReadableRefusals`): so they name rules, fields, ids, amounts and
outcomes, and never a person or a person's reason.
"""

from enum import StrEnum


class Refusal(StrEnum):
    """The type of a refusal; the auditor, which replays validators, uses it too."""

    WRONG_SHAPE = "WRONG_SHAPE"
    RESOLUTION_INCOMPLETE = "RESOLUTION_INCOMPLETE"
    SECOND_PERSON_NEEDED = "SECOND_PERSON_NEEDED"
    PROPOSED_OTHERWISE = "PROPOSED_OTHERWISE"
    SETTLED = "SETTLED"
    NOT_IN_REVIEW = "NOT_IN_REVIEW"
    IN_REVIEW = "IN_REVIEW"
    NOT_OPEN = "NOT_OPEN"
    ORDER_DIFFERS = "ORDER_DIFFERS"
    # About refunds.
    REFUND_INCOMPLETE = "REFUND_INCOMPLETE"
    REFUND_DIFFERS = "REFUND_DIFFERS"
    MORE_THAN_IS_LEFT = "MORE_THAN_IS_LEFT"
    REMAINING_DIFFERS = "REMAINING_DIFFERS"
    CURRENCY_DIFFERS = "CURRENCY_DIFFERS"
    NOT_PAID = "NOT_PAID"
    UNKNOWN_REFUND = "UNKNOWN_REFUND"
