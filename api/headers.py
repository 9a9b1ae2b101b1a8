"""Adds security headers to every answer: no frames, no caching, no scripts.

Only storefronts' back ends call the API, and no customer's browser; so the strictest
rules do no harm, and an answer that ends up in a browser can do nothing there.
"""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY: Final = "content-security-policy"
# No Strict-Transport-Security: that is up to the proxy that terminates TLS.
HEADERS: Final = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    # For browsers that do not know `frame-ancestors`.
    "x-frame-options": "DENY",
    POLICY: "default-src 'none'; frame-ancestors 'none'",
}


class SecurityHeaders:
    """Adds the headers at the start of an answer; the body passes through unchanged."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                # The page /docs sets the policy for its own script.
                headers.update(
                    {**HEADERS, POLICY: headers.get(POLICY, HEADERS[POLICY])}
                )
            await send(message)

        await self._app(scope, receive, send_with_headers)
