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
    """Which payments are listed; what is None, or False, does not matter.

    Attributes:
        status: As `status_in` writes it.
        wallet: Alipay's code.
        attention: Only those that an operator should look at.
        limit: At most so many.
    """

    status: str | None = None
    wallet: str | None = None
    attention: bool = False
    limit: int = 50


@dataclass(frozen=True)
class Line:
    """One payment of the list; None where the list does not know it."""

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

    The list is read alone: nothing is decoded, and no worker is asked.
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
            console.print("There may be more; see --limit, --status and --wallet.")
    else:
        console.print("There is no such payment.")
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
            # On course and completed together say so (decision 12).
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
    """Return what the list says of a payment."""
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
    """Say how a payment stands: OPEN, REVIEW, its outcome, or how it was stopped.

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
    """Return a line for programs; fields are only ever added."""
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
