"""Protects all pages: security headers, and rejection of other sites' forms."""

from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from storefront.settings import StorefrontSettings

# Callbacks are signed, and come from no browser.
WEBHOOKS: Final = "/webhooks/"
SAFE: Final = ("GET", "HEAD", "OPTIONS")


def headers_of(settings: StorefrontSettings) -> dict[str, str]:
    """Return the security headers of all responses."""
    # A form redirects to the wallet's page, on any host, and Chromium applies
    # form-action to redirects too. Plain http is for local systems only.
    forms = "'self' https:" if settings.is_secure else "'self' https: http:"
    policy = {
        "default-src": "'none'",
        "style-src": "'self'",
        "script-src": "'self'",
        "img-src": "'self'",
        "connect-src": "'self'",
        "form-action": forms,
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(
            f"{name} {value}" for name, value in policy.items()
        ),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        # The token in an order's URL must not reach other sites. Not `no-referrer`:
        # with it browsers send forms with the origin `null`.
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


class Guard:
    """Adds the headers, and rejects forms from other sites."""

    def __init__(self, app: ASGIApp, settings: StorefrontSettings) -> None:
        self._app = app
        self._headers = headers_of(settings)
        self._origin = settings.base_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                # Carts, orders and their tokens must not be cached.
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        if self._is_own(scope):
            await self._app(scope, receive, with_headers)
        else:
            refusal = PlainTextResponse("This form was sent by another site.", 403)
            await refusal(scope, receive, with_headers)

    def _is_own(self, scope: Scope) -> bool:
        """Whether the browser says that the request comes from this shop's pages.

        Cookies are `SameSite=Lax`; this also protects browsers that do not support it.
        """
        if scope["method"] in SAFE or scope["path"].startswith(WEBHOOKS):
            return True
        headers = Headers(scope=scope)
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in ("same-origin", "none")
        return headers.get("origin") == self._origin
