"""(d) The history of a paid payment, and the actions that Temporal Cloud would bill."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import mean

from temporalio.api.history.v1 import History

from bench.measures.batches import run_all
from bench.systems.orders import new_order_id
from bench.systems.processes import Bench
from bench.systems.subjects import FloorToPaid, Ours


@dataclass(frozen=True)
class Cost:
    """Means per paid payment."""

    subject: str
    payments: int
    events: float
    bytes: float
    actions: float


async def measure_cost(
    bench: Bench,
    subjects: dict[str, Ours | FloorToPaid],
    *,
    payments: int,
    advance: Callable[[], None],
) -> list[Cost]:
    """Count with the server's own metric `action`, and read the histories after it."""
    found = []
    for name, subject in subjects.items():
        order_ids = [new_order_id() for _ in range(payments)]
        before = await bench.billed_actions()
        await run_all(subject.open, order_ids, in_flight=4)
        await run_all(subject.finish, order_ids, in_flight=4)
        actions = await bench.billed_actions() - before
        histories = [
            History(events=(await subject.handle(order_id).fetch_history()).events)
            for order_id in order_ids
        ]
        found.append(
            Cost(
                name,
                payments,
                mean(len(history.events) for history in histories),
                mean(history.ByteSize() for history in histories),
                actions / payments,
            )
        )
        advance()
    return found
