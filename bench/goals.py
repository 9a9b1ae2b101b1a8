"""The goals, and their comparison with the figures."""

from dataclasses import dataclass

from bench.measures.cost import Cost
from bench.measures.latency import Latency
from bench.measures.memory import Memory
from bench.measures.throughput import Throughput

PAGE_FACTOR = 0.95  # of the floor and the bare call together
RATE_FACTOR = 1.0
CPU_FACTOR = 1.1
SERVER_FACTOR = 0.9
MOST_EVENTS = 14
MOST_ACTIONS = 5
MOST_BYTES = 11_080  # the size in release 3, with its evidence (docs/benchmarks.md)
MEMORY_FACTOR = 0.7


@dataclass(frozen=True)
class Figures:
    """All figures of one run."""

    latency: list[Latency]
    throughput: list[Throughput]
    cost: list[Cost]
    memory: list[Memory]


@dataclass(frozen=True)
class Goal:
    """One goal: the figure, its limit, and whether it holds."""

    name: str
    figure: float
    limit: float
    unit: str
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        if self.at_least:
            return self.figure >= self.limit
        return self.figure <= self.limit


def goals_of(figures: Figures) -> list[Goal]:
    """Compare the figures of one run with the goals."""
    return [
        *_page_goals(figures.latency),
        *_rate_goals(figures.throughput),
        *_cost_goals(figures.cost),
        _memory_goal(figures.memory),
    ]


def _page_goals(latency: list[Latency]) -> list[Goal]:
    p50 = {(row.subject, row.in_flight): row.p50 for row in latency}
    return [
        Goal(
            f"(a) p50 to the page, {in_flight} in flight: "
            f"{PAGE_FACTOR} x (floor + bare call)",
            p50["ours", in_flight],
            PAGE_FACTOR * (p50["floor", in_flight] + p50["bare call", in_flight]),
            "ms",
        )
        for in_flight in sorted({row.in_flight for row in latency})
    ]


def _rate_goals(throughput: list[Throughput]) -> list[Goal]:
    rows = {(row.subject, row.in_flight): row for row in throughput}
    goals = []
    # With one in flight nothing queues, which (a) measures already.
    for in_flight in sorted({row.in_flight for row in throughput} - {1}):
        ours, floor = rows["ours", in_flight], rows["floor", in_flight]
        goals.append(
            Goal(
                f"(b) paid a second, {in_flight} in flight: {RATE_FACTOR} x floor",
                ours.per_second,
                RATE_FACTOR * floor.per_second,
                "/s",
                at_least=True,
            )
        )
    return [*goals, *_processor_goals(throughput)]


def _processor_goals(throughput: list[Throughput]) -> list[Goal]:
    return [
        Goal(
            f"(c) {name}'s processor time a payment: {factor} x floor",
            _milliseconds("ours", of_ours, throughput),
            factor * _milliseconds("floor", of_floor, throughput),
            "ms",
        )
        for name, of_ours, of_floor, factor in (
            ("worker", "worker", "floor", CPU_FACTOR),
            ("server", "server", "server", SERVER_FACTOR),
        )
    ]


def _milliseconds(subject: str, process: str, rows: list[Throughput]) -> float:
    """Return the mean over all numbers in flight."""
    own = [row for row in rows if row.subject == subject]
    used = sum(row.cpu_seconds[process] for row in own)
    return used / sum(row.payments for row in own) * 1000


def _cost_goals(cost: list[Cost]) -> list[Goal]:
    [ours] = [row for row in cost if row.subject == "ours"]
    return [
        Goal("(d) history events a payment", ours.events, MOST_EVENTS, ""),
        Goal("(d) billable actions a payment", ours.actions, MOST_ACTIONS, ""),
        Goal("(d) history bytes a payment", ours.bytes, MOST_BYTES, ""),
    ]


def _memory_goal(memory: list[Memory]) -> Goal:
    each = {row.subject: row.bytes_per_payment / 1000 for row in memory}
    return Goal(
        f"(e) memory of a waiting payment: {MEMORY_FACTOR} x floor",
        each["ours"],
        MEMORY_FACTOR * each["floor"],
        "kB",
    )
