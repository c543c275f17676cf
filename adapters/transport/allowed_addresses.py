"""Allowed addresses of districts' systems (SSRF protection): no private network unless the operator allows it."""

from __future__ import annotations

import ipaddress
import socket
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

from standards.errors import SourceRefused, SourceUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable

    Address = IPv4Address | IPv6Address

PORTS: Final = {"http": 80, "https": 443}
NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
NEVER: Final = tuple(
    map(
        ipaddress.ip_network,
        ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "64:ff9b:1::/48", "fec0::/10", "3fff::/20"),
    )
)
"""What no library takes for inside a house, and is no district's system: the doors of clouds' own services among it."""


def origin(url: str, *, allow_private: bool) -> tuple[str, str, int]:
    """Return the scheme, host and port of *url*; plain ``http`` only where private addresses are allowed.

    Raises:
        SourceRefused: the address may not be requested.
    """
    try:
        parts: SplitResult = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname or "", parts.port
    except ValueError:
        raise SourceRefused("The address cannot be understood.") from None
    if scheme not in PORTS or not host or "%" in host:
        raise SourceRefused("The address must be https:// with a host.")
    if parts.username is not None or parts.password is not None:
        raise SourceRefused("The address must hold no name and no password.")
    if scheme == "http" and not allow_private:
        raise SourceRefused("The address must be https; plain http needs allow_private.")
    return scheme, host, port or PORTS[scheme]


def resolve(host: str, port: int, *, allow_private: bool) -> tuple[str, ...]:
    """Resolve *host* and check every address; connect to one of these and to nothing else.

    Raises:
        SourceUnavailable: the name cannot be resolved now.
        SourceRefused: one of the addresses is not allowed.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise SourceUnavailable("The host's name cannot be resolved.") from None
    names = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not names or not all(permitted(name, allow_private=allow_private) for name in names):
        hint = "" if allow_private else "; allow_private permits addresses inside the house"
        raise SourceRefused(f"The host has an address that may not be asked{hint}.")
    return names


def permitted(text: str, *, allow_private: bool) -> bool:
    """Tell whether the address *text* is allowed, in whatever notation it is written."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return all(_permitted(one, allow_private) for one in _meanings(address))


def _permitted(address: Address, allow_private: bool) -> bool:
    if address.is_multicast or address.is_unspecified or address.is_link_local:
        return False
    if any(address in one for one in NEVER):
        return False
    if allow_private and (address.is_loopback or address.is_private):
        return True
    return address.is_global and not address.is_reserved


def _meanings(address: Address) -> Iterable[Address]:
    """Yield the address itself, or the IPv4 addresses that an IPv6 one embeds."""
    if isinstance(address, IPv4Address):
        return (address,)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo
    if address in NAT64:
        return (IPv4Address(address.packed[-4:]),)
    return (address,)
