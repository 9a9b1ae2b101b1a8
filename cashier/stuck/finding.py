"""`cashier stuck`: every payment that does not progress, and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio.client import Client, WorkflowExecution
from temporalio.common import SearchAttributeKey

from cashier.temporal_calls import QUICK
from contracts import TASK_QUEUE, Money
from visibility import (
    EXPIRES_AT,
    NEEDS_ATTENTION,
    ORDER_ID,
    OVERDUE_AFTER,
    WALLET,
    NeedsAttention,
    amount_in,
)
from visibility.stopped import find_stopped
from visibility.stuck import (
    ATTENTIONS,
    OPEN,
    PAUSED,
    STOPPED,
    Kind,
    filter_of_all,
)
from visibility.versions import listed_name, pinned_elsewhere, version_pinned
from visibility.workers import Polled, look_at_queue, workers_polling

# More rows than a person reads; the first thousands show what is wrong.
MOST_ROWS = 10_000
LISTING = timedelta(seconds=20)

PROBLEMS = SearchAttributeKey.for_keyword_list("TemporalReportedProblems")
PAUSE_INFO = SearchAttributeKey.for_keyword_list("TemporalPauseInfo")
_KINDS = {attention: kind for kind, attention in ATTENTIONS.items()}


@dataclass(frozen=True)
class Stuck:
    """One workflow that does not progress, from its entry in Temporal's list.

    Attributes:
        kinds: Why, the most severe first; at least one.
        wallet: Empty where it is unknown.
        amount: None where the list does not have it, as of older releases.
        since: The earliest time since when it can be stuck, by the list.
        problems: Temporal's reports about failing workflow tasks.
        version: The worker version that it is pinned to and of which no worker polls,
            as `name:build`; empty otherwise.
    """

    kinds: tuple[Kind, ...]
    workflow_id: str
    run_id: str
    workflow_type: str
    task_queue: str
    order_id: str
    wallet: str
    amount: Money | None
    expires_at: datetime | None
    since: datetime
    problems: tuple[str, ...] = ()
    version: str = ""

    @property
    def kind(self) -> Kind:
        return self.kinds[0]

    @property
    def is_refunds(self) -> bool:
        """Whether it is an `OrderRefunds`, and not a payment."""
        return self.workflow_type == "OrderRefunds"


@dataclass(frozen=True)
class Found:
    """All stuck workflows, the longest stuck first; cut where there are too many."""

    stuck: tuple[Stuck, ...]
    is_cut: bool = False


async def find_stuck(client: Client, now: datetime) -> Found:
    """Return stuck workflows, by the list alone: nothing is decrypted or queried.

    Args:
        client: Reaches Temporal; needs no keys.
        now: The time by which workflows are overdue.

    Raises:
        RPCError: Temporal does not answer, or lacks the search attributes.
    """
    queue = await look_at_queue(client, TASK_QUEUE, within=QUICK)
    return await find_stuck_beside(client, now, queue)


async def find_stuck_beside(client: Client, now: datetime, queue: Polled) -> Found:
    """Return stuck workflows, given the workers that poll our task queue.

    Raises:
        RPCError: Temporal does not answer, or lacks the search attributes.
    """
    unpolled = set() if queue.pollers else {TASK_QUEUE}
    versions = {poller.version for poller in queue.pollers if poller.version}
    # Without our worker nothing progresses, so all open workflows are stuck.
    query = (
        f"({OPEN}) OR ({PAUSED}) OR ({STOPPED})"
        if unpolled
        else f"{filter_of_all(now)} OR ({pinned_elsewhere(versions)})"
    )
    listed = [
        one
        async for one in client.list_workflows(
            query, limit=MOST_ROWS, rpc_timeout=LISTING
        )
    ]
    others = {one.task_queue for one in listed} - {TASK_QUEUE}
    unpolled |= others - await polled_queues(client, others)
    polled = {listed_name(version) for version in versions}
    stopped = {one.run_id for one in await find_stopped(client, within=LISTING)}
    found = (_stuck(one, unpolled, polled, stopped, now) for one in listed)
    # Lists of SQL databases cannot be sorted by the server.
    stuck = sorted((one for one in found if one), key=lambda one: one.since)
    return Found(tuple(stuck), is_cut=len(listed) >= MOST_ROWS)


async def polled_queues(client: Client, queues: Iterable[str]) -> set[str]:
    """Return the task queues that a worker polls."""
    return {
        queue for queue in queues if await workers_polling(client, queue, within=QUICK)
    }


def _stuck(
    one: WorkflowExecution,
    unpolled: set[str],
    polled: set[str],
    stopped: set[str],
    now: datetime,
) -> Stuck | None:
    """Return a workflow from its entry in the list; None if it only has another queue.

    None, too, for a stopped run that a newer run has recovered.
    """
    known = one.typed_search_attributes
    expires_at = known.get(EXPIRES_AT)
    pinned = version_pinned(one)
    unserved = pinned if pinned not in polled else ""
    if one.close_time is None:
        kinds = _kinds(one, unpolled, unserved, now)
    else:
        kinds = [Kind.STOPPED] if one.run_id in stopped else []
    if not kinds:
        return None
    overdue = kinds == [Kind.OVERDUE] and expires_at
    return Stuck(
        kinds=tuple(kinds),
        workflow_id=one.id,
        run_id=one.run_id,
        workflow_type=one.workflow_type,
        task_queue=one.task_queue,
        order_id=known.get(ORDER_ID) or one.id.partition(":")[2],
        wallet=known.get(WALLET) or "",
        amount=amount_in(known),
        expires_at=expires_at,
        since=one.close_time
        or (expires_at if overdue and expires_at else one.start_time),
        problems=tuple(known.get(PROBLEMS) or ()),
        version="" if one.task_queue in unpolled else unserved,
    )


def _kinds(
    one: WorkflowExecution, unpolled: set[str], unserved: str, now: datetime
) -> Sequence[Kind]:
    """Return the kinds in which it is stuck, in the order of Kind."""
    known = one.typed_search_attributes
    expires_at = known.get(EXPIRES_AT)
    attention = known.get(NEEDS_ATTENTION)
    kinds = set()
    if one.task_queue in unpolled or unserved:
        kinds.add(Kind.NO_WORKER)
    if known.get(PROBLEMS):
        kinds.add(Kind.TASK_FAILURE)
    if known.get(PAUSE_INFO):
        kinds.add(Kind.PAUSED)
    if attention in list(NeedsAttention):
        kinds.add(_KINDS[NeedsAttention(attention)])
    if expires_at and expires_at < now - OVERDUE_AFTER:
        kinds.add(Kind.OVERDUE)
    return [kind for kind in Kind if kind in kinds]
