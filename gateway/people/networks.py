"""Networks: the part of an address by which failed attempts are counted and sessions are told apart."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Final

BITS: Final = {4: 24, 6: 48}
"""How much of an address of each version tells one network from another: a household's, a school's."""


def network_of(address: str | None) -> str:
    """Return the network that an address belongs to; empty where it is none."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return ""
    mapped = getattr(found, "ipv4_mapped", None) or found
    return str(ip_network(f"{mapped}/{BITS[mapped.version]}", strict=False))
