"""Distinguishes requests that can never be sent from failures of the network."""

import httpx

# Errors of an invalid URL, header, port or key. Failures of the peer or the network are
# an `httpx.HTTPError` of another class, or an OSError.
CAUSES = (
    httpx.InvalidURL,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    OverflowError,  # a port above 65535, when the socket is opened
    TypeError,
    ValueError,  # a header or a host name that cannot be encoded is one, too
)


def is_unsendable(error: BaseException) -> bool:
    """Whether the request can never be sent as it is, however often it is retried.

    Connecting tries several addresses at once, so an error may come in a group.
    """
    if isinstance(error, BaseExceptionGroup):
        return any(map(is_unsendable, error.exceptions))
    return isinstance(error, CAUSES)


def name_of(error: BaseException) -> str:
    """Return the error's class, or those in a group; its text may contain secrets.

    The HTTP status of a proxy's refusal is added.
    """
    if isinstance(error, BaseExceptionGroup):
        return ", ".join(sorted({name_of(one) for one in error.exceptions}))
    refused = isinstance(error, httpx.ProxyError) and str(error)[:3]
    status = f" {refused}" if refused and refused.isdecimal() else ""
    return f"{type(error).__name__}{status}"
