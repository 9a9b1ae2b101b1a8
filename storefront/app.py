"""The demo shop as one ASGI application."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from storefront.back_office.login import HOME, Login, LoginNeededError
from storefront.back_office.orders import BackOffice
from storefront.back_office.sessions import Sessions
from storefront.back_office.throttle import Throttle
from storefront.ordering.database import PATIENCE_SECONDS, BusyError
from storefront.pages import rendering
from storefront.pages.browsing import Browsing
from storefront.pages.checkout import Checkout
from storefront.pages.events import Events, Sleep
from storefront.pages.orders import OrderPages
from storefront.security import Guard
from storefront.settings import StorefrontSettings
from storefront.shop import Shop
from storefront.visits import Visit
from storefront.webhooks import Webhooks

log = logging.getLogger(__name__)

# A backup of a shop's file takes seconds.
TRY_AGAIN_SECONDS = 10
# Callbacks and forms have about a kilobyte at most.
LARGEST_BODY = 64 * 1024


def create_app(
    settings: StorefrontSettings,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    sleep: Sleep | None = None,
    patience: float = PATIENCE_SECONDS,
) -> FastAPI:
    """Build the shop.

    Args:
        settings: The shop's settings.
        transport: Sends the calls to the API; None: real HTTP.
        sleep: Waits between calls while the API is unavailable; None: in real time.
        patience: How long to wait for a locked database, in seconds.
    """
    shop = Shop.of(settings, transport, patience=patience)
    stopping = asyncio.Event()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        shop.database.prepare()
        yield
        await shop.close()

    app = FastAPI(
        title="Durable Coffee",
        openapi_url=None,
        lifespan=lifespan,
        max_body_size=LARGEST_BODY,
        # A redirect would name the host that the caller claims to have called.
        redirect_slashes=False,
    )
    app.state.shop = shop
    app.state.stopping = stopping
    app.add_middleware(Guard, settings=settings)
    for part in (Browsing, Checkout, OrderPages, Webhooks):
        app.include_router(part(shop).router)
    app.include_router(Events(shop, stopping, sleep=sleep).router)
    app.include_router(rendering.router)
    if shop.refunding:
        login = Login(settings, Sessions(), Throttle())
        app.include_router(login.router)
        app.include_router(BackOffice(shop, shop.refunding, login.member).router)

    @app.exception_handler(LoginNeededError)
    async def of_nobody(_: Request, __: LoginNeededError) -> Response:
        return RedirectResponse(f"{HOME}/login", 303)

    @app.exception_handler(HTTPException)
    async def of_http(request: Request, error: HTTPException) -> Response:
        return _problem(request, error.status_code)

    @app.exception_handler(RequestValidationError)
    async def of_input(request: Request, _: RequestValidationError) -> Response:
        return _problem(request, 422)

    @app.exception_handler(BusyError)
    async def while_locked(request: Request, error: BusyError) -> Response:
        # The API repeats callbacks, and the page asks the customer to try again.
        log.warning("database is locked, nothing was stored: %s", error)
        answer = _problem(request, 503)
        answer.headers["Retry-After"] = str(TRY_AGAIN_SECONDS)
        return answer

    @app.exception_handler(ClientDisconnect)
    async def cut_short(_: Request, __: ClientDisconnect) -> Response:
        # The caller hung up, or took too long: only the log shows this answer.
        return Response(status_code=400)

    return app


def _problem(request: Request, status: int) -> Response:
    word = {404: "missing", 503: "busy"}.get(status, "wrong")
    return rendering.page(
        "problem.html", Visit.of(request), http_status=status, word=word
    )
