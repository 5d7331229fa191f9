"""Which addresses a trigger may be sent to: public ones, and those that the configuration names.

A host's name says nothing: whoever owns it may let it lead to this machine, to a neighbour in the
same network, or to a cloud's own service that hands out keys. So what counts is the address that is
connected to.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Listed here and not left to `is_global`, which has changed from one Python to the next.
_NOT_PUBLIC_4: Final = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",  # this network, this host
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # behind a provider's address translation
            "127.0.0.0/8",  # loopback
            "169.254.0.0/16",  # link-local, and where clouds hand out keys
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocols
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # relays of 6to4
            "192.168.0.0/16",  # private
            "198.18.0.0/15",  # measurements
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
_PUBLIC_6: Final = ipaddress.IPv6Network("2000::/3")
"""All others are loopback, unspecified, link-local, unique local, multicast, reserved, or hold an
IPv4 address: mapped, compatible, translated (NAT64)."""
_NOT_PUBLIC_6: Final = tuple(
    map(
        ipaddress.IPv6Network,
        (
            "2001::/23",  # protocols; Teredo holds an IPv4 address
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4 holds an IPv4 address
            "3fff::/20",  # documentation
        ),
    )
)


def is_public(address: Address) -> bool:
    """Say whether an address is one of the public internet, and leads nowhere else."""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    return address in _PUBLIC_6 and not any(address in network for network in _NOT_PUBLIC_6)


def may_send_to(address: Address, networks: Iterable[str]) -> bool:
    """Say whether a trigger may be sent to an address; `networks` are those named, as CIDR."""
    if is_public(address):
        return True
    return any(
        address.version == network.version and address in network
        for network in map(ipaddress.ip_network, networks)
    )


def allowed(found: Iterable[str], networks: Iterable[str]) -> list[str]:
    """Keep those addresses of a host that a trigger may be sent to, in their order.

    What is no address, or has a zone (fe80::1%eth0), is left out.
    """
    named = tuple(networks)
    kept = []
    for each in dict.fromkeys(found):
        try:
            address = ipaddress.ip_address(each)
        except ValueError:
            continue
        if "%" not in each and may_send_to(address, named):
            kept.append(each)
    return kept
