"""`cashier payments list`: the newest payments, as Temporal's list knows them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text
from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus

from cashier.payments.send_update import PATIENCE
from cashier.printing import time_in_utc
from cashier.temporal_calls import QUICK, ends_within, page_of
from contracts import Money, PaymentOutcome, in_words
from visibility import (
    AMOUNT_MINOR,
    CURRENCY,
    NEEDS_ATTENTION,
    ORDER_ID,
    PAYMENT_STATUS,
    WALLET,
    Listed,
)
from visibility.stuck import any_of

PAYMENTS = 'WorkflowType = "CashierPayment"'
RUNNING = WorkflowExecutionStatus.RUNNING
COMPLETED = WorkflowExecutionStatus.COMPLETED


@dataclass(frozen=True)
class Wanted:
    """Which payments are listed; None and False filter nothing.

    Attributes:
        status: As `status_in` returns it.
        wallet: Alipay's code.
        attention: Only payments that need attention.
        limit: The most that are listed.
    """

    status: str | None = None
    wallet: str | None = None
    attention: bool = False
    limit: int = 50


@dataclass(frozen=True)
class Line:
    """One payment of the list; a field is None where the list does not have it."""

    order_id: str
    workflow_id: str
    run_id: str
    wallet: str | None
    amount: Money | None
    status: str
    attention: str | None
    began: datetime
    ended: datetime | None


async def list_payments(
    client: Client, console: Console, wanted: Wanted, *, ui_url: str, as_json: bool
) -> int:
    """Print the newest payments; return the exit code.

    Only the list is read: nothing is decrypted, and no worker is queried.
    """
    listed = client.list_workflows(
        filter_of(wanted), limit=wanted.limit, rpc_timeout=QUICK
    )
    async with ends_within(PATIENCE, "try a smaller --limit"):
        lines = [line_of(one) async for one in listed]
    lines.sort(key=lambda line: line.began, reverse=True)
    if as_json:
        entries = [_entry(line, ui_url, client.namespace) for line in lines]
        console.file.write(json.dumps(entries, indent=1) + "\n")
    elif lines:
        _show(console, lines)
        if len(lines) == wanted.limit:
            console.print(
                "There may be more payments; see --limit, --status and --wallet."
            )
    else:
        console.print("No payment matches.")
    return 0


def filter_of(wanted: Wanted) -> str:
    """Return the filter of Temporal's list."""
    conditions = [PAYMENTS]
    if wanted.status:
        conditions.append(f"({_condition_of(wanted.status)})")
    if wanted.wallet:
        conditions.append(f'{WALLET.name} = "{wanted.wallet}"')
    if wanted.attention:
        conditions.append(f"{NEEDS_ATTENTION.name} IS NOT NULL AND {_is('Running')}")
    return " AND ".join(conditions)


def _condition_of(status: str) -> str:
    name = PAYMENT_STATUS.name
    match status:
        case PaymentOutcome.PAID:
            # PAID is listed as ON_COURSE and completed (decision 12).
            paid = any_of((Listed.ON_COURSE, PaymentOutcome.PAID))
            return f"{_is('Completed')} AND {name} IN ({paid})"
        case "OPEN":
            return _is("Running")
        case Listed.REVIEW:
            return f'{_is("Running")} AND {name} = "{Listed.REVIEW}"'
        case "STOPPED":
            ended = any_of(("Failed", "Terminated", "TimedOut", "Canceled"))
            return f"ExecutionStatus IN ({ended})"
    return f'{_is("Completed")} AND {name} = "{status}"'


def _is(status: str) -> str:
    return f'ExecutionStatus = "{status}"'


def line_of(one: WorkflowExecution) -> Line:
    """Return the line of a payment, from its entry in Temporal's list."""
    known = one.typed_search_attributes
    value, currency = known.get(AMOUNT_MINOR), known.get(CURRENCY)
    return Line(
        order_id=known.get(ORDER_ID) or one.id.partition(":")[2],
        workflow_id=one.id,
        run_id=one.run_id,
        wallet=known.get(WALLET),
        amount=Money(currency=currency, value=value)
        if currency and value is not None
        else None,
        status=status_in(one),
        attention=known.get(NEEDS_ATTENTION) if one.status is RUNNING else None,
        began=one.start_time,
        ended=one.close_time,
    )


def status_in(one: WorkflowExecution) -> str:
    """Return the status of a payment: OPEN, REVIEW, its outcome, or how it was stopped.

    A run of an older release, or of a cluster without search attributes, is COMPLETED.
    """
    listed = one.typed_search_attributes.get(PAYMENT_STATUS)
    if one.status is RUNNING:
        return str(Listed.REVIEW) if listed == Listed.REVIEW else "OPEN"
    if one.status is COMPLETED:
        paid = listed == Listed.ON_COURSE
        return str(PaymentOutcome.PAID) if paid else listed or "COMPLETED"
    return one.status.name if one.status else "UNKNOWN"


def _show(console: Console, lines: Sequence[Line]) -> None:
    table = Table(header_style="bold")
    for name in ("Order", "Wallet", "Amount", "Status", "Attention", "Began", "Ended"):
        table.add_column(name, overflow="fold")
    for line in lines:
        table.add_row(
            Text(line.order_id, style="bold"),
            line.wallet or "unknown",
            in_words(line.amount) if line.amount else "unknown",
            line.status,
            Text(line.attention or "", style="red"),
            time_in_utc(line.began),
            time_in_utc(line.ended) if line.ended else "",
        )
    console.print(table)


def _entry(line: Line, ui_url: str, namespace: str) -> dict[str, Any]:
    """Return a line as JSON; fields are only ever added."""
    return {
        "order_id": line.order_id,
        "workflow_id": line.workflow_id,
        "run_id": line.run_id,
        "wallet": line.wallet,
        "currency": line.amount.currency if line.amount else None,
        "amount_minor": line.amount.value if line.amount else None,
        "status": line.status,
        "attention": line.attention,
        "began": line.began.astimezone(UTC).isoformat(timespec="seconds"),
        "ended": line.ended.astimezone(UTC).isoformat(timespec="seconds")
        if line.ended
        else None,
        "link": page_of(ui_url, namespace, line.workflow_id, line.run_id),
    }
