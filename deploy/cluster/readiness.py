"""Waits until the processes of a cluster are ready."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio.client import Client
from temporalio.service import RPCError

from cashier.system.part import Part
from cashier.system.ports import HOST
from cashier.system.readiness import did_not_come_up, until_up
from deploy.cluster.services import HEALTH

# The service history waits 5 s for its shards before it reports that it serves.
START_PATIENCE_SECONDS = 90
QUICK = timedelta(seconds=2)


async def until_serving(part: Part, is_serving: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a started process serves.

    Raises:
        PartFailedError: It ends repeatedly, or takes too long.
    """
    try:
        async with asyncio.timeout(START_PATIENCE_SECONDS):
            await until_up(part, is_serving)
    except TimeoutError:
        raise did_not_come_up(part) from None


async def is_healthy(service: str, port: int) -> bool:
    """Whether a service of Temporal passes its own health check."""
    try:
        # Lazy: only the frontend supports the call that a connecting client makes.
        client = await Client.connect(f"{HOST}:{port}", lazy=True)
        return await client.service_client.check_health(
            service=HEALTH[service], timeout=QUICK
        )
    except (RPCError, RuntimeError):
        return False
