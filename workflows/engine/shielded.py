"""Shields steps that must be finished from a cancellation of the workflow."""

import asyncio  # noqa: TID251 - tasks of the workflow's own loop, which replay
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

ResultT = TypeVar("ResultT")


async def shielded(body: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Await a coroutine to its end, even if the workflow is cancelled meanwhile.

    The Temporal UI offers *Request Cancellation* beside every workflow. Without this
    shield, one click would leave a refund undone, or the shop without a callback.
    """
    task = asyncio.create_task(body)
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.shield(task)
    return task.result()
