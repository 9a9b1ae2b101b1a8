"""The measurements in their order, and their sizes."""

from collections.abc import Callable
from dataclasses import dataclass

from rich.progress import Progress

from bench.goals import Figures
from bench.measures.batches import run_all
from bench.measures.cost import measure_cost
from bench.measures.latency import Latency, measure_latency
from bench.measures.memory import measure_memory
from bench.measures.throughput import Throughput, measure_throughput
from bench.systems.orders import new_order_id
from bench.systems.processes import Bench
from bench.systems.subjects import (
    BareCall,
    FloorToPage,
    FloorToPaid,
    Ours,
    OverHttp,
    Subject,
)


@dataclass(frozen=True)
class Sizes:
    """The sizes of the measurements: samples are rounds x batch."""

    rounds: int
    pages: dict[int, int]  # in flight -> calls in a batch
    payments: dict[int, int]  # in flight -> payments in a batch
    counted: int
    waiting: int


FULL = Sizes(12, {1: 20, 8: 40}, {1: 10, 8: 25, 32: 40}, counted=50, waiting=1000)
QUICK = Sizes(2, {1: 5, 8: 16}, {1: 5, 8: 16, 32: 32}, counted=10, waiting=100)


class Run:
    """The measurements in their order, on one running system."""

    def __init__(
        self, bench: Bench, sizes: Sizes, progress: Progress, bare: BareCall
    ) -> None:
        self._bench = bench
        self._sizes = sizes
        self._progress = progress
        self._ours = Ours(bench)
        self._floor = FloorToPaid(bench.client)
        self._to_page: dict[str, Subject] = {
            "ours": self._ours,
            "ours over HTTP": OverHttp(
                self._ours,
                bench.http,
                url=bench.ports.api_url,
                api_key=bench.home.api_key.read_text(),
            ),
            "floor": FloorToPage(bench.client),
            "bare call": bare,
        }

    async def measure(self) -> Figures:
        await self._warm_up()
        return Figures(
            latency=await self._latency(),
            throughput=await self._throughput(),
            cost=await measure_cost(
                self._bench,
                {"ours": self._ours, "floor": self._floor},
                payments=self._sizes.counted,
                advance=self._task("(d) history and billable actions", 2),
            ),
            memory=await measure_memory(
                self._bench,
                {"ours": ("worker", self._ours), "floor": ("floor", self._floor)},
                waiting=self._sizes.waiting,
                advance=self._task(f"(e) memory, {self._sizes.waiting} waiting", 2),
            ),
        )

    async def _warm_up(self) -> None:
        advance = self._task("Warming up", len(self._to_page) + 1)
        for subject in (*self._to_page.values(), self._floor):
            order_ids = [new_order_id() for _ in range(16)]
            await run_all(subject.open, order_ids, in_flight=8)
            await run_all(subject.finish, order_ids, in_flight=8)
            advance()

    async def _latency(self) -> list[Latency]:
        rounds, found = self._sizes.rounds, []
        for in_flight, batch in self._sizes.pages.items():
            name = f"(a) time to the cashier URL, {in_flight} in flight"
            found += await measure_latency(
                self._to_page,
                in_flight=in_flight,
                rounds=rounds,
                batch=batch,
                advance=self._task(name, rounds * len(self._to_page)),
            )
        return found

    async def _throughput(self) -> list[Throughput]:
        rounds, found = self._sizes.rounds, []
        for in_flight, batch in self._sizes.payments.items():
            name = f"(b) (c) paid payments, {in_flight} in flight"
            found += await measure_throughput(
                self._bench,
                {"ours": self._ours, "floor": self._floor},
                in_flight=in_flight,
                rounds=rounds,
                batch=batch,
                advance=self._task(name, rounds * 2),
            )
        return found

    def _task(self, name: str, steps: int) -> Callable[[], None]:
        task = self._progress.add_task(name, total=steps)
        return lambda: self._progress.advance(task)
