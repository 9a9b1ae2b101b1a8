"""Leaves many payments waiting, and pays some cached and some evicted ones."""

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import mean
from time import perf_counter

from bench.measures.batches import run_all
from bench.systems.orders import new_order_id
from bench.systems.processes import Bench
from bench.systems.subjects import Ours

WARM_UP = 50
IN_FLIGHT = 8


@dataclass(frozen=True)
class Sizes:
    """The numbers of waiting, cached and paid payments."""

    waiting: int
    cached: int
    rounds: int
    batch: int


@dataclass
class Eviction:
    """The result of the measurement.

    Attributes:
        waiting, cached: The numbers of waiting payments and of cached workflows.
        memory: The worker's resident bytes, by the number of waiting payments.
        cached_rates, evicted_rates: Paid payments a second, by batch: cached ones, and
            those that must be replayed.
    """

    waiting: int
    cached: int
    memory: dict[int, int] = field(default_factory=dict)
    cached_rates: list[float] = field(default_factory=list)
    evicted_rates: list[float] = field(default_factory=list)

    @property
    def growth(self) -> float:
        """Resident memory with all waiting, as a multiple of that with a fifth."""
        return self.memory[self.waiting] / self.memory[self.waiting // 5]

    @property
    def speed(self) -> float:
        """The rate of evicted payments, as a share of the rate of cached ones."""
        return mean(self.evicted_rates) / mean(self.cached_rates)


async def measure_eviction(
    bench: Bench, sizes: Sizes, say: Callable[[str], None]
) -> Eviction:
    """Open payments, then pay evicted and cached ones in alternating batches."""
    ours, found = Ours(bench), Eviction(sizes.waiting, sizes.cached)
    await bench.stop("worker")
    await bench.start("worker", {"CASHIER_CACHED_WORKFLOWS": str(sizes.cached)})
    await _pay(ours, await _open(ours, WARM_UP))
    opened: list[str] = []
    for fifth in range(1, 6):
        say(f"Opening {sizes.waiting} payments: {fifth} of 5")
        opened += await _open(ours, sizes.waiting // 5)
        found.memory[len(opened)] = bench.resident_bytes("worker")
    for number in range(sizes.rounds):
        say(f"Paying evicted and remembered ones: {number + 1} of {sizes.rounds}")
        # The newest are cached, and each paid one evicts the oldest.
        evicted, opened = opened[: sizes.batch], opened[sizes.batch :]
        remembered, opened = opened[-sizes.batch :], opened[: -sizes.batch]
        found.evicted_rates.append(await _pay(ours, evicted))
        found.cached_rates.append(await _pay(ours, remembered))
    return found


async def _open(ours: Ours, count: int) -> list[str]:
    order_ids = [new_order_id() for _ in range(count)]
    await run_all(ours.open, order_ids, in_flight=IN_FLIGHT)
    return order_ids


async def _pay(ours: Ours, order_ids: list[str]) -> float:
    """Pay the orders; return payments a second."""
    began = perf_counter()
    await run_all(ours.finish, order_ids, in_flight=IN_FLIGHT)
    return len(order_ids) / (perf_counter() - began)
