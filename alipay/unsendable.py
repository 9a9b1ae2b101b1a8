"""Distinguishes requests that we cannot send from those that the network lost."""

import httpx

# A URL, a header, a port or a key that no request can be made of. What the peer or the
# network does is an `httpx.HTTPError` of another class, or an OSError.
CAUSES = (
    httpx.InvalidURL,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    OverflowError,  # a port above 65535, when the socket is opened
    TypeError,
    ValueError,  # a header or a host name that cannot be encoded is one, too
)


def is_unsendable(error: BaseException) -> bool:
    """Whether the request can never be sent as it is, however often it is repeated.

    Connecting tries several addresses at once, so an error may come in a group.
    """
    if isinstance(error, BaseExceptionGroup):
        return any(map(is_unsendable, error.exceptions))
    return isinstance(error, CAUSES)


def name_of(error: BaseException) -> str:
    """Return the error's class, of a group those inside; texts may hold secrets.

    Of a proxy's refusal the HTTP status stands behind it.
    """
    if isinstance(error, BaseExceptionGroup):
        return ", ".join(sorted({name_of(one) for one in error.exceptions}))
    refused = isinstance(error, httpx.ProxyError) and str(error)[:3]
    status = f" {refused}" if refused and refused.isdecimal() else ""
    return f"{type(error).__name__}{status}"
