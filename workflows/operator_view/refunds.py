"""An order's refunds in words, for their page in the Temporal UI: Markdown."""

from datetime import datetime

from contracts import (
    REFUND_DECISION_WORDS,
    Money,
    RefundDecision,
    RefundsInput,
    RefundStatus,
    in_words,
)
from visibility import NeedsAttention
from visibility.runbook import REFUND_CHAPTERS
from workflows.operator_view.examples import LEFT_EMPTY, example_of
from workflows.operator_view.refund_listing import attentions
from workflows.operator_view.runbook import runbook_link
from workflows.refunds.decision import decisions_for
from workflows.refunds.ledger import Ledger
from workflows.refunds.refund import Refund
from workflows.refunds.views import status_in_words

# More than fit on a page; `cashier refunds show` has all of them.
MOST_LINES = 30
MOST_EXPLAINED = 5
WORDS = {
    RefundStatus.CONFIRMING: "waits for a second person",
    RefundStatus.REVIEW: "waits for a person's decision",
    RefundStatus.REQUESTED: "is being sent",
    RefundStatus.SENT: "Alipay has not said what became of it",
    RefundStatus.WAITING: "waits for the merchant's balance at Alipay",
    RefundStatus.IN_PROCESS: "Alipay has taken it on",
    RefundStatus.SUCCEEDED: "has gone back",
    RefundStatus.REFUSED: "was refused",
    RefundStatus.RETURNED: "had gone back, and has bounced",
}
# Why a refund needs attention, and the first thing to do.
_TO_DO = {
    NeedsAttention.REVIEW: (
        "Look the dispute up in Alipay's portal. Send the refund only if the dispute "
        "is over, or answered with this refund; both would pay the customer."
    ),
    NeedsAttention.SECOND_PERSON: (
        "It is more than one person may give back, and nothing was sent. Another "
        "person confirms it, or withdraws it."
    ),
    NeedsAttention.NO_VERDICT: (
        "It is asked about, and sent again under the same id, with growing pauses. "
        "Nothing need be done; never refund it in Alipay's portal meanwhile."
    ),
    NeedsAttention.OVERDUE: (
        "Alipay took it on more than a day ago. Ask Alipay's support by this id; "
        "never refund it a second time meanwhile."
    ),
    NeedsAttention.BALANCE: (
        "Top up the merchant's balance at Alipay; it is sent again by itself, within "
        "about an hour, or at once with `SEND`."
    ),
    NeedsAttention.REFUSED: (
        "Nothing went back, and it is not tried again. Once the cause is gone ask for "
        "a refund under another `refund_id`, or pay the customer in another way."
    ),
}


def refunds_details_of(ledger: Ledger, given: RefundsInput, now: datetime) -> str:
    """Return the current details of an order's refunds, as Markdown.

    Instructions stand first, then a line for each refund, the newest first.
    """
    needing = list(attentions(ledger, now))
    parts = [f"### Refunds: {status_in_words(ledger)}"]
    for refund, attention in needing[:MOST_EXPLAINED]:
        parts += _explained(refund, attention, given, now)
    if len(needing) > MOST_EXPLAINED:
        more = len(needing) - MOST_EXPLAINED
        parts.append(f"**Needs attention:** {more} more: {_command(ledger)}.")
    parts += [
        _lines(ledger),
        _elsewhere(ledger),
        f"**Order** `{ledger.order_id}`, paid by `{ledger.payment_request_id}`. "
        f"{_left(ledger)}",
        _may_be_asked_for(ledger),
        _may_have_bounced(ledger),
    ]
    return "\n\n".join(part for part in parts if part)


def _explained(
    refund: Refund, attention: NeedsAttention, given: RefundsInput, now: datetime
) -> list[str]:
    """Return why a refund needs attention, what to do, and an example update."""
    link = runbook_link(given.runbook_url, REFUND_CHAPTERS[attention])
    why = _one_line(refund.doubt or _reason(refund))
    parts = [
        f"**Needs attention:** `{refund.refund_id}` over {in_words(refund.amount)}: "
        f"{why}. {_TO_DO[attention]} At Alipay it is `{refund.request_id}`.{link}"
    ]
    if proposed := refund.proposed:
        parts.append(
            f"**Proposed:** {proposed.outcome}, by {_one_line(proposed.by)} (reason: "
            f"{_one_line(proposed.reason)}). A second person must say the same."
        )
    if refund.status is RefundStatus.CONFIRMING:
        example = example_of(refund_id=refund.refund_id, by="", reason="")
        parts.append(
            f"**You may:** confirm it with the update `confirm`. {LEFT_EMPTY}\n\n"
            f"{example}"
        )
    if outcomes := decisions_for(refund, now):
        parts.append(_how_it_is_resolved(refund, outcomes))
    return parts


