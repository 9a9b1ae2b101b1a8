"""Waits until the parts of a local system are ready, and names the one that fails."""

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
    """Wait until all parts can do their work.

    Args:
        parts: The parts by name, all of them started.
        ports: Where they listen.
        tell: Called with each part that is waited for, in words.

    Raises:
        PartFailedError: A part ends again and again, or is not ready in time; with the
            end of its log.
    """
    urls = {
        "simulator": f"{ports.simulator_url}/health/live",
        "api": f"{ports.api_url}/health/live",
        "codec": f"{ports.codec_url}/health/live",
        "worker": f"{ports.api_url}/health/ready",
        "storefront": f"{ports.shop_url}/health/live",
    }
    async with httpx.AsyncClient(trust_env=False) as http:
        # Temporal first: a worker ends, and is started again, until it is there.
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
    """Wait until one part, which was started, can do its work.

    Raises:
        PartFailedError: It ends again and again; with the end of its log.
    """
    # Its starts before now were not its own failures: it missed another part.
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
    """Return the error that names a part and shows the end of its log."""
    return PartFailedError(f"the {part.name} did not come up:\n{part.last_words()}")
