"""An order's refunds in words, for their page in the Temporal UI."""

from datetime import datetime

from contracts import RefundsInput, RefundStatus, in_words
from visibility import Listed, NeedsAttention
from workflows.operator_view.examples import LEFT_EMPTY, example_of
from workflows.operator_view.listing import Listing
from workflows.operator_view.runbook import runbook_link
from workflows.refunds.decision import attention_of, decisions_for
from workflows.refunds.ledger import Ledger
from workflows.refunds.refund import Refund
from workflows.refunds.views import status_in_words

WORDS = {
    RefundStatus.CONFIRMING: "waits for a second person",
    RefundStatus.REVIEW: "a person must decide",
    RefundStatus.REQUESTED: "is being sent",
    RefundStatus.SENT: "Alipay has not said what became of it",
    RefundStatus.WAITING: "the merchant's balance at Alipay is too low",
    RefundStatus.IN_PROCESS: "Alipay has taken it on",
    RefundStatus.SUCCEEDED: "has gone back",
    RefundStatus.REFUSED: "was refused",
    RefundStatus.RETURNED: "had gone back, and bounced",
}
CHAPTERS = {
    NeedsAttention.REVIEW: "a-refund-that-waits-for-a-person",
    NeedsAttention.NO_VERDICT: "a-refund-without-an-answer",
    NeedsAttention.BALANCE: "a-refund-and-the-balance-is-too-low",
    NeedsAttention.OVERDUE: "a-refund-that-takes-long",
}
# What needs a person most stands in the list, which has room for one.
GRAVEST = (
    NeedsAttention.REVIEW,
    NeedsAttention.NO_VERDICT,
    NeedsAttention.OVERDUE,
    NeedsAttention.BALANCE,
)


def listing_of_refunds(ledger: Ledger, now: datetime) -> Listing:
    """Say how an order's refunds are listed."""
    needed = {attention_of(refund, now) for refund in ledger.open}
    gravest = next((one for one in GRAVEST if one in needed), None)
    return Listing(Listed.REFUNDS, gravest)


def refunds_details_of(ledger: Ledger, given: RefundsInput, now: datetime) -> str:
    """Return the current details of an order's refunds, as Markdown."""
    parts = [f"### Refunds: {status_in_words(ledger)}"]
    for refund in ledger.refunds.values():
        parts.append(_line(refund))
        if attention := attention_of(refund, now):
            parts.append(_attention(refund, attention, given, now))
    left = f"{in_words(ledger.left)} can still be refunded." if ledger.left else ""
    parts.append(
        f"Order `{ledger.order_id}`, paid by `{ledger.payment_request_id}`. {left}"
    )
    return "\n\n".join(parts)


def _line(refund: Refund) -> str:
    told = f"- `{refund.refund_id}`: {in_words(refund.amount)}, {WORDS[refund.status]}"
    if refund.refusal:
        told += f" ({refund.refusal.code} {refund.refusal.message})".rstrip()
    return f"{told}. Asked for by {refund.request.by}."


def _attention(
    refund: Refund, attention: NeedsAttention, given: RefundsInput, now: datetime
) -> str:
    link = runbook_link(given.runbook_url, CHAPTERS[attention])
    why = refund.doubt or WORDS[refund.status]
    words = [f"**Needs attention:** `{refund.refund_id}`: {why}.{link}"]
    if refund.status is RefundStatus.CONFIRMING:
        example = example_of(refund_id=refund.refund_id, by="", reason="")
        words.append(
            f"**You may:** confirm it with the update `confirm`. {LEFT_EMPTY}\n\n"
            f"{example}"
        )
    if proposed := refund.proposed:
        words.append(
            f"**Proposed:** {proposed.outcome}, by {proposed.by} (reason: "
            f"{proposed.reason}). A second person must say the same."
        )
    if outcomes := decisions_for(refund, now):
        named = ", ".join(f"`{one}`" for one in outcomes)
        example = example_of(
            refund_id=refund.refund_id, outcome=outcomes[0], by="", reason=""
        )
        words.append(
            f"**You may:** settle it with the update `resolve`; `outcome` is one of "
            f"{named}. {LEFT_EMPTY}\n\n{example}"
        )
    return "\n\n".join(words)
