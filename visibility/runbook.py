"""The chapters of docs/runbook.md about refunds, for links from lists and pages."""

from typing import Final

from visibility.attributes import NeedsAttention

REFUND_CHAPTERS: Final = {
    NeedsAttention.REVIEW: "a-refund-and-a-dispute",
    NeedsAttention.SECOND_PERSON: "a-refund-for-a-second-person",
    NeedsAttention.NO_VERDICT: "a-refund-without-an-answer",
    NeedsAttention.OVERDUE: "a-refund-that-takes-long",
    NeedsAttention.BALANCE: "a-refund-and-the-balance-is-too-low",
    NeedsAttention.REFUSED: "a-refund-that-was-refused",
}
