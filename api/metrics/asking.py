"""Counts and lists workflows for metrics, and goes on where Temporal fails."""

import logging
from collections.abc import Awaitable, Iterable
from datetime import timedelta
from typing import Final, TypeVar

from temporalio.client import Client, WorkflowExecution
from temporalio.service import RPCError

# Together the answers must fit into the ten seconds that Prometheus waits.
PATIENCE: Final = timedelta(seconds=3)
# Of more than these the oldest is old enough to be seen, and the money large enough.
MOST_LISTED: Final = 200

AnswerT = TypeVar("AnswerT")

log = logging.getLogger(__name__)


async def count(client: Client, query: str) -> float | None:
    """Return how many workflows a filter finds; None without an answer."""
    answer = await or_none(client.count_workflows(query, rpc_timeout=PATIENCE))
    return None if answer is None else answer.count


async def list_any(
    client: Client, queries: Iterable[str]
) -> list[WorkflowExecution] | None:
    """Return the workflows that any of the filters finds; None without an answer."""
    either = " OR ".join(f"({query})" for query in queries)
    listed = client.list_workflows(either, limit=MOST_LISTED, rpc_timeout=PATIENCE)

    async def read() -> list[WorkflowExecution]:
        return [found async for found in listed]

    return await or_none(read())


async def or_none(call: Awaitable[AnswerT]) -> AnswerT | None:
    """Return the answer; None where Temporal does not give it."""
    try:
        return await call
    except RPCError as error:
        log.warning("Temporal did not answer a count: %s", error.status.name)
    except RuntimeError as error:
        # A client that has never connected says so without an RPCError.
        log.warning("Temporal did not answer a count: %s", error)
    return None
