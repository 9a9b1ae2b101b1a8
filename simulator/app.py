"""The simulator as one ASGI application, built by `create_app`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from simulator.config import Clock, SimulatorConfig, wall_clock
from simulator.control.payments import Control
from simulator.control.refunds import RefundControl
from simulator.faults.broken_answers import quiet_server_log
from simulator.gateway import Gateway
from simulator.page.assets import Assets
from simulator.page.cashier_page import CashierPage
from simulator.payments.payment import NotPayableError
from simulator.simulation import Simulation


def create_app(
    config: SimulatorConfig,
    *,
    clock: Clock = wall_clock,
    transport: httpx.AsyncBaseTransport | None = None,
) -> FastAPI:
    """Build the simulator.

    Args:
        config: How it is set up.
        clock: Returns the current time; tests move it.
        transport: Sends the notifications; None: real HTTP.
    """
    simulation = Simulation(config, clock, transport)
    cashier_page = CashierPage(simulation)
    control = Control(simulation)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        quiet_server_log()
        await simulation.start()
        try:
            yield
        finally:
            await simulation.stop()

    app = FastAPI(
        title="Alipay simulator",
        description="Alipay and the wallets, offline. For tests and demos only.",
        version="1",
        lifespan=lifespan,
        # FastAPI's pages load their scripts from elsewhere; /openapi.json stays.
        docs_url=None,
        redoc_url=None,
        # A redirect would name the host that the caller claims to have called.
        redirect_slashes=False,
    )
    app.state.simulation = simulation
    app.include_router(Gateway(simulation).router)
    app.include_router(cashier_page.router)
    app.include_router(Assets().router)
    app.include_router(control.router)
    app.include_router(RefundControl(simulation).router)

    @app.exception_handler(NotPayableError)
    async def not_payable(request: Request, error: NotPayableError) -> Response:
        if request.url.path.startswith("/control/"):
            return await control.refuse(error)
        return await cashier_page.refuse(request, error)

    @app.exception_handler(RequestValidationError)
    async def unreadable(_: Request, error: RequestValidationError) -> Response:
        # Without the input, which JSON may be unable to hold: NaN, Infinity.
        detail = [
            {name: problem[name] for name in ("loc", "msg", "type")}
            for problem in error.errors()
        ]
        return JSONResponse({"detail": detail}, 422)

    @app.exception_handler(ClientDisconnect)
    async def cut_short(_: Request, __: ClientDisconnect) -> Response:
        # The caller hung up, or took too long: only the log shows this answer.
        return Response(status_code=400)

    return app
