"""Carries through what must not be left half done, whoever cancels the workflow."""

import asyncio  # noqa: TID251 - tasks of the workflow's own loop, which replay
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

ResultT = TypeVar("ResultT")


async def shielded(body: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Await a body that a cancellation of the workflow does not reach.

    The Temporal UI offers *Request Cancellation* beside every workflow; money that must
    go back, or a shop that must hear of it, would be forgotten by one click.
    """
    task = asyncio.create_task(body)
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.shield(task)
    return task.result()
