"""Outgoing calls through the merchant's proxy: only tunnels to public hosts.

The proxy resolves names, which in such networks often no other host can. So only the
proxy sees the address of a name; a private address in the URL itself is refused here.
"""

import ssl

import httpx

from activities.shop.addresses import is_private_host, is_unqualified


class Tunnels(httpx.AsyncBaseTransport):
    """Sends https by CONNECT through the proxy, which sees only host and port.

    A URL that begins with http:// is on this machine (`settings.urls.HostUrl`) and is
    called without the proxy.
    """

    def __init__(self, proxy: str, *, limits: httpx.Limits) -> None:
        """Create the connection pools; nothing is opened yet.

        Args:
            proxy: Its URL, with name and password if it needs them.
            limits: Of the connections.
        """
        tls = ssl.create_default_context()
        # TLS to the proxy itself: the library refuses a context for a proxy without
        # TLS.
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
    """Whether a URL is https, and its host not certainly private."""
    is_private = is_unqualified(url.host) or is_private_host(url.host)
    return url.scheme == "https" and not is_private
