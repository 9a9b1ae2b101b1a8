"""Customers who arrive at a fixed mean rate, whether or not the system keeps up."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import quantiles
from time import perf_counter

from bench.systems.orders import new_order_id
from bench.systems.processes import Bench
from bench.systems.subjects import Subject

SEED = 1


@dataclass
class Arrivals:
    """The measurements of customers who arrive at one rate.

    Attributes:
        wanted_per_second: The planned mean rate.
        seconds: The duration.
        to_page: Seconds from each planned arrival to the wallet's page.
        to_paid: Seconds from the button *Pay* until the payment was PAID.
        errors: The number of errors by kind; must be empty.
        over_after: Seconds from the last arrival until the last payment had ended.
        cpu_seconds: Processor time by process.
    """

    wanted_per_second: float
    seconds: float = 0
    to_page: list[float] = field(default_factory=list)
    to_paid: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    over_after: float = 0
    cpu_seconds: dict[str, float] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        """Paid payments a second."""
        return len(self.to_paid) / self.seconds

    @property
    def cpu_milliseconds(self) -> dict[str, float]:
        """Processor time of each process, per payment."""
        paid = len(self.to_paid)
        return {name: used / paid * 1000 for name, used in self.cpu_seconds.items()}


def percentiles(seconds: list[float]) -> dict[str, float]:
    """Return the percentiles 50, 95 and 99, in milliseconds."""
    cuts = quantiles(seconds, n=100, method="inclusive")
    return {f"p{n}": round(cuts[n - 1] * 1000, 1) for n in (50, 95, 99)}


async def measure_arrivals(
    bench: Bench,
    subject: Subject,
    *,
    per_second: float,
    seconds: float,
    advance: Callable[[], None] = lambda: None,
) -> Arrivals:
    """Let customers arrive independently of each other (Poisson), and pay.

    Args:
        bench: The running system.
        subject: Makes the payments.
        per_second: The mean rate.
        seconds: The duration.
        advance: Called when a payment has ended.
    """
    found = Arrivals(per_second, seconds)
    dice = random.Random(SEED)  # no secret, but repeatable
    before, began, due = bench.cpu_seconds(), perf_counter(), 0.0

    async def pay(due_at: float) -> None:
        order_id = new_order_id()
        try:
            await subject.open(order_id)
            shown = perf_counter()
            found.to_page.append(shown - due_at)
            await subject.finish(order_id)
            found.to_paid.append(perf_counter() - shown)
        except Exception as error:  # counted, and must be none
            found.errors[type(error).__name__] += 1
        advance()

    async with asyncio.TaskGroup() as group:
        while (due := due + dice.expovariate(per_second)) < seconds:
            await asyncio.sleep(began + due - perf_counter())
            group.create_task(pay(began + due))
        last = perf_counter()
    found.over_after = perf_counter() - last
    for name, used in bench.cpu_seconds().items():
        found.cpu_seconds[name] = used - before[name]
    return found
