"""The API in processes of their own, as it is served in production."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from temporalio.client import Client

from api.settings import ApiSettings
from cashier.system.environment import bare_environment
from cashier.system.ports import HOST, free_port
from tests.api.running import API_KEY


@asynccontextmanager
async def api_process(
    settings: ApiSettings, temporal: Client, folder: Path
) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the API until the block ends; yield a caller of it.

    Args:
        settings: Of the API; from them its environment is made.
        temporal: Who is connected to the server that it shall use.
        folder: Its home.
    """
    port = free_port()
    environment = {
        **bare_environment(folder),
        "TEMPORAL_ADDRESS": temporal.service_client.config.target_host,
        "TEMPORAL_NAMESPACE": temporal.namespace,
        "CASHIER_API_PORT": str(port),
        "CASHIER_CLIENT_ID": settings.client_id,
        "CASHIER_ALIPAY_KEYS_DIR": str(settings.alipay_keys_dir),
        "CASHIER_NOTIFY_URL": settings.notify_url,
        "CASHIER_API_KEYS_FILE": str(settings.api_keys_file),
        "CASHIER_CLEAR_TEXT": "true",
    }
    command = (sys.executable, "-m", "cashier", "api")
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, cwd=folder, stdout=DEVNULL, stderr=DEVNULL
    )
    headers = {"Authorization": f"Bearer {API_KEY}"}
    try:
        async with httpx.AsyncClient(
            base_url=f"http://{HOST}:{port}", headers=headers, timeout=30
        ) as http:
            await _is_live(http)
            yield http
    finally:
        process.terminate()
        await process.wait()


async def _is_live(http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(120):
        while True:
            try:
                await http.get("/health/live")
            except httpx.TransportError:
                continue
            return
