"""Outgoing calls through the merchant's proxy: tunnels to public hosts, nothing else.

The proxy looks names up, for in such networks often nobody else can. So only the proxy
sees which address a name has; a private address in the URL itself is refused here.
"""

import ssl

import httpx

from activities.addresses import is_private_host, is_unqualified


class Tunnels(httpx.AsyncBaseTransport):
    """Sends https by CONNECT through the proxy, which sees host and port alone.

    What begins with http:// is on this machine (`settings.urls.HostUrl`) and goes there
    without the proxy.
    """

    def __init__(self, proxy: str, *, limits: httpx.Limits) -> None:
        """Open nothing yet.

        Args:
            proxy: Its URL, with name and password where it wants them.
            limits: Of the connections.
        """
        tls = ssl.create_default_context()
        # TLS to the proxy itself: the library refuses a context where there is none.
        to_proxy = tls if proxy.startswith("https:") else None
        self._through = httpx.AsyncHTTPTransport(
            verify=tls,
            limits=limits,
            trust_env=False,
            proxy=httpx.Proxy(proxy, ssl_context=to_proxy),
        )
        self._direct = httpx.AsyncHTTPTransport(
            verify=tls, limits=limits, trust_env=False
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        is_plain = request.url.scheme == "http"
        wire = self._direct if is_plain else self._through
        return await wire.handle_async_request(request)

    async def aclose(self) -> None:
        await self._through.aclose()
        await self._direct.aclose()


def may_be_tunnelled_to(url: httpx.URL) -> bool:
    """Whether a URL is https to a public host, as far as it shows."""
    is_private = is_unqualified(url.host) or is_private_host(url.host)
    return url.scheme == "https" and not is_private
