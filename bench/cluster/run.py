"""The measurements on a cluster in their order, and how much is measured."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

from bench.cluster.arrivals import Arrivals, measure_arrivals
from bench.cluster.processes import NEEDED, ClusterBench
from bench.cluster.whole_path import WholePath
from bench.measures.batches import run_all
from bench.measures.throughput import Throughput, measure_throughput
from bench.systems.orders import new_order_id
from bench.systems.subjects import FloorToPaid, Ours, Subject

# Of the highest rate: what is left are the peaks, and a process that is started anew.
SHARE_OF_HIGHEST = 0.7


@dataclass(frozen=True)
class Sizes:
    """How much is measured: payments are rounds x batch."""

    rounds: int
    by_the_client: dict[int, int]  # in flight -> payments in a batch
    whole: dict[int, int]
    idle_seconds: float
    arriving_seconds: float


FULL = Sizes(6, {8: 30, 32: 60}, {32: 120, 64: 180, 128: 240}, 20, 180)
QUICK = Sizes(1, {8: 16}, {32: 32}, 3, 10)


@dataclass(frozen=True)
class Figures:
    """All that one run measured.

    Attributes:
        idle_percent: Of a core, by process, while nothing happens.
        by_the_client: Ours and the floor, with an Alipay that answers at once.
        whole: Over HTTP from end to end, with an Alipay that takes its time.
        arrivals: The same at a share of the highest rate of `whole`.
    """

    idle_percent: dict[str, float]
    by_the_client: list[Throughput]
    whole: list[Throughput]
    arrivals: Arrivals

    @property
    def highest(self) -> Throughput:
        """The highest rate at which whole payments were made."""
        return max(self.whole, key=lambda row: row.per_second)


async def measure(
    bench: ClusterBench, sizes: Sizes, tell: Callable[[str], None]
) -> Figures:
    """Measure everything on one running cluster."""
    ours, floor, whole = Ours(bench), FloorToPaid(bench.client), WholePath(bench)
    for subject in (ours, floor, whole):
        tell(f"Warming up: {type(subject).__name__}")
        await _warm_up(subject)
    tell("Idle")
    idle = await _idle(bench, sizes.idle_seconds)
    by_the_client = []
    for in_flight, batch in sizes.by_the_client.items():
        tell(f"Payments beside the floor, {in_flight} in flight")
        by_the_client += await measure_throughput(
            bench,
            {"ours": ours, "floor": floor},
            in_flight=in_flight,
            rounds=sizes.rounds,
            batch=batch,
            tell=lambda: None,
        )
    await bench.slow_alipay_down()
    rows = []
    for in_flight, batch in sizes.whole.items():
        tell(f"Whole payments with a slow Alipay, {in_flight} in flight")
        rows += await measure_throughput(
            bench,
            {"whole": whole},
            in_flight=in_flight,
            rounds=max(1, sizes.rounds // 2),
            batch=batch,
            tell=lambda: None,
        )
    rate = SHARE_OF_HIGHEST * max(row.per_second for row in rows)
    tell(f"Customers who come at {rate:.1f} a second")
    arrivals = await measure_arrivals(
        bench, whole, per_second=rate, seconds=sizes.arriving_seconds
    )
    return Figures(idle, by_the_client, rows, arrivals)


async def _warm_up(subject: Subject) -> None:
    order_ids = [new_order_id() for _ in range(32)]
    await run_all(subject.open, order_ids, in_flight=8)
    await run_all(subject.finish, order_ids, in_flight=8)


async def _idle(bench: ClusterBench, seconds: float) -> dict[str, float]:
    before, began = bench.cpu_seconds(), perf_counter()
    await asyncio.sleep(seconds)
    after, taken = bench.cpu_seconds(), perf_counter() - began
    return {name: (after[name] - before[name]) / taken * 100 for name in NEEDED}
