"""Distinguishes public addresses from those inside the merchant's network."""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

# All allocated addresses; all others are local, reserved or multicast.
GLOBAL_UNICAST = IPv6Network("2000::/3")
# A gateway makes IPv4 of these: RFC 6052.
NAT64 = IPv6Network("64:ff9b::/96")


def is_public(text: str) -> bool:
    """Whether an address is on the public Internet.

    Raises:
        ValueError: It is not an address.
    """
    address = ip_address(text)
    if isinstance(address, IPv6Address):
        within = _ipv4_within(address)
        if within is None:
            return address in GLOBAL_UNICAST and address.is_global
        address = within
    return address.is_global and not address.is_multicast


def is_private_host(host: str) -> bool:
    """Whether a host is certainly private, without a name lookup."""
    name = host.lower().removesuffix(".")
    try:
        return not is_public(_in_full(name))
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def is_unqualified(host: str) -> bool:
    """Whether a host is a name without a dot, which only its own network resolves."""
    return "." not in host and ":" not in host


def _in_full(host: str) -> str:
    """Return an address in its usual form: 127.1 and 0x7f.1 are 127.0.0.1.

    Resolvers accept such spellings, so they count as addresses here as well.
    """
    is_number = host.rpartition(".")[2][:1].isdecimal()
    try:
        return socket.inet_ntoa(socket.inet_aton(host)) if is_number else host
    except OSError:
        return host


def _ipv4_within(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address inside an IPv6 one: mapped, by 6to4 or by NAT64."""
    if address in NAT64:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour
