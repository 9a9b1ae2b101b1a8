"""What comes near the size that Temporal refuses is counted."""

import asyncio

import httpx
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from api.limits import LARGEST_BODY
from telemetry.large_payloads import count_large_payloads
from telemetry.names import LARGE_PAYLOADS
from telemetry.runtime import start_runtime
from temporal_client import PAYLOAD_LIMITS
from tests.telemetry.running import free_address

# `limit.blobSize.error` of a server that nobody has configured otherwise.
REFUSED_BY_THE_SERVER = 2 * 1024 * 1024


async def counted(address: str) -> float:
    async with httpx.AsyncClient() as http:
        text = (await http.get(f"http://{address}/metrics")).text
    lines = [one for one in text.splitlines() if one.startswith(LARGE_PAYLOADS)]
    return sum(float(one.rpartition(" ")[2]) for one in lines)


async def until_counted(address: str, number: float) -> None:
    """Wait until the engine's thread has handed its log lines over."""
    async with asyncio.timeout(20):
        while await counted(address) < number:
            pass


async def test_a_payload_over_the_warning_is_counted_and_sent(
    dev_server: WorkflowEnvironment,
) -> None:
    address = free_address()
    runtime = start_runtime(address)
    count_large_payloads(runtime)
    client = await Client.connect(
        dev_server.client.service_client.config.target_host,
        runtime=runtime,
        payload_limits=PAYLOAD_LIMITS,
    )
    sizes = {"small": 1000, "large": PAYLOAD_LIMITS.payloads_warn_size + 1000}
    for name, size in sizes.items():
        before = await counted(address)
        started = await client.start_workflow(
            "Nobody's", "x" * size, id=f"payload-{name}", task_queue="nobody's"
        )
        await until_counted(address, before + (name == "large"))
        await started.terminate()
    assert await counted(address) == 1


def test_the_warning_comes_long_before_the_refusal() -> None:
    assert PAYLOAD_LIMITS.payloads_warn_size * 4 <= REFUSED_BY_THE_SERVER


def test_the_api_takes_no_order_that_the_server_would_refuse() -> None:
    """Encryption adds some hundred bytes, and nothing else shares its payload."""
    assert LARGEST_BODY * 2 <= REFUSED_BY_THE_SERVER
