"""The money at risk in all stuck workflows, as each of them reports it."""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from temporalio.client import Client, WorkflowExecution

from alipay.wallets import CURRENCIES
from contracts import TASK_QUEUE, Money, MoneyAtRisk
from visibility.at_risk import ask_what_is_at_risk, listed_as_at_risk

# A healthy worker answers in milliseconds; all answers fit into the time-out of
# Prometheus, after the list.
EACH: Final = timedelta(seconds=1)
ALL_SECONDS: Final = 3.0
AT_ONCE: Final = 16
# The most cached answers: a workflow is queried again once its history has grown.
MOST_KEPT: Final = 1000

# By currency and whether it was certainly taken: the amount in the currency's main
# unit.
Sums = Mapping[tuple[str, bool], float]


class MoneyQuestions:
    """Queries the money at risk, and caches the answers."""

    def __init__(self, client: Client) -> None:
        self._client = client
        # By run and number of events in its history.
        self._known: OrderedDict[tuple[str, int], MoneyAtRisk] = OrderedDict()

    async def sums(
        self, stuck: Sequence[WorkflowExecution], *, has_worker: bool
    ) -> Sums:
        """Return the sums by currency; without an answer the order's amount counts.

        Args:
            stuck: The stuck workflows, from the list.
            has_worker: Whether a worker polls the task queue.
        """
        if has_worker:
            await self._ask([one for one in stuck if one.task_queue == TASK_QUEUE])
        totals: defaultdict[tuple[str, bool], float] = defaultdict(float)
        for one in stuck:
            said = self._known.get(_key(one)) or listed_as_at_risk(one)
            for is_taken, amounts in ((True, said.taken), (False, said.at_most)):
                for money in amounts:
                    totals[money.currency, is_taken] += _in_main_units(money)
        return dict(totals)

    async def _ask(self, stuck: Sequence[WorkflowExecution]) -> None:
        gate = asyncio.Semaphore(AT_ONCE)

        async def ask(one: WorkflowExecution) -> None:
            async with gate:
                said = await ask_what_is_at_risk(
                    self._client, one.id, one.run_id, within=EACH
                )
            if said is not None:
                self._known[_key(one)] = said

        unknown = [one for one in stuck if _key(one) not in self._known]
        tasks = [asyncio.ensure_future(ask(one)) for one in unknown]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=ALL_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        while len(self._known) > MOST_KEPT:
            self._known.popitem(last=False)


def _key(one: WorkflowExecution) -> tuple[str, int]:
    return one.run_id, one.history_length


def _in_main_units(money: Money) -> float:
    """Return the amount in the main unit, for graphs: 1315.0 for PHP 131500."""
    known = CURRENCIES.get(money.currency)
    return float(money.value / 10 ** (known.exponent if known else 0))
