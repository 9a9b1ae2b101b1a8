"""Connections to the shop: only to addresses that were checked to be public.

A name that is resolved twice may be public the first time and private the second. So it
is resolved once for each call, and the call goes to that very address; the name stays
in the Host header, and the shop's certificate is verified for it.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx

from activities.shop.addresses import is_public
from activities.shop.outgoing_proxy import Tunnels, may_be_tunnelled_to

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

# A shop that does not answer the handshake is down; the callback is repeated.
TIMEOUT = httpx.Timeout(8, connect=3)
# A kept connection belongs to one name; after a redirect two names may share an
# address.
LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=0)
# A separate pool: a name server that is down blocks a thread for half a minute, and
# asyncio's few threads also resolve Alipay's name.
LOOKUPS = ThreadPoolExecutor(4, "shop-names")


class PrivateAddressError(Exception):
    """The shop's host has an address that is not public."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return all addresses of a host, the preferred one first.

    Raises:
        OSError: The host has none.
    """
    found = await asyncio.get_running_loop().run_in_executor(
        LOOKUPS, partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    )
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class UnencryptedError(Exception):
    """The call would go to a public address without TLS."""


class CheckedAddresses(httpx.AsyncBaseTransport):
    """Sends each request to an address of its host that is allowed."""

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        *,
        private_addresses: bool,
        resolve: Resolve = resolve,
    ) -> None:
        self._inner = inner
        self._private_addresses = private_addresses
        self._resolve = resolve

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        *others, last = await self._addresses(request)
        for address in others:
            try:
                return await self._inner.handle_async_request(_to(address, request))
            except httpx.ConnectError:
                continue  # nothing was sent: try the next address
        return await self._inner.handle_async_request(_to(last, request))

    async def _addresses(self, request: httpx.Request) -> Sequence[str]:
        """Return the addresses of the request's host.

        Raises:
            PrivateAddressError: One of them is not public.
            UnencryptedError: One of them is public, and the URL begins with http://.
            httpx.UnsupportedProtocol: The URL is not an http(s) URL.
            httpx.ConnectError: The host has no address.
        """
        host = _host_of(request)
        if request.url.scheme not in ("https", "http") or not host:
            raise httpx.UnsupportedProtocol("not a URL of HTTP", request=request)
        try:
            found = await self._resolve(host, request.url.port or 443)
        except (OSError, UnicodeError):
            raise httpx.ConnectError("its name is not known", request=request) from None
        # One is enough: the owner of the name chooses which address comes first.
        private = [one for one in found if not is_public(one)]
        if private and not self._private_addresses:
            raise PrivateAddressError(f"{host} is {private[0]}")
        if request.url.scheme == "http" and len(private) < len(found):
            raise UnencryptedError(host)
        return found

    async def aclose(self) -> None:
        await self._inner.aclose()


def _host_of(request: httpx.Request) -> str:
    return request.url.raw_host.decode("ascii")


def _to(address: str, request: httpx.Request) -> httpx.Request:
    """Return the request with an address in its URL; it has its Host header already."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": _host_of(request)},
    )


class PublicHosts(httpx.AsyncBaseTransport):
    """Sends https to public hosts through a proxy, which resolves them."""

    def __init__(self, proxy: str) -> None:
        self._tunnels = Tunnels(proxy, limits=LIMITS)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = _host_of(request)
        if request.url.scheme not in ("https", "http") or not host:
            raise httpx.UnsupportedProtocol("not a URL of HTTP", request=request)
        if not may_be_tunnelled_to(request.url):
            raise PrivateAddressError(f"{host} is not a public host, by https")
        return await self._tunnels.handle_async_request(request)

    async def aclose(self) -> None:
        await self._tunnels.aclose()


def open_shop_connections(
    *,
    private_addresses: bool,
    proxy: str | None = None,
    resolve: Resolve = resolve,
) -> httpx.AsyncClient:
    """Return connections for callbacks: addresses checked, TLS verified.

    Args:
        private_addresses: Whether the shop may be in the merchant's own network; it is
            reached without the proxy then.
        proxy: The URL of the proxy to the Internet; None for none. It resolves names,
            and must refuse those with private addresses.
        resolve: Resolves names, if there is no proxy.
    """
    if proxy and not private_addresses:
        return httpx.AsyncClient(
            transport=PublicHosts(proxy), timeout=TIMEOUT, trust_env=False
        )
    wire = httpx.AsyncHTTPTransport(
        verify=ssl.create_default_context(), limits=LIMITS, trust_env=False
    )
    checked = CheckedAddresses(
        wire, private_addresses=private_addresses, resolve=resolve
    )
    # With an explicit transport, httpx also ignores proxies of the environment.
    return httpx.AsyncClient(transport=checked, timeout=TIMEOUT, trust_env=False)
