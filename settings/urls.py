"""The kinds of URLs that settings hold, each with the rules that it needs.

All kinds: visible ASCII characters; a host that is a name, an IPv6 address in brackets
or an IPv4 address in full; a port from 1 to 65535 if any; neither name nor password,
unless it is a proxy's; no fragment. A refusal never shows a path or a query, which may
hold a secret.
"""

import re
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

import httpx
from pydantic import AfterValidator, SecretStr

from activities.shop.addresses import is_private_host, is_unqualified
from settings.forms import form

THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
# And the services of docker-compose.yml.
LOCAL_HOSTS = (*THIS_MACHINE, "simulator", "api", "storefront")
# Our endpoint's (api/notifications/endpoint.py).
NOTIFICATIONS_PATH = "/alipay/notifications/payment"
# Servers and proxies reject or cut longer ones.
LONGEST = 2048
# RFC 3986 2, without the characters that browsers and libraries read differently.
CHARACTERS = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*")
LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
# A last label that libraries read as an IPv4 address, as in 127.1 and 0x7f.1.
NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
MUST_HAVE_HOST = "must be a URL with a host, such as https://shop.example"


def _parsed(value: str, *, query: bool = False, login: bool = False) -> SplitResult:
    """Parse a URL, and check the rules that all kinds share.

    Raises:
        ValueError: Names the broken rule.
    """
    if len(value) > LONGEST:
        raise ValueError(f"has {len(value)} characters, at most {LONGEST} are allowed")
    _check_characters(value)
    try:
        parts = urlsplit(value)
    except ValueError:
        raise ValueError(MUST_HAVE_HOST) from None
    if "://" not in value or not parts.hostname:
        raise ValueError(MUST_HAVE_HOST)
    if parts.scheme not in ("https", "http"):
        raise ValueError("must begin with https:// (or http://, where that is allowed)")
    if "@" in parts.netloc and not login:
        raise ValueError("must be without name and password before the host")
    _check_host(parts.hostname, is_in_brackets="[" in parts.netloc)
    _check_port(parts)
    if "#" in value:
        raise ValueError("must be without a fragment")
    if "?" in value and not query:
        raise ValueError("must be without a query")
    try:
        httpx.URL(value)
    except httpx.InvalidURL:
        raise ValueError("is a URL that nothing can be sent to") from None
    return parts


def _check_characters(value: str) -> None:
    if not CHARACTERS.fullmatch(value):
        place = next(
            place
            for place, character in enumerate(value, 1)
            if not CHARACTERS.fullmatch(character)
        )
        found = value[place - 1]
        said = f"U+{ord(found):04X}" if not found.isprintable() else repr(found)
        raise ValueError(
            f"character {place} of {len(value)} is {said}, which no URL holds; encode "
            "it as %.., and a name of other letters as xn--..."
        )


def _check_host(host: str, *, is_in_brackets: bool) -> None:
    labels = host.split(".")
    try:
        if is_in_brackets:
            IPv6Address(host)
        elif NUMBER.fullmatch(labels[-1]):
            IPv4Address(host)
        elif len(host) > 253 or not all(map(LABEL.fullmatch, labels)):
            raise ValueError
    except ValueError:
        raise ValueError(
            f"the host of {len(host)} characters is neither a name such as "
            "shop.example, without a dot at its end, nor an address in full such as "
            "203.0.113.7 or [2001:db8::7]"
        ) from None


def _check_port(parts: SplitResult) -> None:
    after_host = parts.netloc.rpartition("@")[2].rpartition("]")[2]
    _, colon, port = after_host.partition(":")
    is_port = port.isdecimal() and len(port) < 6 and 0 < int(port) < 65536
    if colon and not is_port:
        raise ValueError("the port must be a number from 1 to 65535")


def _check_secure(parts: SplitResult, local: tuple[str, ...]) -> None:
    if parts.scheme == "http" and parts.hostname not in local:
        raise ValueError("must begin with https:// (http:// only on this machine)")


def _origin_of(parts: SplitResult) -> str:
    if parts.path not in ("", "/"):
        raise ValueError("must end after host and port: paths are added by us")
    return f"{parts.scheme}://{parts.netloc}".lower()


def _host_url(value: str) -> str:
    parts = _parsed(value)
    _check_secure(parts, LOCAL_HOSTS)
    return _origin_of(parts)


