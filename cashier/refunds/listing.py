"""`cashier refunds list`: the newest refunds of all orders, from their workflows."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text
from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus

from cashier.payments.reading import look_at
from cashier.payments.send_update import PATIENCE
from cashier.printing import time_in_utc
from cashier.temporal_calls import QUICK, CommandError, ends_within, page_of, printable
from contracts import RefundRecord, RefundStatus, RefundsView, in_words
from visibility import NEEDS_ATTENTION, ORDER_ID
from visibility.stuck import OPEN_REFUNDS

ALL_REFUNDS = 'WorkflowType = "OrderRefunds"'
RUNNING = WorkflowExecutionStatus.RUNNING
AT_ONCE = 16


@dataclass(frozen=True)
class Wanted:
    """Which refunds are listed; None and False filter nothing.

    Attributes:
        status: Their status.
        attention: Only orders whose refunds need attention.
        limit: The most orders whose refunds are listed.
    """

    status: RefundStatus | None = None
    attention: bool = False
    limit: int = 50


@dataclass(frozen=True)
class Line:
    """One refund; without a record where its workflow could not be read."""

    order_id: str
    workflow_id: str
    run_id: str
    attention: str | None
    record: RefundRecord | None
    unread: str = ""


async def list_refunds(
    client: Client, console: Console, wanted: Wanted, *, ui_url: str, as_json: bool
) -> int:
    """Print the newest refunds; return the exit code.

    Open workflows are queried; of closed ones the result is read.
    """
    query = f"{OPEN_REFUNDS} AND {NEEDS_ATTENTION.name} IS NOT NULL"
    async with ends_within(PATIENCE, "try a smaller --limit"):
        owners = [
            one
            async for one in client.list_workflows(
                query if wanted.attention else ALL_REFUNDS,
                limit=wanted.limit,
                rpc_timeout=QUICK,
            )
        ]
        lines = await _lines_of(client, _newest_of_each(owners))
    if wanted.status:
        lines = [one for one in lines if _status(one) == wanted.status]
    lines.sort(key=_asked_at, reverse=True)
    if as_json:
        entries = [_entry(line, ui_url, client.namespace) for line in lines]
        console.file.write(json.dumps(entries, indent=1) + "\n")
    elif lines:
        _show(console, lines)
        if len(owners) == wanted.limit:
            console.print(
                "There may be more refunds; see --limit, --status and --attention."
            )
    else:
        console.print("No refund matches.")
    return 0


def _newest_of_each(owners: Sequence[WorkflowExecution]) -> list[WorkflowExecution]:
    """Return the newest run of each workflow: it has all refunds of earlier runs."""
    newest: dict[str, WorkflowExecution] = {}
    for one in owners:
        known = newest.get(one.id)
        if known is None or known.start_time < one.start_time:
            newest[one.id] = one
    return list(newest.values())


async def _lines_of(client: Client, owners: Sequence[WorkflowExecution]) -> list[Line]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def read(one: WorkflowExecution) -> list[Line]:
        async with gate:
            return await _lines(client, one)

    return [line for some in await asyncio.gather(*map(read, owners)) for line in some]


async def _lines(client: Client, owner: WorkflowExecution) -> list[Line]:
    known = owner.typed_search_attributes
    attention = known.get(NEEDS_ATTENTION) if owner.status is RUNNING else None
    order_id = known.get(ORDER_ID) or owner.id.partition(":")[2]

    def line(record: RefundRecord | None, unread: str = "") -> Line:
        return Line(order_id, owner.id, owner.run_id, attention, record, unread)

    try:
        seen = await look_at(client, owner.id, RefundsView)
    except CommandError as error:
        return [line(None, str(error))]
    if seen.view is None:
        return [line(None, f"stopped before its end: {seen.stopped}")]
    return [line(record) for record in seen.view.refunds]


def _status(line: Line) -> RefundStatus | None:
    return line.record.status if line.record else None


def _asked_at(line: Line) -> datetime:
    return line.record.asked_at if line.record else datetime.now(UTC)


def _show(console: Console, lines: Sequence[Line]) -> None:
    table = Table(header_style="bold")
    for name in ("Order", "Refund", "Amount", "Status", "Attention", "By", "Asked"):
        table.add_column(name, overflow="fold")
    for line in lines:
        one = line.record
        table.add_row(
            Text(line.order_id, style="bold"),
            one.refund_id if one else "",
            in_words(one.amount) if one else "",
            str(one.status) if one else Text(printable(line.unread), style="red"),
            Text(line.attention or "", style="red"),
            printable(one.by) if one else "",
            time_in_utc(one.asked_at) if one else "",
        )
    console.print(table)


def _entry(line: Line, ui_url: str, namespace: str) -> dict[str, Any]:
    """Return a line as JSON; fields are only ever added."""
    record = line.record
    return {
        "order_id": line.order_id,
        "workflow_id": line.workflow_id,
        "run_id": line.run_id,
        "attention": line.attention,
        "unread": line.unread or None,
        "refund": record and record.model_dump(mode="json", exclude={"proof"}),
        "link": page_of(ui_url, namespace, line.workflow_id, line.run_id),
    }
