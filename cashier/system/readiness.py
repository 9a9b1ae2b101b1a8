"""Waits until the processes of a local system are ready, and names one that fails."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import httpx

from cashier.system.part import Part, PartFailedError
from cashier.system.ports import Ports

START_PATIENCE_SECONDS = 60
MOST_STARTS = 3


async def until_ready(
    parts: Mapping[str, Part], ports: Ports, tell: Callable[[str], None]
) -> None:
    """Wait until all processes are ready.

    Args:
        parts: The started processes, by name.
        ports: Their ports.
        tell: Called with a text for each process that is awaited.

    Raises:
        PartFailedError: A process ends repeatedly, or is not ready in time; the message
            has the end of its log.
    """
    urls = {
        "simulator": f"{ports.simulator_url}/health/live",
        "api": f"{ports.api_url}/health/live",
        "codec": f"{ports.codec_url}/health/live",
        "worker": f"{ports.api_url}/health/ready",
        "storefront": f"{ports.shop_url}/health/live",
    }
    async with httpx.AsyncClient(trust_env=False) as http:
        # Temporal first: until it runs, a worker ends and is restarted.
        ready = {"temporal": partial(_listens, ports.temporal)} | {
            name: partial(_answers, http, url) for name, url in urls.items()
        }
        try:
            async with asyncio.timeout(START_PATIENCE_SECONDS):
                for name, is_ready in ready.items():
                    if part := parts.get(name):
                        tell(f"Waiting for the {name}")
                        await until_up(part, is_ready)
        except TimeoutError:
            raise did_not_come_up(parts[name]) from None


async def until_up(part: Part, is_ready: Callable[[], Awaitable[bool]]) -> None:
    """Wait until one started process is ready.

    Raises:
        PartFailedError: It ends repeatedly; the message has the end of its log.
    """
    # Its earlier restarts were not its own failures: another process was missing.
    most = part.starts + MOST_STARTS
    while not await is_ready():
        if part.starts > most:
            raise did_not_come_up(part)
        await asyncio.sleep(0.1)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def _answers(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(url)).is_success
    except httpx.HTTPError:
        return False


def did_not_come_up(part: Part) -> PartFailedError:
    """Return the error that names a process and shows the end of its log."""
    return PartFailedError(f"the {part.name} did not come up:\n{part.last_words()}")
