"""Late money in words, for its page in the Temporal UI."""

from contracts import LateOutcome, LatePaymentInput, LatePaymentView, in_words
from visibility import NeedsAttention
from workflows.operator_view.examples import example_of_resolve
from workflows.operator_view.runbook import runbook_link


def late_details_of(
    late: LatePaymentInput,
    view: LatePaymentView,
    *,
    lacks_a_verdict: bool,
    is_overdue: bool,
) -> str:
    """Return the current details of late money, as Markdown."""
    parts = [f"### Late money: {view.status}"]
    if view.outcome is not None:
        return parts[0]
    if view.review:
        link = runbook_link(late.runbook_url, "review")
        parts.append(f"**Needs attention:** A person must decide: {view.review}.{link}")
    elif lacks_a_verdict:
        link = runbook_link(late.runbook_url, "alipay-does-not-answer")
        parts.append(
            "**Needs attention:** Alipay does not answer; it is asked again with "
            f"growing pauses.{link}"
        )
    elif is_overdue:
        link = runbook_link(late.runbook_url, "late-money-that-waits")
        parts.append(
            "**Needs attention:** There is no certain answer yet; the question is "
            f"repeated with growing pauses.{link}"
        )
    if proposed := view.proposed:
        parts.append(
            f"**Proposed:** {proposed.outcome}, by {proposed.by} (reason: "
            f"{proposed.reason}). A second person must say the same."
        )
    if view.review or lacks_a_verdict or is_overdue:
        parts.append(
            "**You may:** look it up at Alipay, do there what is to be done, then "
            "settle it with the update `resolve`. "
            + example_of_resolve(
                LateOutcome,
                LateOutcome.REFUNDED,
                proposed=view.proposed.outcome if view.proposed else None,
            )
        )
    parts.append(
        f"`{late.payment_request_id}` of order `{late.order_id}` was reported paid "
        f"after the end, or on top of another payment; the order is over "
        f"{in_words(late.amount)}."
    )
    return "\n\n".join(parts)


def late_attention_of(
    view: LatePaymentView, *, lacks_a_verdict: bool, is_overdue: bool
) -> NeedsAttention | None:
    """Return why late money needs an operator's attention; None if it does not."""
    if view.outcome is not None:
        return None
    if view.review and not view.resolved:
        return NeedsAttention.REVIEW
    if lacks_a_verdict:
        return NeedsAttention.NO_VERDICT
    return NeedsAttention.OVERDUE if is_overdue else None
