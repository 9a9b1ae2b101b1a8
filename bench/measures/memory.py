"""(e) The memory of a waiting payment in the worker."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from bench.measures.batches import run_all
from bench.systems.orders import new_order_id
from bench.systems.processes import Bench
from bench.systems.subjects import Subject

# Enough payments that imports, pools and caches have reached their size.
WARM_UP = 50
SETTLING_SECONDS = 1.0


@dataclass(frozen=True)
class Memory:
    """A fresh worker's resident memory without and with payments that wait."""

    subject: str
    waiting: int
    before_bytes: int
    after_bytes: int

    @property
    def bytes_per_payment(self) -> float:
        return (self.after_bytes - self.before_bytes) / self.waiting


async def measure_memory(
    bench: Bench,
    subjects: dict[str, tuple[str, Subject]],
    *,
    waiting: int,
    advance: Callable[[], None],
) -> list[Memory]:
    """Open payments and leave them waiting; each subject comes with its worker."""
    found = []
    for name, (worker, subject) in subjects.items():
        await bench.stop(worker)
        await bench.start(worker)
        warm_up = [new_order_id() for _ in range(WARM_UP)]
        await run_all(subject.open, warm_up, in_flight=8)
        await run_all(subject.finish, warm_up, in_flight=8)
        await asyncio.sleep(SETTLING_SECONDS)
        before = bench.resident_bytes(worker)
        await run_all(
            subject.open, [new_order_id() for _ in range(waiting)], in_flight=8
        )
        await asyncio.sleep(SETTLING_SECONDS)
        found.append(Memory(name, waiting, before, bench.resident_bytes(worker)))
        advance()
    return found
