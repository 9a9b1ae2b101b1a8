"""What Temporal's list says of payments right now: how many are open, and how stuck."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from temporalio.client import Client, WorkflowExecution
from temporalio.service import RPCError

from api.metrics.at_risk import MoneyQuestions, Sums
from contracts import TASK_QUEUE
from visibility import EXPIRES_AT, NEEDS_ATTENTION, NeedsAttention
from visibility.stopped import find_stopped
from visibility.stuck import (
    OPEN,
    OPEN_CALLBACKS,
    OPEN_PAYMENTS,
    Kind,
    condition_of,
    filter_of,
)
from visibility.workers import workers_polling

# Counting and listing are free of billable actions, but not of work for the server.
KEPT_SECONDS: Final = 15
# Together the answers must fit into the ten seconds that Prometheus waits.
PATIENCE: Final = timedelta(seconds=3)
# Of more than these the oldest is old enough to be seen, and the money large enough.
MOST_LISTED: Final = 200

WORKFLOW_TASK_FAILS: Final = "WORKFLOW_TASK_FAILS"
PAUSED_BY_SOMEBODY: Final = "PAUSED"
ON_ANOTHER_QUEUE: Final = "FOREIGN_QUEUE"
STOPPED_AND_NOT_RECOVERED: Final = "STOPPED"

AnswerT = TypeVar("AnswerT")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Counted:
    """What was counted; None where Temporal did not answer.

    Attributes:
        open: Payments that have not ended.
        stuck: What an operator should look at, by reason.
        oldest_stuck_seconds: Age of the oldest of these, since the end of its time to
            pay, or since it began where it had none; 0 where there is none.
        callbacks_pending: Orders of which the shop has not accepted an outcome yet.
        workers_polling: Processes that ask for work on payments.
        at_risk: The money in what is stuck, by currency and by whether it was taken.
    """

    open: float | None = None
    stuck: dict[str, float | None] = field(default_factory=dict)
    oldest_stuck_seconds: float | None = None
    callbacks_pending: float | None = None
    workers_polling: float | None = None
    at_risk: Sums | None = None

    @property
    def is_complete(self) -> bool:
        single = (
            self.open,
            self.oldest_stuck_seconds,
            self.callbacks_pending,
            self.workers_polling,
            self.at_risk,
        )
        return bool(self.stuck) and None not in (*single, *self.stuck.values())


class Backlog:
    """Counts, and remembers the counts for a little while."""

    def __init__(
        self, client: Client, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._money = MoneyQuestions(client)
        self._clock = clock
        self._counted = Counted()
        self._counted_at: float | None = None
        self._counting = asyncio.Lock()

    async def counted(self) -> Counted:
        """Return counts not older than KEPT_SECONDS; never raises for Temporal."""
        async with self._counting:
            age = None if self._counted_at is None else self._clock() - self._counted_at
            if age is None or age >= KEPT_SECONDS:
                self._counted = await self._count_all()
                self._counted_at = self._clock()
        return self._counted

    async def _count_all(self) -> Counted:
        queries = queries_of_stuck(datetime.now(UTC))
        # Apart from the counts: the checker knows no gather of so many types.
        asking = asyncio.gather(
            _or_none(self._listed(queries.values())),
            _or_none(self._workers()),
            _or_none(find_stopped(self._client, within=PATIENCE, most=MOST_LISTED)),
        )
        payments, callbacks, *stuck = await asyncio.gather(
            self._count(OPEN_PAYMENTS),
            self._count(OPEN_CALLBACKS),
            *(self._count(query) for query in queries.values()),
        )
        listed, workers, stopped = await asking
        counts = dict(zip(queries, stuck, strict=True))
        counts[STOPPED_AND_NOT_RECOVERED] = None if stopped is None else len(stopped)
        return Counted(
            open=payments,
            stuck=counts,
            oldest_stuck_seconds=_oldest(listed, stopped),
            callbacks_pending=callbacks,
            workers_polling=workers,
            at_risk=None
            if listed is None
            else await self._money.sums(listed, has_worker=bool(workers)),
        )

    async def _count(self, query: str) -> float | None:
        answer = await _or_none(
            self._client.count_workflows(query, rpc_timeout=PATIENCE)
        )
        return None if answer is None else answer.count

    async def _listed(self, queries: Iterable[str]) -> list[WorkflowExecution]:
        either = " OR ".join(f"({query})" for query in queries)
        listed = self._client.list_workflows(
            either, limit=MOST_LISTED, rpc_timeout=PATIENCE
        )
        return [found async for found in listed]

    async def _workers(self) -> int:
        return len(await workers_polling(self._client, TASK_QUEUE, within=PATIENCE))


def queries_of_stuck(now: datetime) -> dict[str, str]:
    """Return by reason the filter of Temporal's list; no payment is in two of them."""
    own_queue = f'TaskQueue = "{TASK_QUEUE}"'
    on_course = f"{own_queue} AND TemporalPauseInfo IS NULL"
    works = f"{OPEN} AND TemporalReportedProblems IS NULL AND {on_course}"
    queries = {
        str(why): f'{works} AND {NEEDS_ATTENTION.name} = "{why}"'
        for why in NeedsAttention
    }
    queries[NeedsAttention.OVERDUE] = (
        f"{works} AND {condition_of(Kind.OVERDUE, now)} AND ("
        f"{NEEDS_ATTENTION.name} IS NULL OR "
        f'{NEEDS_ATTENTION.name} = "{NeedsAttention.OVERDUE}")'
    )
    failing = f"{filter_of(Kind.TASK_FAILURE, now)} AND {on_course}"
    queries[WORKFLOW_TASK_FAILS] = failing
    queries[PAUSED_BY_SOMEBODY] = f"{filter_of(Kind.PAUSED, now)} AND {own_queue}"
    queries[ON_ANOTHER_QUEUE] = filter_of(Kind.NO_WORKER, now)
    return queries


def _oldest(
    listed: Iterable[WorkflowExecution] | None,
    stopped: Iterable[WorkflowExecution] | None,
) -> float | None:
    """Return the age of the oldest, in seconds; None where a list is missing."""
    if listed is None or stopped is None:
        return None
    now, ages = datetime.now(UTC), [0.0]
    for found in listed:
        expired = found.typed_search_attributes.get(EXPIRES_AT)
        since = min(expired, now) if expired else found.start_time
        ages.append((now - since).total_seconds())
    ages += [
        (now - one.close_time).total_seconds() for one in stopped if one.close_time
    ]
    return max(ages)


async def _or_none(call: Awaitable[AnswerT]) -> AnswerT | None:
    try:
        return await call
    except RPCError as error:
        log.warning("Temporal did not tell its counts: %s", error.status.name)
    except RuntimeError as error:
        # A client that has never connected says so without an RPCError.
        log.warning("Temporal did not tell its counts: %s", error)
    return None
