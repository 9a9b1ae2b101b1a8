"""Counts of open and stuck payments, from Temporal's list."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from temporalio.client import Client, WorkflowExecution

from api.metrics.asking import MOST_LISTED, PATIENCE, count, list_any, or_none
from api.metrics.at_risk import MoneyQuestions, Sums
from api.metrics.reasons import queries_of_stuck, queries_of_stuck_refunds
from contracts import TASK_QUEUE
from visibility import EXPIRES_AT
from visibility.stopped import find_stopped
from visibility.stuck import OPEN_CALLBACKS, OPEN_PAYMENTS, WAITING_REFUNDS
from visibility.workers import look_at_queue

# Counting and listing are not billable actions, but work for the server.
KEPT_SECONDS: Final = 15
STOPPED_AND_NOT_RECOVERED: Final = "STOPPED"


@dataclass(frozen=True)
class Counted:
    """The counts; None where Temporal did not answer.

    Attributes:
        open: Payments that have not ended.
        stuck: Workflows that need an operator, by reason.
        oldest_stuck_seconds: Age of the oldest of these, since the end of its time to
            pay, or since its start without one; 0 where there is none.
        callbacks_pending: Orders with a callback that the shop has not accepted yet.
        workers_polling: Worker processes that poll and get new payments.
        at_risk: The money at risk in stuck workflows, by currency and whether it was
            taken.
        refunds_stuck: Orders with a stuck refund, by reason.
        to_give_back: The money of waiting refunds, by currency.
    """

    open: float | None = None
    stuck: dict[str, float | None] = field(default_factory=dict)
    oldest_stuck_seconds: float | None = None
    callbacks_pending: float | None = None
    workers_polling: float | None = None
    at_risk: Sums | None = None
    refunds_stuck: dict[str, float | None] = field(default_factory=dict)
    to_give_back: Mapping[str, float] | None = None

    @property
    def is_complete(self) -> bool:
        single = (
            self.open,
            self.oldest_stuck_seconds,
            self.callbacks_pending,
            self.workers_polling,
            self.at_risk,
            self.to_give_back,
        )
        by_reason = (*self.stuck.values(), *self.refunds_stuck.values())
        return bool(self.stuck) and None not in (*single, *by_reason)


class Backlog:
    """Counts workflows, and caches the counts for a short time."""

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
        """Return counts no older than KEPT_SECONDS; never raises for Temporal."""
        async with self._counting:
            age = None if self._counted_at is None else self._clock() - self._counted_at
            if age is None or age >= KEPT_SECONDS:
                self._counted = await self._count_all()
                self._counted_at = self._clock()
        return self._counted

    async def _count_all(self) -> Counted:
        now = datetime.now(UTC)
        reasons, of_refunds = queries_of_stuck(now), queries_of_stuck_refunds(now)
        queries = [*reasons.values(), *of_refunds.values()]
        # Apart from the counts: mypy has no type of a gather with so many arguments.
        asking = asyncio.gather(
            list_any(self._client, queries),
            list_any(self._client, [WAITING_REFUNDS]),
            or_none(look_at_queue(self._client, TASK_QUEUE, within=PATIENCE)),
            or_none(find_stopped(self._client, within=PATIENCE, most=MOST_LISTED)),
        )
        payments, callbacks, *stuck = await asyncio.gather(
            count(self._client, OPEN_PAYMENTS),
            count(self._client, OPEN_CALLBACKS),
            *(count(self._client, query) for query in queries),
        )
        listed, waiting, queue, stopped = await asking
        serves = queue is not None and bool(queue.serving)
        counts = dict(zip(reasons, stuck[: len(reasons)], strict=True))
        counts[STOPPED_AND_NOT_RECOVERED] = None if stopped is None else len(stopped)
        return Counted(
            open=payments,
            stuck=counts,
            oldest_stuck_seconds=_oldest(listed, stopped),
            callbacks_pending=callbacks,
            workers_polling=None if queue is None else len(queue.serving),
            at_risk=await self._at_risk(listed, has_worker=serves),
            refunds_stuck=dict(zip(of_refunds, stuck[len(reasons) :], strict=True)),
            to_give_back=await self._to_give_back(listed, waiting, has_worker=serves),
        )

    async def _at_risk(
        self, listed: Sequence[WorkflowExecution] | None, *, has_worker: bool
    ) -> Sums | None:
        if listed is None:
            return None
        others = [one for one in listed if not _is_refunds(one)]
        return await self._money.sums(others, has_worker=has_worker)

    async def _to_give_back(
        self,
        listed: Sequence[WorkflowExecution] | None,
        waiting: Sequence[WorkflowExecution] | None,
        *,
        has_worker: bool,
    ) -> Mapping[str, float] | None:
        """Return waiting refunds; without an answer the paid amount counts."""
        if listed is None or waiting is None:
            return None
        refunds = {one.run_id: one for one in (*listed, *waiting) if _is_refunds(one)}
        sums = await self._money.sums([*refunds.values()], has_worker=has_worker)
        totals: defaultdict[str, float] = defaultdict(float)
        for (currency, _), amount in sums.items():
            totals[currency] += amount
        return totals


def _is_refunds(one: WorkflowExecution) -> bool:
    return one.workflow_type == "OrderRefunds"


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
