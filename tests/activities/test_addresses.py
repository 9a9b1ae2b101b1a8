"""Private addresses do not pass as public ones, in any spelling."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given, strategies as st

from activities.shop.addresses import is_private_host, is_public

PRIVATE = [
    "127.0.0.1",
    "127.8.9.10",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",  # the cloud's metadata
    "100.64.0.1",  # carrier-grade NAT
    "0.0.0.0",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:a9fe:a9fe",  # the cloud's metadata, mapped
    "::127.0.0.1",
    "2002:7f00:1::",  # 127.0.0.1 by 6to4
    "2002:a00:1::1",
    "64:ff9b::127.0.0.1",  # by NAT64
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",  # Teredo
    "100::1",
    "4000::1",
]
PUBLIC = [
    "8.8.8.8",
    "93.184.216.34",
    "2606:2800:220:1:248:1893:25c8:1946",
    "::ffff:8.8.8.8",
    "2002:808:808::1",
    "64:ff9b::8.8.8.8",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_of_the_internet_is_private(address: str) -> None:
    assert not is_public(address)
    assert is_private_host(address)


@pytest.mark.parametrize(
    "host",
    [
        "127.1", "0x7f.1", "0x7f000001", "2130706433", "0177.0.0.1", "127.0.0.1.",
        "10.1", "0xa.0.0.3", "192.168.257", "169.254.43518", "localhost.", "LOCALHOST",
        "shop.localhost.", "::ffff:127.0.0.1", "0.0.0.0", "0",
    ],
)  # fmt: skip
def test_a_private_address_is_known_in_every_spelling(host: str) -> None:
    assert is_private_host(host)


@pytest.mark.parametrize("host", ["93.14180386", "0x5db8d822", "shop.example.", "1.a"])
def test_a_public_host_stays_public_in_every_spelling(host: str) -> None:
    assert not is_private_host(host)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)
    assert not is_private_host(address)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_within_another_one_is_judged_as_itself(
    address: IPv4Address,
) -> None:
    number = int(address)
    mapped = IPv6Address((0xFFFF << 32) | number)
    by_nat64 = IPv6Address((0x64FF9B << 96) | number)
    by_6to4 = IPv6Address((0x2002 << 112) | (number << 80) | 1)
    verdict = is_public(str(address))
    for other in (mapped, by_nat64, by_6to4):
        assert is_public(str(other)) is verdict


@pytest.mark.parametrize(
    ("host", "is_private"),
    [
        ("localhost", True),
        ("shop.localhost", True),
        ("localhost.example", False),
        ("shop.example", False),
        ("api", False),  # known only by its address
    ],
)
def test_of_names_only_this_machines_own_is_known_to_be_private(
    host: str, is_private: bool
) -> None:
    assert is_private_host(host) is is_private
