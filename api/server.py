"""Serves the API with uvicorn."""

import uvicorn

from api.app import create_app
from settings import ApiSettings
from temporal_client import connect

# Longer than the longest wait for a cashier page, so that a stop cuts nobody off.
GRACE_SECONDS = 20
# Real headers measure one or two kB, the signature included.
LARGEST_HEADERS = 16 * 1024


async def serve_api(settings: ApiSettings) -> None:
    """Serve until SIGTERM or SIGINT, then finish the calls in flight."""
    # Lazy: the API lives, and says 503, while Temporal is away.
    client = await connect(lazy=True)
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(settings, client),
            host=settings.api_host,
            port=settings.api_port,
            log_level="warning",
            http="h11",  # whose limit of headers is set below
            h11_max_incomplete_event_size=LARGEST_HEADERS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
    await server.serve()
