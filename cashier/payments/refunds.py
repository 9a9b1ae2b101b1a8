"""Shows the refunds of an order: their status, who asked, and the rest to refund."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cashier.printing import print_line, time_in_utc
from cashier.refund_decisions import decisions_in_words
from cashier.temporal_calls import printable
from contracts import (
    RefundRecord,
    RefundStatus,
    RefundsView,
    Resolved,
    in_words,
)

# What a refund waits for, by its status.
WAITS_FOR = {
    RefundStatus.CONFIRMING: "a second person: cashier refunds confirm",
    RefundStatus.REVIEW: "a person's decision: cashier refunds resolve",
    RefundStatus.REQUESTED: "Alipay's answer",
    RefundStatus.SENT: "Alipay, which has not reported an outcome",
    RefundStatus.WAITING: "the merchant's balance at Alipay, which was too low",
    RefundStatus.IN_PROCESS: "Alipay, which has accepted it and processes it",
}


def show_refunds(console: Console, view: RefundsView) -> None:
    """Print all refunds of an order, and the amount that can still be refunded."""
    table = Table(header_style="bold")
    for name in ("Refund", "Amount", "Status", "Asked for by", "Asked", "Ended", "Why"):
        table.add_column(name, overflow="fold")
    for one in view.refunds:
        table.add_row(
            Text(one.refund_id, style="bold"),
            in_words(one.amount),
            str(one.status),
            printable(one.by),
            time_in_utc(one.asked_at),
            time_in_utc(one.ended_at) if one.ended_at else "",
            Text(_why(one)),
        )
    if view.refunds:
        console.print(table)
    for seen in view.elsewhere:
        amount = in_words(seen.amount)
        print_line(
            console, f"Returned in other ways: {amount}, {seen.kind} {seen.status}"
        )
    for one in view.refunds:
        if may := decisions_in_words(view.order_id, one):
            print_line(
                console, f"{one.refund_id}, you may: {printable(may, longest=1000)}"
            )
    left = in_words(view.left) if view.left else "not known before Alipay is asked"
    print_line(console, f"Paid: {in_words(view.paid)}. Can still be refunded: {left}.")


def show_refund(console: Console, order_id: str, record: RefundRecord) -> None:
    """Print all that is known of one refund, and what a person may do about it."""
    grid = Table.grid(padding=(0, 2))
    for name, value in (
        ("Refund", record.refund_id),
        ("Amount", in_words(record.amount)),
        ("Status", str(record.status)),
        ("Waits for", WAITS_FOR.get(record.status, "")),
        ("You may", decisions_in_words(order_id, record)),
        ("Review", record.review or ""),
        ("Result", f"{record.result_code} {record.result_message}".strip()),
        ("By cancel", "yes: no commission is due" if record.by_cancel else ""),
        ("Asked for by", record.by),
        ("For customer", record.reason_for_customer),
        ("Note", record.note),
        ("Confirmed", _by(record.confirmed)),
        ("Proposed", _proposal(record)),
        ("Resolved", _by(record.resolved)),
        ("Bounced", _by(record.returned)),
        ("At Alipay", record.refund_request_id),
        ("Asked", time_in_utc(record.asked_at)),
        ("Sent", time_in_utc(record.sent_at) if record.sent_at else ""),
        ("Ended", time_in_utc(record.ended_at) if record.ended_at else ""),
    ):
        if value:
            grid.add_row(name, Text(printable(value, longest=1000)))
    console.print(grid, highlight=False)


def _why(record: RefundRecord) -> str:
    """Return what it waits for, or why it ended so; may be empty."""
    if record.returned:
        return f"bounced, recorded {_by(record.returned)}"
    said = record.review or WAITS_FOR.get(record.status, "")
    code = f"{record.result_code} {record.result_message}".strip()
    return printable("; ".join(part for part in (said, code) if part))


def _proposal(record: RefundRecord) -> str:
    said = record.proposed
    return f"{said.outcome} by {said.by}: {said.reason}" if said else ""


def _by(said: Resolved | None) -> str:
    if said is None:
        return ""
    second = f", confirmed by {said.confirmed_by}" if said.confirmed_by else ""
    return printable(f"by {said.by}{second}: {said.reason}", longest=1000)
