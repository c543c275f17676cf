"""Hosts: which Host headers links may repeat where the operator has set no public address, and what stands for others.

Whoever asks writes the Host header. Repeated in links, in what a cache keeps or in a document of discovery, it would
lead the next reader wherever a stranger wanted.
"""

from __future__ import annotations

import re
import socket
from functools import lru_cache
from ipaddress import IPv4Address, ip_address
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ipaddress import IPv6Address

    Environ = Mapping[str, Any]
    Address = IPv4Address | IPv6Address

FORWARDED = "crossing.forwarded-host"
"""Where the environment of a request says that its host is what a trusted proxy forwards."""

AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:]+)(?::([0-9]{1,5}))?")
PORTS = {"http": "80", "https": "443"}
MAX_KEPT_ADDRESSES = 256


def origin(environ: Environ, scheme: str, host: str) -> str:
    """What links of a request begin with: its *host* where that may be repeated, else the address listened on."""
    if environ.get(FORWARDED) or _loopback(host) or _listens(environ, scheme, host):
        return f"{scheme if scheme in PORTS else 'http'}://{host}"
    name, port = _listener(environ)
    found = _address(name)
    if found is not None and found.is_unspecified:
        name = "127.0.0.1" if isinstance(found, IPv4Address) else "::1"
    shown = f"[{name}]" if ":" in name else name
    return f"http://{shown}" if port == PORTS["http"] else f"http://{shown}:{port}"


def is_loopback(name: str) -> bool:
    """Whether a host's name or address leads back to the machine that uses it."""
    found = _address(name)
    return name.lower().rstrip(".") == "localhost" if found is None else found.is_loopback


def _loopback(host: str) -> bool:
    split = AUTHORITY.fullmatch(host)
    return split is not None and is_loopback(split[1])


def _listens(environ: Environ, scheme: str, host: str) -> bool:
    """Whether *host* is the address that the listener is bound to, or one of this machine where it is bound to all."""
    name, port = _listener(environ)
    split = AUTHORITY.fullmatch(host)
    if split is None or (split[2] or PORTS.get(scheme)) != port:
        return False
    bound, asked = _address(name), _address(split[1])
    if bound is None or asked is None:
        return split[1].lower() == name.lower()
    return asked == bound or (bound.is_unspecified and _own(asked))


def _listener(environ: Environ) -> tuple[str, str]:
    """The address and port that the request came in at, whatever a proxy says."""
    known = environ.get("werkzeug.proxy_fix.orig", environ)
    return str(known["SERVER_NAME"]), str(known["SERVER_PORT"])


def _address(name: str) -> Address | None:
    try:
        return ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


@lru_cache(maxsize=MAX_KEPT_ADDRESSES)
def _own(address: Address) -> bool:
    """Whether an address is one of this machine: no other can be bound to."""
    family = socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return not address.is_multicast
