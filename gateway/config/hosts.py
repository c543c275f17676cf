"""Hosts: which Host headers links may repeat where no public address is set, and what links use otherwise.

The caller writes the Host header. Repeated in links, in a cached response or in a discovery document, it would
lead the next reader to a stranger's server.
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
"""The key of a request's environment that says that its host was forwarded by a trusted proxy."""

AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:]+)(?::([0-9]{1,5}))?")
PORTS = {"http": "80", "https": "443"}
MAX_KEPT_ADDRESSES = 256


def origin(environ: Environ, scheme: str, host: str) -> str:
    """Return the origin of a request's links: its *host* where that may be repeated, else the address listened on."""
    if environ.get(FORWARDED) or _loopback(host) or _listens(environ, scheme, host):
        return f"{scheme if scheme in PORTS else 'http'}://{host}"
    name, port = _listener(environ)
    found = _address(name)
    if found is not None and found.is_unspecified:
        name = "127.0.0.1" if isinstance(found, IPv4Address) else "::1"
    shown = f"[{name}]" if ":" in name else name
    return f"http://{shown}" if port == PORTS["http"] else f"http://{shown}:{port}"


def is_loopback(name: str) -> bool:
    """Tell whether a host's name or address is a loopback one."""
    found = _address(name)
    return name.lower().rstrip(".") == "localhost" if found is None else found.is_loopback


def _loopback(host: str) -> bool:
    split = AUTHORITY.fullmatch(host)
    return split is not None and is_loopback(split[1])


def _listens(environ: Environ, scheme: str, host: str) -> bool:
    """Tell whether *host* is the address that the listener is bound to, or this machine's where it is bound to all."""
    name, port = _listener(environ)
    split = AUTHORITY.fullmatch(host)
    if split is None or (split[2] or PORTS.get(scheme)) != port:
        return False
    bound, asked = _address(name), _address(split[1])
    if bound is None or asked is None:
        return split[1].lower() == name.lower()
    return asked == bound or (bound.is_unspecified and _own(asked))


def _listener(environ: Environ) -> tuple[str, str]:
    """Return the address and port that the request arrived at, whatever a proxy says."""
    known = environ.get("werkzeug.proxy_fix.orig", environ)
    return str(known["SERVER_NAME"]), str(known["SERVER_PORT"])


def _address(name: str) -> Address | None:
    try:
        return ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


@lru_cache(maxsize=MAX_KEPT_ADDRESSES)
def _own(address: Address) -> bool:
    """Tell whether an address is one of this machine: no other can be bound to."""
    family = socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return not address.is_multicast
