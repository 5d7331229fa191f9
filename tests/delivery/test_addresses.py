"""Addresses: a trigger goes to the public internet, or where the configuration says it may."""

from __future__ import annotations

import ipaddress
import random

import pytest

from app.delivery.addresses import allowed, is_public, may_send_to

PUBLIC = (
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "192.169.0.0",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450:4001:81b::200e",
)
NOT_PUBLIC = {
    "unspecified": ("0.0.0.0", "::"),  # noqa: S104 - to be refused
    "this network": ("0.1.2.3",),
    "loopback": ("127.0.0.1", "127.255.255.254", "::1"),
    "private": ("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd12::1"),
    "shared": ("100.64.0.1", "100.127.255.255"),
    "link-local": ("169.254.169.254", "fe80::1", "febf::1"),
    "site-local": ("fec0::1",),
    "multicast": ("224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"),
    "reserved": ("240.0.0.1", "255.255.255.255", "4000::1", "100::1"),
    "documentation": ("192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"),
    "protocols": ("192.0.0.1", "192.0.0.170", "198.18.0.1", "2001:2::1", "2001:10::1"),
    "mapped": ("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::ffff:0:8.8.8.8"),
    "compatible": ("::127.0.0.1", "::8.8.8.8"),
    "NAT64": ("64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b::808:808", "64:ff9b:1::a00:1"),
    "6to4": ("2002:7f00:1::1", "2002:a00:1::1", "2002:808:808::1", "192.88.99.1"),
    "Teredo": ("2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2"),
}


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_internet_may_be_told(address: str) -> None:
    assert [address] == allowed([address], [])


@pytest.mark.parametrize("kind", NOT_PUBLIC)
def test_what_is_not_public_is_refused_unless_it_is_named(kind: str) -> None:
    for address in NOT_PUBLIC[kind]:
        assert [] == allowed([address], []), address
        assert [address] == allowed([address], [address]), address


def test_whatever_is_public_here_python_calls_global_too() -> None:
    """Drawn evenly, and near the ends of every network that is special."""
    chance = random.Random(5)
    drawn = [ipaddress.IPv4Address(chance.getrandbits(32)) for _ in range(20_000)]
    sixes = [ipaddress.IPv6Address(chance.getrandbits(128)) for _ in range(20_000)]
    near = [
        ipaddress.ip_address(each) + shift
        for some in NOT_PUBLIC.values()
        for each in some
        for shift in (-1, 0, 1)
        if 0 < int(ipaddress.ip_address(each)) + shift < 2**32
    ]

    odd = [
        each
        for each in (*drawn, *sixes, *near)
        if is_public(each) and (not each.is_global or each.is_multicast or each.is_reserved)
    ]

    assert [] == odd
    assert 10_000 < sum(map(is_public, drawn)) < 20_000


def test_a_network_that_is_named_opens_no_other() -> None:
    networks = ["10.1.0.0/16", "fd00:1::/32"]

    assert may_send_to(ipaddress.ip_address("10.1.2.3"), networks)
    assert may_send_to(ipaddress.ip_address("fd00:1::5"), networks)
    for other in ("10.2.0.1", "127.0.0.1", "fd00:2::1", "::ffff:10.1.2.3", "64:ff9b::a01:203"):
        assert not may_send_to(ipaddress.ip_address(other), networks), other
    assert may_send_to(ipaddress.ip_address("8.8.8.8"), networks)


def test_of_a_hosts_addresses_those_that_are_allowed_are_kept_in_their_order() -> None:
    found = ["10.0.0.1", "2606:4700::1", "8.8.8.8", "127.0.0.1", "8.8.8.8", "1.1.1.1"]

    assert ["2606:4700::1", "8.8.8.8", "1.1.1.1"] == allowed(found, [])


def test_what_is_no_address_and_what_has_a_zone_is_left_out() -> None:
    assert [] == allowed(["", "localhost", "127.1", "0x7f.0.0.1", "2130706433"], ["0.0.0.0/0"])
    assert [] == allowed(["fe80::1%eth0"], ["fe80::/10"])
