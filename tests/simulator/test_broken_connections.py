"""Connections that hang or break, over a real server: no fake transport can show it."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from fastapi import FastAPI

from simulator.app import create_app
from simulator.config import SimulatorConfig
from tests.endless import BUFFERED, EndlessServer
from tests.http_server.calling import ReadyServer
from tests.simulator.shop import BASE_URL, MovableClock, Shop, a_pay, amount

# A complete answer takes milliseconds; nothing here waits for this to pass.
PATIENCE = 5.0


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        config = uvicorn.Config(app, lifespan="off", ws="none", log_config=None)
        server = ReadyServer(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await server.ready.wait()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            await serving


@pytest.fixture
async def wired(shop: Shop) -> AsyncIterator[Shop]:
    """The same shop, with a real wire to the same simulator."""
    transport = shop.http._transport
    assert isinstance(transport, httpx.ASGITransport)
    app: Any = transport.app
    async with served(app) as url:
        inner = shop.http
        async with httpx.AsyncClient(base_url=url, timeout=PATIENCE) as shop.http:
            yield shop
        shop.http = inner


@pytest.mark.parametrize(
    ("fault", "created"),
    [("timeout_before", False), ("timeout_after", True), ("cut", True)],
)
async def test_a_broken_call_may_have_taken_effect(
    wired: Shop, fault: str, created: bool, caplog: pytest.LogCaptureFixture
) -> None:
    await wired.plan(fault)
    with (
        caplog.at_level(logging.ERROR),
        pytest.raises(httpx.RemoteProtocolError, match="without sending complete"),
    ):
        await wired.send("pay", a_pay())
    assert bool(wired.simulation.register.payments) is created
    assert await wired.code("pay", a_pay()) == "U PAYMENT_IN_PROCESS"
    assert not caplog.records


async def test_a_refund_may_take_effect_and_never_be_answered(wired: Shop) -> None:
    await wired.pay()
    await wired.plan("refund_unanswered")
    # Only calls of `refund` are concerned.
    await wired.customer("pay")
    assert await wired.status() == "SUCCESS"
    with pytest.raises(httpx.RemoteProtocolError):
        await wired.refund(100)
    assert await wired.moved() == ["CHARGE 131400", "REFUND 100"]
    assert await wired.refund_status() == "SUCCESS"


async def test_a_client_that_gives_up_first_meets_its_own_time_out(wired: Shop) -> None:
    await wired.plan("timeout_after")
    wired.http.timeout = httpx.Timeout(0.01)
    with pytest.raises(httpx.ReadTimeout):
        await wired.send("pay", a_pay())
    wired.http.timeout = httpx.Timeout(PATIENCE)
    assert wired.simulation.register.payments


async def test_the_magic_time_outs_hold_for_two_calls(wired: Shop) -> None:
    body = a_pay(paymentAmount=amount("PHP", 9902))
    for _ in range(2):
        with pytest.raises(httpx.RemoteProtocolError):
            await wired.send("pay", body)
    assert await wired.code("pay", body) == "U PAYMENT_IN_PROCESS"
    inquiry = {"paymentRequestId": "order-1_2"}
    await wired.pay(**inquiry, paymentAmount=amount("PHP", 9904))
    for _ in range(2):
        with pytest.raises(httpx.RemoteProtocolError):
            await wired.send("inquiryPayment", inquiry)
    assert await wired.code("inquiryPayment", inquiry) == "S SUCCESS"


async def test_a_slow_answer_arrives(wired: Shop) -> None:
    await wired.plan("slow")
    assert await wired.code("pay", a_pay()) == "U PAYMENT_IN_PROCESS"


async def test_a_merchant_whose_answer_does_not_end_has_not_acknowledged(
    config: SimulatorConfig, merchant_key: RSAPrivateKey
) -> None:
    async with EndlessServer(b"HTTP/1.1 200 OK\r\n").listening() as server:
        app = create_app(config)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url=BASE_URL
            ) as http,
        ):
            shop = Shop(config, merchant_key, MovableClock())
            shop.simulation, shop.http = app.state.simulation, http
            url = f"http://127.0.0.1:{server.port}/notifications"
            await shop.pay(paymentNotifyUrl=url)
            await shop.customer("pay")
            await server.hung_up.wait()
            [notification] = shop.simulation.notifier.of("order-1_1")
    [delivery] = notification.deliveries
    assert (delivery.status, delivery.acknowledged) == (200, False)
    assert server.sent < BUFFERED
