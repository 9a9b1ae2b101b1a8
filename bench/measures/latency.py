"""(a) How long a shop waits for the cashier URL."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import quantiles

from bench.measures.batches import run_all
from bench.systems.orders import new_order_id
from bench.systems.subjects import Subject


@dataclass(frozen=True)
class Latency:
    """Milliseconds to the cashier URL with a number of calls in flight."""

    subject: str
    in_flight: int
    samples: int
    p50: float
    p99: float


async def measure_latency(
    subjects: dict[str, Subject],
    *,
    in_flight: int,
    rounds: int,
    batch: int,
    advance: Callable[[], None],
) -> list[Latency]:
    """Measure all subjects in alternating batches, so that drift affects all equally.

    Opened payments are also finished, outside the measured time, so that the worker's
    cache does not fill up with waiting payments.
    """
    seconds: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(rounds):
        for name, subject in subjects.items():
            order_ids = [new_order_id() for _ in range(batch)]
            seconds[name] += await run_all(subject.open, order_ids, in_flight=in_flight)
            await run_all(subject.finish, order_ids, in_flight=in_flight)
            advance()
    return [
        Latency(name, in_flight, len(taken), *_percentiles(taken))
        for name, taken in seconds.items()
    ]


def _percentiles(seconds: list[float]) -> tuple[float, float]:
    cuts = quantiles(seconds, n=100, method="inclusive")
    return cuts[49] * 1000, cuts[98] * 1000
