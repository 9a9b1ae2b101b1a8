"""Lets many payments expire at once while customers open pages."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import quantiles
from time import monotonic
from uuid import uuid4

from bench.measures.batches import run_all
from bench.systems.processes import Bench
from bench.systems.subjects import Ours
from contracts import PaymentOutcome, workflow_id

# The shortest expiry that the API accepts.
EXPIRES_IN_MINUTES = 1
# Alipay notifies of an expired payment some seconds after its expiry.
NOTIFIED_AFTER_SECONDS = 3
PAGES_A_SECOND = 5
# Each tenth customer pays, and the notification is lost: only an inquiry finds it.
PAID_IN_SILENCE = 10
# The pause between the last opening and the measurement without expiries.
REST_SECONDS = 5
MOST_SECONDS = 300


@dataclass(frozen=True)
class Storm:
    """The customers' waits, and the results of the payments.

    Attributes:
        expiring: The number of expiring payments.
        within_seconds: The time from the first to the last expiry.
        calm_p50, calm_p95: Time to a new page without expiries, in milliseconds.
        storm_p50, storm_p95: The same from the first expiry until the last end.
        calm_pages, storm_pages: The numbers of measured pages.
        wrong: The number of payments whose outcome differs from Alipay's ledger.
        over_after_seconds: From the last expiry until the last payment had ended.
    """

    expiring: int
    within_seconds: float
    calm_p50: float
    calm_p95: float
    calm_pages: int
    storm_p50: float
    storm_p95: float
    storm_pages: int
    wrong: int
    over_after_seconds: float


@dataclass
class Pages:
    """Customers who arrive at a steady rate, whether or not the system keeps up."""

    ours: Ours
    seconds: list[float] = field(default_factory=list)

    async def open_until(self, over: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            while not over.is_set():
                group.create_task(self._open())
                with suppress(TimeoutError):
                    await asyncio.wait_for(over.wait(), 1 / PAGES_A_SECOND)

    async def _open(self) -> None:
        order_id, began = f"page-{uuid4().hex[:16]}", monotonic()
        await self.ours.open(order_id)
        self.seconds.append(monotonic() - began)
        await self.ours.finish(order_id)

    def percentile(self, percent: int) -> float:
        """Return a percentile of the time to the page, in milliseconds."""
        cuts = quantiles(self.seconds, n=100, method="inclusive")
        return cuts[percent - 1] * 1000


class Expiring:
    """The payments that are left to expire."""

    def __init__(self, bench: Bench, count: int, within: float) -> None:
        self._bench = bench
        self._ours = Ours(bench, expires_in_minutes=EXPIRES_IN_MINUTES)
        self._prefix = f"storm-{uuid4().hex[:8]}"
        self._ids = [f"{self._prefix}-{number}" for number in range(count)]
        self._within = within
        self._opened: list[float] = []

    async def open(self) -> None:
        """Open the payments at a steady rate, if the machine keeps up."""
        began, pace = monotonic(), self._within / len(self._ids)

        async def in_its_turn(order_id: str) -> None:
            due = began + self._ids.index(order_id) * pace
            await asyncio.sleep(due - monotonic())
            await self._ours.open(order_id)
            self._opened.append(monotonic())

        await run_all(in_its_turn, self._ids, in_flight=16)

    @property
    def first_expiry(self) -> float:
        """When Alipay notifies the first expiry, on the monotonic clock."""
        return min(self._opened) + EXPIRES_IN_MINUTES * 60

    @property
    def last_expiry(self) -> float:
        return max(self._opened) + EXPIRES_IN_MINUTES * 60

    async def some_pay(self) -> None:
        """Each tenth customer pays at the wallet, without a notification."""
        await run_all(self._pay, self._ids[::PAID_IN_SILENCE], in_flight=4)

    async def _pay(self, order_id: str) -> None:
        control = f"{self._bench.ports.simulator_url}/control"
        plan = {"order_id": order_id, "fault": "notification_lost"}
        planned = await self._bench.http.post(f"{control}/faults", json=plan)
        planned.raise_for_status()
        url = f"{control}/payments/{order_id}_1/pay"
        (await self._bench.http.post(url)).raise_for_status()

    async def until_over(self) -> None:
        """Wait until all payments have ended.

        Raises:
            TimeoutError: Some have not ended in time.
        """
        query = (
            f'WorkflowId STARTS_WITH "{workflow_id(self._prefix)}" '
            'AND ExecutionStatus = "Running"'
        )
        async with asyncio.timeout(MOST_SECONDS):
            while (await self._bench.client.count_workflows(query)).count:  # noqa: ASYNC110
                await asyncio.sleep(0.5)

    async def count_wrong(self) -> int:
        """Return the number of payments that differ from Alipay's ledger."""
        wrong: list[str] = []

        async def compare(order_id: str) -> None:
            result = await self._ours.handle(order_id).result()
            has_paid = order_id in self._ids[::PAID_IN_SILENCE]
            expected = PaymentOutcome.PAID if has_paid else PaymentOutcome.EXPIRED
            if result.outcome is not expected:
                wrong.append(order_id)

        await run_all(compare, self._ids, in_flight=8)
        return len(wrong)


async def measure_storm(
    bench: Bench, count: int, within: float, say: Callable[[str], None]
) -> Storm:
    """Measure pages without expiries, then while the payments expire, in one run.

    Args:
        bench: The running system.
        count: The number of expiring payments.
        within: The time from the first to the last expiry, in seconds.
        say: Called with each step, in words.
    """
    expiring = Expiring(bench, count, within)
    say(f"Opening {count} payments")
    await expiring.open()
    await expiring.some_pay()
    await asyncio.sleep(REST_SECONDS)
    say("Pages while nothing expires")
    calm, storm = Pages(Ours(bench)), Pages(Ours(bench))
    begins = expiring.first_expiry + NOTIFIED_AFTER_SECONDS
    await calm.open_until(_when(begins - 1))
    say(f"Pages while {count} payments expire")
    async with asyncio.TaskGroup() as group:
        over = asyncio.Event()
        group.create_task(storm.open_until(over))
        await asyncio.sleep(expiring.last_expiry - monotonic())
        await expiring.until_over()
        over.set()
    ended = monotonic()
    return Storm(
        expiring=count,
        within_seconds=expiring.last_expiry - expiring.first_expiry,
        calm_p50=calm.percentile(50),
        calm_p95=calm.percentile(95),
        calm_pages=len(calm.seconds),
        storm_p50=storm.percentile(50),
        storm_p95=storm.percentile(95),
        storm_pages=len(storm.seconds),
        wrong=await expiring.count_wrong(),
        over_after_seconds=ended - expiring.last_expiry,
    )


def _when(at: float) -> asyncio.Event:
    """Return an event that is set at a time on the monotonic clock."""
    event = asyncio.Event()
    asyncio.get_running_loop().call_later(max(0.0, at - monotonic()), event.set)
    return event
