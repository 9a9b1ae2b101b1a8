"""The measurements on a cluster in their order, and their sizes."""

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

# The share of the highest rate; the rest is for peaks and restarts of processes.
SHARE_OF_HIGHEST = 0.7


@dataclass(frozen=True)
class Sizes:
    """The sizes of the measurements: payments are rounds x batch."""

    rounds: int
    by_the_client: dict[int, int]  # in flight -> payments in a batch
    whole: dict[int, int]
    idle_seconds: float
    arriving_seconds: float


FULL = Sizes(6, {8: 30, 32: 60}, {32: 120, 64: 180, 128: 240}, 20, 180)
QUICK = Sizes(1, {8: 16}, {32: 32}, 3, 10)


@dataclass(frozen=True)
class Figures:
    """All figures of one run.

    Attributes:
        idle_percent: Percent of a core, by process, while idle.
        by_the_client: Our payment and the floor, with an Alipay that answers at once.
        whole: Over HTTP from end to end, with a slow Alipay.
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
    bench: ClusterBench, sizes: Sizes, show_step: Callable[[str], None]
) -> Figures:
    """Measure everything on one running cluster."""
    ours, floor, whole = Ours(bench), FloorToPaid(bench.client), WholePath(bench)
    for subject in (ours, floor, whole):
        show_step(f"Warming up: {type(subject).__name__}")
        await _warm_up(subject)
    show_step("Idle")
    idle = await _idle(bench, sizes.idle_seconds)
    by_the_client = []
    for in_flight, batch in sizes.by_the_client.items():
        show_step(f"Payments beside the floor, {in_flight} in flight")
        by_the_client += await measure_throughput(
            bench,
            {"ours": ours, "floor": floor},
            in_flight=in_flight,
            rounds=sizes.rounds,
            batch=batch,
            advance=lambda: None,
        )
    await bench.slow_alipay_down()
    rows = []
    for in_flight, batch in sizes.whole.items():
        show_step(f"Whole payments with a slow Alipay, {in_flight} in flight")
        rows += await measure_throughput(
            bench,
            {"whole": whole},
            in_flight=in_flight,
            rounds=max(1, sizes.rounds // 2),
            batch=batch,
            advance=lambda: None,
        )
    rate = SHARE_OF_HIGHEST * max(row.per_second for row in rows)
    show_step(f"Customers who arrive at {rate:.1f} a second")
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