def _notify_url(value: str) -> str:
    parts = _parsed(value)
    _check_secure(parts, LOCAL_HOSTS)
    host = parts.hostname or ""
    is_private = is_unqualified(host) or is_private_host(host)
    if is_private and host not in LOCAL_HOSTS:
        raise ValueError(f"{host} is not a public host: Alipay must reach it")
    before, endpoint, after = parts.path.rpartition(NOTIFICATIONS_PATH)
    segments = before.split("/")[1:]
    is_exact = endpoint and not after and (not before or before.startswith("/"))
    # A proxy may add a prefix, which must have one reading only.
    is_plain = all(segments) and not {".", ".."} & {*segments} and "%" not in before
    if not (is_exact and is_plain):
        # Notifications to another path would be answered 404, and each paid order
        # would wait until its payment expires.
        raise ValueError(
            f"the path must end in {NOTIFICATIONS_PATH} exactly, without a slash at "
            "its end; what a proxy puts before it must be without //, .. and %"
        )
    return value


def _callback_url(value: str) -> str:
    # Whether http:// and private addresses are allowed is another setting.
    _parsed(value, query=True)
    return value


def _link(value: str) -> str:
    parts = _parsed(value, query=True)
    _check_secure(parts, THIS_MACHINE)
    if "(" in value or ")" in value:
        raise ValueError("must be without ( and ), which end a link in the UI")
    return value


def _page_url(value: str) -> str:
    _check_secure(_parsed(value), THIS_MACHINE)
    return value.rstrip("/")


def page_origin(value: str) -> str:
    """Return the origin of a page: scheme, host and port.

    Raises:
        ValueError: Names the rule that the URL of the page breaks.
    """
    parts = _parsed(value)
    _check_secure(parts, THIS_MACHINE)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _key_set_url(value: str) -> str:
    _check_secure(_parsed(value, query=True), THIS_MACHINE)
    return value


def _simulated_url(value: str) -> str:
    _parsed(value)
    return value.rstrip("/")


def _proxy_url(value: SecretStr) -> SecretStr:
    parts = _parsed(value.get_secret_value(), login=True)
    _origin_of(parts)
    return value


# Hosts that we call.
HostUrl = Annotated[
    str,
    AfterValidator(_host_url),
    form(
        "`https://` and a host; `http://` on this machine and to the services of "
        "`docker-compose.yml`; no path, no query"
    ),
]
# URLs that Alipay calls.
NotifyUrl = Annotated[
    str,
    AfterValidator(_notify_url),
    form(
        f"`https://`, a public host, and a path that ends in `{NOTIFICATIONS_PATH}` (a "
        "proxy may put something before it); `http://` on this machine and to the "
        "services of `docker-compose.yml`; no query"
    ),
]
# URLs of the shop that we call.
CallbackUrl = Annotated[
    str,
    AfterValidator(_callback_url),
    form(
        "`https://`, any path, and a query if needed, as `?wc-api=cashier`; `http://` "
        "to private addresses, with `CASHIER_CALLBACK_PRIVATE_ADDRESSES=true`"
    ),
]
# Links that operators open from the UI.
LinkUrl = Annotated[
    str,
    AfterValidator(_link),
    form(
        "`https://`, any path, and a query if needed, without parentheses; `http://` "
        "on this machine"
    ),
]
# Pages of ours or of Temporal, for browsers.
PageUrl = Annotated[
    str,
    AfterValidator(_page_url),
    form("`https://`, any path, no query; `http://` on this machine"),
]
# The origin of such a page.
PageOrigin = Annotated[
    str,
    AfterValidator(page_origin),
    form("`https://` and a host; `http://` on this machine; a path is cut off"),
]
# The URL of a JWKS.
KeySetUrl = Annotated[
    str,
    AfterValidator(_key_set_url),
    form("`https://`, any path, and a query if needed; `http://` on this machine"),
]
# The simulator's pages, for browsers.
SimulatedUrl = Annotated[
    str,
    AfterValidator(_simulated_url),
    form("`http://` or `https://`, any path, no query"),
]
# A proxy for outgoing calls; its name and password are never shown.
ProxyUrl = Annotated[
    SecretStr,
    AfterValidator(_proxy_url),
    form(
        "`http://` or `https://`, `name:password@` where the proxy wants them, host "
        "and port; no path, no query"
    ),
]