def _how_it_is_resolved(refund: Refund, outcomes: tuple[RefundDecision, ...]) -> str:
    proposed = refund.proposed.outcome if refund.proposed else ""
    named = ", ".join(f"`{one}` ({REFUND_DECISION_WORDS[one]})" for one in outcomes)
    again = (
        f" Another outcome takes the place of `{proposed}` with "
        f'`"replaces": "{proposed}"`.'
        if proposed
        else ""
    )
    example = example_of(
        refund_id=refund.refund_id, outcome=proposed or outcomes[0], by="", reason=""
    )
    return (
        f"**You may:** use the update `resolve`; `outcome` is one of {named}. "
        f"{LEFT_EMPTY}{again}\n\n{example}"
    )


def _lines(ledger: Ledger) -> str:
    """Return a list with one line for each refund."""
    newest = list(reversed(ledger.refunds.values()))
    lines = [_line(refund) for refund in newest[:MOST_LINES]]
    if len(newest) > MOST_LINES:
        lines.append(f"- {len(newest) - MOST_LINES} earlier ones: {_command(ledger)}")
    return "\n".join(lines)


def _line(refund: Refund) -> str:
    return (
        f"- `{refund.refund_id}`: {in_words(refund.amount)}, {_reason(refund)}. Asked "
        f"for by {_one_line(refund.request.by)} on {_time(refund.asked_at)}."
    )


def _reason(refund: Refund) -> str:
    """Return the state of a refund, with Alipay's text where it has refused."""
    said = WORDS[refund.status]
    if refund.by_cancel and refund.status is RefundStatus.SUCCEEDED:
        said += ", by a cancel of the whole payment"
    if refusal := refund.refusal:
        said += f": {_one_line(f'{refusal.code} {refusal.message}')}"
    return said.rstrip(" .")


def _elsewhere(ledger: Ledger) -> str:
    """Name money that went back, or is going back, by other refunds than ours."""
    amounts = [one.amount for one in ledger.elsewhere]
    if not amounts:
        return ""
    named = ", ".join(map(in_words, amounts))
    return f"Gone back otherwise, in Alipay's portal or before this run: {named}."


def _left(ledger: Ledger) -> str:
    if ledger.left is None:
        return "What can still be refunded, Alipay has not said yet."
    if ledger.left.value == 0:
        return "Nothing is left to refund."
    return f"{in_words(ledger.left)} can still be refunded."


def _may_be_asked_for(ledger: Ledger) -> str:
    left = ledger.left or Money(currency="", value=0)
    if left.value == 0:
        return ""
    example = example_of(
        refund_id="",
        amount=left.model_dump(),
        reason_for_customer="",
        note="",
        by="",
    )
    return (
        "**You may:** give money back with the update `refund`. `refund_id` is a name "
        "of yours, and the same again is the same refund; `amount.value` is in minor "
        "units; `reason_for_customer` is shown to the customer, `note` is not. Fill in "
        f"`by`, your name.\n\n{example}"
    )


def _may_have_bounced(ledger: Ledger) -> str:
    refunds = ledger.refunds.values()
    if not any(one.status is RefundStatus.SUCCEEDED for one in refunds):
        return ""
    example = example_of(refund_id="", by="", reason="")
    return (
        "**You may:** record with the update `returned` that Alipay's settlement file "
        "shows a refund as bounced: its amount can be refunded again. "
        f"{LEFT_EMPTY}\n\n{example}"
    )


def _command(ledger: Ledger) -> str:
    return f"`cashier refunds show {ledger.order_id}`"


def _one_line(text: str) -> str:
    """Return a text from outside on one line, escaped for Markdown."""
    return " ".join(text.split()).rstrip(" .")


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
