"""Runs of all kinds that lists tell apart, made alike on any server."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import PauseActivityRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.common import RawValue, TypedSearchAttributes
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from contracts import TASK_QUEUE, Money
from visibility import NEEDS_ATTENTION, Listed, NeedsAttention, attributes_of
from visibility.stuck import WORKFLOW_TYPES

PRICE = Money(currency="PHP", value=131400)
NO_QUEUE = "a-queue-that-nobody-serves"
# With signs that mean something in a filter, or in the SQL that is made of it.
ODD_IDS = ("payment:o'neil", "payment:100%_", 'payment:"quoted"', "payment:back\\slash")


@dataclass(frozen=True)
class Wanted:
    """One run to be made.

    Attributes:
        workflow_id: Its id.
        kind: Its workflow type.
        does: What becomes of it; `wait` where nothing does.
        status, needs_attention, expires_at, wallet: Its search attributes.
        task_queue: Where its worker would ask.
        order_id: Its order, where its id does not say it.
    """

    workflow_id: str
    kind: str = "CashierPayment"
    does: str = "wait"
    status: str = Listed.ON_COURSE
    needs_attention: NeedsAttention | None = None
    expires_at: datetime | None = None
    wallet: str = "GCASH"
    task_queue: str = TASK_QUEUE
    order_id: str = ""

    @property
    def attributes(self) -> TypedSearchAttributes:
        return attributes_of(
            order_id=self.order_id or self.workflow_id.partition(":")[2],
            amount=PRICE,
            wallet=self.wallet,
            status=self.status,
            expires_at=self.expires_at,
            needs_attention=self.needs_attention,
        )


def all_kinds(now: datetime) -> list[Wanted]:
    """Return a run for each thing that a filter looks for."""
    soon, long_ago = now + timedelta(minutes=14), now - timedelta(hours=2)
    return [
        Wanted("payment:waits", expires_at=soon),
        Wanted("payment:paid", does="end"),
        Wanted("payment:paid-late-told", does="end", status="PAID"),
        Wanted("payment:declined", does="end", status="DECLINED", wallet="MAYA"),
        Wanted("payment:expired", does="end", status="EXPIRED"),
        Wanted("payment:overdue", expires_at=long_ago),
        Wanted(
            "payment:review",
            status=Listed.REVIEW,
            needs_attention=NeedsAttention.REVIEW,
        ),
        Wanted(
            "payment:was-in-review",
            does="unset",
            needs_attention=NeedsAttention.REVIEW,
        ),
        Wanted("payment:stopped", does="terminate"),
        Wanted("payment:cancelled-in-the-ui", does="cancel"),
        Wanted("payment:failed", does="fail"),
        Wanted("payment:elsewhere", task_queue=NO_QUEUE),
        Wanted("payment:broken", does="break"),
        Wanted("payment:paused", does="pause"),
        Wanted(
            "late-payment:waits_1",
            kind="LatePayment",
            status=Listed.LATE_MONEY,
            order_id="waits",
        ),
        Wanted("notice:1", kind="AlipayNotice", does="end", status=Listed.NOTICE),
        *(Wanted(odd, does="begin again") for odd in ODD_IDS),
        *(
            Wanted(f"{kind}:needs-{why}", kind=kind, needs_attention=why)
            for kind in WORKFLOW_TYPES
            for why in (None, *NeedsAttention)
        ),
    ]


@activity.defn
async def call() -> None:
    """Never runs: it is asked for on a queue that nobody serves."""


@workflow.defn(dynamic=True, sandboxed=False)
class Played:
    """Does what its input says; has any type."""

    @workflow.run
    async def run(self, given: Sequence[RawValue]) -> None:
        does = workflow.payload_converter().from_payload(given[0].payload, str)
        match does:
            case "end":
                return
            case "fail":
                raise ApplicationError("as asked")
            case "break":
                raise RuntimeError("fails the task, not the workflow")
            case "unset":
                workflow.upsert_search_attributes([NEEDS_ATTENTION.value_unset()])
            case "pause":
                await workflow.execute_activity(
                    call,
                    task_queue=NO_QUEUE,
                    schedule_to_close_timeout=timedelta(days=1),
                )
        await workflow.wait_condition(lambda: False)


async def make_runs(client: Client, wanted: Sequence[Wanted]) -> None:
    """Make runs, and wait until the list knows what has become of each."""
    async with Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[Played],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        await asyncio.gather(*(_make(client, one) for one in wanted))
        async with asyncio.timeout(60):
            while await _unlisted(client, wanted):  # noqa: ASYNC110 - the server's
                await asyncio.sleep(0.2)


async def _make(client: Client, wanted: Wanted) -> None:
    handle = await client.start_workflow(
        wanted.kind,
        wanted.does,
        id=wanted.workflow_id,
        task_queue=wanted.task_queue,
        search_attributes=wanted.attributes,
    )
    match wanted.does:
        case "terminate":
            await handle.terminate()
        case "cancel":
            await handle.cancel()
        case "begin again":
            await handle.terminate()
            await _make(client, replace(wanted, does="wait"))
        case "pause":
            await _until_called(handle)
            request = PauseActivityRequest(
                namespace=client.namespace,
                execution=WorkflowExecution(workflow_id=wanted.workflow_id),
                type="call",
                identity="tests",
            )
            await client.workflow_service.pause_activity(request)


async def _until_called(handle: WorkflowHandle[Any, Any]) -> None:
    while not (await handle.describe()).raw_description.pending_activities:  # noqa: ASYNC110
        await asyncio.sleep(0.05)


# How the list shows what has become of a run.
BECOMES = {
    "end": 'ExecutionStatus = "Completed"',
    "fail": 'ExecutionStatus = "Failed"',
    "terminate": 'ExecutionStatus = "Terminated"',
    "cancel": 'ExecutionStatus = "Canceled"',
    "break": "TemporalReportedProblems IS NOT NULL",
    "pause": "TemporalPauseInfo IS NOT NULL",
    "unset": f"{NEEDS_ATTENTION.name} IS NULL",
    "wait": 'ExecutionStatus = "Running"',
    "begin again": 'ExecutionStatus = "Terminated"',
}


async def _unlisted(client: Client, wanted: Sequence[Wanted]) -> set[str]:
    missing = set()
    for does, condition in BECOMES.items():
        expected = {one.workflow_id for one in wanted if one.does == does}
        missing |= expected - {*await found_by(client, condition)}
    return missing


async def found_by(client: Client, query: str) -> list[str]:
    """Return the ids of the runs that a filter finds, in alphabetical order."""
    return sorted([one.id async for one in client.list_workflows(query)])
