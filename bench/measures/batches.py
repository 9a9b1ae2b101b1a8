"""Runs many payments with a fixed number in flight."""

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter

Task = Callable[[str], Awaitable[None]]


async def run_all(task: Task, order_ids: list[str], *, in_flight: int) -> list[float]:
    """Run a task for each order; return the seconds of each."""
    waiting = iter(order_ids)
    seconds: list[float] = []

    async def work() -> None:
        for order_id in waiting:
            began = perf_counter()
            await task(order_id)
            seconds.append(perf_counter() - began)

    await asyncio.gather(*(work() for _ in range(in_flight)))
    return seconds
