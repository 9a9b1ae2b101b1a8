"""(b) Paid payments a second, and (c) their processor time in the worker."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter

from bench.measures.batches import run_all
from bench.systems.orders import new_order_id
from bench.systems.processes import Bench
from bench.systems.subjects import Subject

# A worker's work after the last result, such as evicting, is counted too.
SETTLING_SECONDS = 0.3


@dataclass
class Throughput:
    """Whole payments with a number in flight, and the processor time they took."""

    subject: str
    in_flight: int
    payments: int = 0
    seconds: float = 0
    cpu_seconds: dict[str, float] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        return self.payments / self.seconds

    @property
    def cpu_milliseconds(self) -> dict[str, float]:
        """Processor time of each process, per payment."""
        return {
            name: used / self.payments * 1000 for name, used in self.cpu_seconds.items()
        }


async def measure_throughput(
    bench: Bench,
    subjects: dict[str, Subject],
    *,
    in_flight: int,
    rounds: int,
    batch: int,
    advance: Callable[[], None],
) -> list[Throughput]:
    """Run payments to their end, ours and the floor's in alternating batches."""
    found = {name: Throughput(name, in_flight) for name in subjects}
    for _ in range(rounds):
        for name, subject in subjects.items():
            await _add_batch(bench, subject, found[name], batch)
            advance()
    return list(found.values())


async def _add_batch(
    bench: Bench, subject: Subject, total: Throughput, batch: int
) -> None:
    async def pay(order_id: str) -> None:
        await subject.open(order_id)
        await subject.finish(order_id)

    order_ids = [new_order_id() for _ in range(batch)]
    before, began = bench.cpu_seconds(), perf_counter()
    await run_all(pay, order_ids, in_flight=total.in_flight)
    total.seconds += perf_counter() - began
    total.payments += batch
    await asyncio.sleep(SETTLING_SECONDS)
    for name, used in bench.cpu_seconds().items():
        spent = total.cpu_seconds.get(name, 0.0) + used - before[name]
        total.cpu_seconds[name] = spent
