"""Counts and lists workflows for metrics; a failure of Temporal is not an error."""

import logging
from collections.abc import Awaitable, Iterable
from datetime import timedelta
from typing import Final, TypeVar

from temporalio.client import Client, WorkflowExecution
from temporalio.service import RPCError

# All answers must arrive within the ten seconds that Prometheus waits.
PATIENCE: Final = timedelta(seconds=3)
# The most entries that are read; with more, age and money are alarming anyway.
MOST_LISTED: Final = 200

AnswerT = TypeVar("AnswerT")

log = logging.getLogger(__name__)


async def count(client: Client, query: str) -> float | None:
    """Return how many workflows match a filter; None without an answer."""
    answer = await or_none(client.count_workflows(query, rpc_timeout=PATIENCE))
    return None if answer is None else answer.count


async def list_any(
    client: Client, queries: Iterable[str]
) -> list[WorkflowExecution] | None:
    """Return the workflows that match any of the filters; None without an answer."""
    either = " OR ".join(f"({query})" for query in queries)
    listed = client.list_workflows(either, limit=MOST_LISTED, rpc_timeout=PATIENCE)

    async def read() -> list[WorkflowExecution]:
        return [found async for found in listed]

    return await or_none(read())


async def or_none(call: Awaitable[AnswerT]) -> AnswerT | None:
    """Return the answer; None where Temporal does not answer."""
    try:
        return await call
    except RPCError as error:
        log.warning("Temporal did not answer a count: %s", error.status.name)
    except RuntimeError as error:
        # A lazy client that cannot connect raises RuntimeError instead of RPCError.
        log.warning("Temporal did not answer a count: %s", error)
    return None
