"""The codec server's application: decrypts payloads for authorized operators."""

from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response
from starlette.requests import ClientDisconnect

from codec.server.access import Access, RefusedError
from codec.server.coding import CodingApi
from codec.server.login import Login
from codec.server.runbook import Runbook
from codec.server.sessions import Sessions
from codec.server.settings import CodecSettings
from codec.server.throttle import Throttle
from http_server.serving import ServerConfig

DOCS = Path(__file__).parent.parent.parent / "docs"
GRACE_SECONDS = 5


def create_app(
    settings: CodecSettings,
    *,
    sessions: Sessions | None = None,
    throttle: Throttle | None = None,
    docs: Path = DOCS,
) -> FastAPI:
    """Return the application.

    Args:
        settings: The keys, the UI's address, the operators.
        sessions: The sessions; None for none yet.
        throttle: Counts failed logins; None for a new one.
        docs: The folder with the runbook.
    """
    app = FastAPI(
        title="Codec server of the durable cashier",
        openapi_url=None,
        # A redirect would contain the host that the caller put into the header.
        redirect_slashes=False,
    )
    sessions = sessions or Sessions()
    access = Access(settings, sessions, settings.token_rule)
    if settings.operators:
        login = Login(
            settings, access, sessions, settings.operators, throttle or Throttle()
        )
        app.include_router(login.router)
    app.include_router(Runbook(docs).router)
    app.mount("/codec", CodingApi(settings, access).app)

    @app.head("/health/live")
    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @app.exception_handler(RefusedError)
    async def refused(_: Request, error: RefusedError) -> Response:
        return error.answer()

    @app.exception_handler(ClientDisconnect)
    async def cut_short(_: Request, __: ClientDisconnect) -> Response:
        # The caller disconnected, or took too long: this answer appears only in the
        # log.
        return Response(status_code=400)

    return app


async def serve_codec(settings: CodecSettings) -> None:
    """Serve until SIGTERM or SIGINT."""
    config = ServerConfig(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        grace_seconds=GRACE_SECONDS,
    )
    await uvicorn.Server(config).serve()
