"""Which addresses are public: what is not may be a door into the merchant's network."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

# All that was ever given to somebody; the rest is local, reserved or multicast.
GLOBAL_UNICAST = IPv6Network("2000::/3")
# A gateway makes IPv4 of these: RFC 6052.
NAT64 = IPv6Network("64:ff9b::/96")


def is_public(text: str) -> bool:
    """Whether an address is one of the Internet.

    Raises:
        ValueError: No address.
    """
    address = ip_address(text)
    if isinstance(address, IPv6Address):
        within = _ipv4_within(address)
        if within is None:
            return address in GLOBAL_UNICAST and address.is_global
        address = within
    return address.is_global and not address.is_multicast


def is_private_host(host: str) -> bool:
    """Whether a host is never public, as can be seen without asking anybody."""
    try:
        return not is_public(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _ipv4_within(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that is meant: where it is mapped, by 6to4 or NAT64."""
    if address in NAT64:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour
