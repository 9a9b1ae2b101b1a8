"""The health endpoints of a process that serves no other HTTP."""

from collections.abc import Callable

from fastapi import FastAPI, Response


def create_health_app(is_ready: Callable[[], bool]) -> FastAPI:
    """Return the application; it must be served on the event loop that does the work.

    An answer proves that the event loop runs. It does not check Temporal: an outage
    would restart every process.

    Args:
        is_ready: Returns whether the process takes work now.
    """
    app = FastAPI(openapi_url=None, redirect_slashes=False)

    @app.head("/health/live")
    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @app.head("/health/ready")
    @app.get("/health/ready")
    async def ready(response: Response) -> dict[str, str]:
        if not is_ready():
            response.status_code = 503
            return {"status": "not ready"}
        return {"status": "ready"}

    return app
