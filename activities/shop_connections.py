"""Connections to the shop: only to addresses that were checked to be public.

A name that is looked up twice may be public the first time and private the second. So
it is looked up once for each call, and the call goes to that very address; the name
stays in the Host header, and the shop's certificate is verified for it.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx

from activities.addresses import is_public
from activities.outgoing_proxy import Tunnels, may_be_tunnelled_to

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

# A shop that does not answer the handshake is away; the callback is repeated.
TIMEOUT = httpx.Timeout(8, connect=3)
# One kept connection is for one name; after a redirect two names may share an address.
LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=0)
# Of its own: a name server that is away holds a thread for half a minute, and asyncio's
# few threads also look up Alipay.
LOOKUPS = ThreadPoolExecutor(4, "shop-names")


class PrivateAddressError(Exception):
    """The shop's host has an address that is not public."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return all addresses of a host, the best first.

    Raises:
        OSError: It has none.
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
                continue  # nothing was sent: the next one may listen
        return await self._inner.handle_async_request(_to(last, request))

    async def _addresses(self, request: httpx.Request) -> Sequence[str]:
        """Return the addresses of the request's host.

        Raises:
            PrivateAddressError: One of them is not public.
            UnencryptedError: One of them is public, and the URL begins with http://.
            httpx.UnsupportedProtocol: The URL is not one of HTTP.
            httpx.ConnectError: It has none.
        """
        host = _host_of(request)
        if request.url.scheme not in ("https", "http") or not host:
            raise httpx.UnsupportedProtocol("not a URL of HTTP", request=request)
        try:
            found = await self._resolve(host, request.url.port or 443)
        except (OSError, UnicodeError):
            raise httpx.ConnectError("its name is not known", request=request) from None
        # One is enough: which of them a name shows first is the choice of its owner.
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
    """Return the request, sent to an address; its Host header is there already."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": _host_of(request)},
    )


class PublicHosts(httpx.AsyncBaseTransport):
    """Sends https to hosts of the Internet through a proxy, which looks them up."""

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
        proxy: The URL of the proxy to the Internet; None for none. It looks names up,
            and must refuse private addresses that they have.
        resolve: Looks names up, where there is no proxy.
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
    # A transport of its own also means that no proxy of the environment is used.
    return httpx.AsyncClient(transport=checked, timeout=TIMEOUT, trust_env=False)
