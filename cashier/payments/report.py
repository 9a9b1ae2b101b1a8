"""Shows an order: as text with Rich, or as JSON."""

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from cashier.payments.history_of_acts import Act
from cashier.payments.reading import OrderSeen, Seen
from cashier.payments.refunds import show_refunds
from cashier.printing import print_line, time_in_utc
from cashier.temporal_calls import page_of, printable
from contracts import (
    CallbackView,
    LatePaymentView,
    PaymentView,
    RefundsView,
    Resolved,
    ShopEvent,
    in_words,
)


def show_order(
    console: Console,
    seen: OrderSeen,
    acts: Sequence[Act],
    *,
    ui_url: str,
    namespace: str,
) -> None:
    """Print an order in full, and the link to its page in the Temporal UI."""
    payment, view = seen.payment, seen.payment.view
    if view is None:
        console.print(
            f"{payment.workflow_id} was stopped before its end: {payment.stopped}. "
            f"{_money_of(payment)} may be paid, and no workflow handles it. Start a "
            "new run, which asks Alipay first: cashier recover "
            f"{payment.workflow_id.partition(':')[2]} --by NAME --reason WHY",
            style="red",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    else:
        _show_payment(console, view)
    if seen.paused:
        print_line(console, f"\nIt is {seen.paused.in_words}. To free it:")
        print_line(console, f"  {seen.paused.frees}")
    if seen.waits:
        show_waits(console, seen.waits)
    for late in seen.late_money:
        _show_late_money(console, late)
    if seen.refunds:
        _show_refunds(console, seen.refunds)
    for callback in seen.callbacks:
        _show_callback(console, callback)
    if acts:
        console.print("\n[bold]Who acted[/]")
    for act in acts:
        print_line(console, f"{time_in_utc(act.at)}  {act.name}  {_said(act)}")
    page = page_of(ui_url, namespace, payment.workflow_id, payment.run_id)
    console.print()
    print_line(console, f"Page: {page}")


def show_payment(console: Console, view: PaymentView) -> None:
    """Print the head of a payment: order, money, status, why it needs a person."""
    grid = Table.grid(padding=(0, 2))
    grid.add_row("Order", Text(view.order_id, style="bold"))
    grid.add_row("Money", in_words(view.amount))
    grid.add_row("Status", Text(str(view.status), style="bold"))
    for name, value in (
        ("Paid at", view.paid_at and _time_of_alipay(view.paid_at)),
        ("Result", _result(view)),
        ("Review", view.review and printable(view.review)),
        ("Proposed", _proposal(view)),
        ("Resolved", _resolution(view)),
        ("Began", view.started_at and time_in_utc(view.started_at)),
        ("Ended", view.closed_at and time_in_utc(view.closed_at)),
    ):
        if value:
            grid.add_row(name, Text(value))
    console.print(grid, highlight=False)


def _show_payment(console: Console, view: PaymentView) -> None:
    show_payment(console, view)
    table = Table(header_style="bold")
    for column in ("Attempt", "Wallet", "Alipay's id", "Payable until", "Paid"):
        table.add_column(column, overflow="fold")
    for one in view.attempts:
        table.add_row(
            one.payment_request_id,
            one.wallet,
            one.payment_id or "",
            time_in_utc(one.expires_at) if one.expires_at else "",
            "paid" if one.is_paid else "",
        )
    console.print(table)


def show_waits(console: Console, waits: str) -> None:
    """Print the current details: Markdown, some of whose text comes from Alipay."""
    console.print()
    waits = "\n".join(printable(line, longest=2000) for line in waits.splitlines())
    if console.is_terminal:
        console.print(Markdown(waits))
    else:
        print_line(console, waits)


def _show_late_money(console: Console, late: Seen[LatePaymentView]) -> None:
    console.print(f"\n[bold]Late money[/] {late.workflow_id}", highlight=False)
    if late.view is None:
        print_line(console, f"  stopped before its end: {late.stopped}")
        return
    view = late.view
    print_line(console, f"  {in_words(view.amount)}: {printable(view.status)}")
    for name, value in (
        ("Review", view.review and printable(view.review)),
        ("Proposed", _proposal(view)),
        ("Resolved", _resolution(view)),
    ):
        if value:
            print_line(console, f"  {name}: {value}")


def _show_refunds(console: Console, refunds: Seen[RefundsView]) -> None:
    console.print(f"\n[bold]Refunds[/] {refunds.workflow_id}", highlight=False)
    if refunds.view is None:
        print_line(console, f"  stopped before its end: {refunds.stopped}")
    else:
        show_refunds(console, refunds.view)


def _show_callback(console: Console, callback: Seen[CallbackView]) -> None:
    console.print(f"\n[bold]Callback[/] {callback.workflow_id}", highlight=False)
    if callback.view is None:
        print_line(console, f"  stopped before its end: {callback.stopped}")
        return
    view = callback.view
    for before in view.ended:
        _show_event(console, before.event, before.outcome, before.resolved)
    told = view.outcome or "not accepted by the shop yet"
    _show_event(console, view.event, told, view.resolved)
    for event in view.waiting:
        _show_event(console, event, "waits for its turn", None)


def _show_event(
    console: Console, event: ShopEvent, told: str, resolved: Resolved | None
) -> None:
    print_line(console, f"  {event.type}, {event.outcome}: {told}  ({event.id})")
    if resolved:
        print_line(console, f"  Settled: {_by(resolved)}")


def as_json(
    seen: OrderSeen, acts: Sequence[Act], *, ui_url: str, namespace: str
) -> str:
    """Return an order as JSON; fields are only ever added."""
    payment = seen.payment
    return json.dumps(
        {
            "workflow_id": payment.workflow_id,
            "run_id": payment.run_id,
            "is_open": payment.is_open,
            "stopped": payment.stopped,
            "payment": payment.view and payment.view.model_dump(mode="json"),
            "waits": seen.waits,
            "paused": seen.paused and seen.paused.in_words,
            "late_money": [_entry(one) for one in seen.late_money],
            "callbacks": [_entry(one) for one in seen.callbacks],
            "acts": [
                {
                    "at": act.at.isoformat(timespec="seconds"),
                    "name": act.name,
                    "identity": act.identity,
                    "words": act.words,
                }
                for act in acts
            ],
            "refunds": seen.refunds and _entry(seen.refunds),
            "link": page_of(ui_url, namespace, payment.workflow_id, payment.run_id),
        },
        indent=1,
    )


def _entry(
    seen: Seen[LatePaymentView] | Seen[CallbackView] | Seen[RefundsView],
) -> dict[str, object]:
    return {
        "workflow_id": seen.workflow_id,
        "run_id": seen.run_id,
        "is_open": seen.is_open,
        "stopped": seen.stopped,
        "view": seen.view and seen.view.model_dump(mode="json"),
    }


def _result(view: PaymentView) -> str:
    return printable(f"{view.result_code or ''} {view.result_message or ''}".strip())


def _proposal(view: PaymentView | LatePaymentView) -> str:
    said = view.proposed
    if said is None or view.outcome:
        return ""
    return printable(f"{said.outcome} by {said.by}: {said.reason}")


def _resolution(view: PaymentView | LatePaymentView) -> str:
    return _by(view.resolved) if view.resolved else ""


def _by(said: Resolved) -> str:
    second = f", confirmed by {said.confirmed_by}" if said.confirmed_by else ""
    return printable(f"by {said.by}{second}: {said.reason}")


def _said(act: Act) -> str:
    words = ", ".join(f"{name}: {value}" for name, value in act.words.items())
    return f"{words}  ({printable(act.identity)})".strip()


def _money_of(payment: Seen[PaymentView]) -> str:
    return in_words(payment.amount) if payment.amount else "Its money"


def _time_of_alipay(said: str) -> str:
    """Return a time of Alipay's like all others; as Alipay wrote it if it is none."""
    with suppress(ValueError):
        return time_in_utc(datetime.fromisoformat(said))
    return printable(said)
