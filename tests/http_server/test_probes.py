"""What a process without HTTP of its own answers to probes, and when it does not."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from http_server.beside import served_beside
from http_server.health import create_health_app
from tests.telemetry.running import free_address


@contextmanager
def a_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Run an event loop in a thread of its own, as a process of ours has one."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def probed(loop: asyncio.AbstractEventLoop) -> Iterator[str]:
    """Answer probes on that loop while the block runs; yield where."""
    address, begun, ended = free_address(), threading.Event(), asyncio.Event()

    async def serve() -> None:
        health = create_health_app(lambda: True)
        async with served_beside(health, address, what="health is"):
            begun.set()
            await ended.wait()

    serving = asyncio.run_coroutine_threadsafe(serve(), loop)
    assert begun.wait(10)
    try:
        yield f"http://{address}/health/live"
    finally:
        loop.call_soon_threadsafe(ended.set)
        serving.result(10)


def test_a_process_whose_event_loop_is_stuck_does_not_answer_probes() -> None:
    stuck, released = threading.Event(), threading.Event()

    def block() -> None:
        stuck.set()
        released.wait(30)

    with a_loop() as loop, probed(loop) as url:
        assert httpx.get(url).status_code == 200
        loop.call_soon_threadsafe(block)
        assert stuck.wait(10)
        try:
            with pytest.raises(httpx.TimeoutException):
                httpx.get(url, timeout=0.2)
        finally:
            released.set()
        assert httpx.get(url).status_code == 200


async def test_it_is_ready_while_it_takes_work() -> None:
    address, answers, takes_work = free_address(), [], [False]
    health = create_health_app(lambda: takes_work[0])
    async with (
        served_beside(health, address, what="health is"),
        httpx.AsyncClient(base_url=f"http://{address}") as http,
    ):
        for takes_work[0] in (False, True, False):
            answers.append((await http.get("/health/ready")).status_code)
            assert (await http.get("/health/live")).status_code == 200
    assert answers == [503, 200, 503]
