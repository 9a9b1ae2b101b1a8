"""Security headers of every answer: no frames, no caching, no scripts.

Storefronts' back ends call, and no browser of a customer does; so the strictest rules
harm nobody, and an answer that ends up in a browser all the same can do nothing there.
"""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY: Final = "content-security-policy"
# No Strict-Transport-Security: the proxy that speaks TLS knows for how long it will.
HEADERS: Final = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    # For browsers that do not know `frame-ancestors`.
    "x-frame-options": "DENY",
    POLICY: "default-src 'none'; frame-ancestors 'none'",
}


class SecurityHeaders:
    """Adds the headers as an answer begins; what it sends passes through untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                # A page sets the policy for its own script itself.
                headers.update(
                    {**HEADERS, POLICY: headers.get(POLICY, HEADERS[POLICY])}
                )
            await send(message)

        await self._app(scope, receive, send_with_headers)
