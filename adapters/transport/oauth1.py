"""OAuth 1.0a signatures without a token, as OneRoster 1.1 asks for them (RFC 5849)."""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

ALGORITHMS = {"HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256"}
VERSION = "1.0"

_DEFAULT_PORTS = {"http": 80, "https": 443}


def authorization(
    method: str,
    url: str,
    parameters: Iterable[tuple[str, str]],
    key: str,
    secret: str,
    algorithm: str,
    nonce: str,
    timestamp: int,
) -> str:
    """Make the Authorization header of a request for *url* with the query *parameters*.

    Both the query of *url* and *parameters* are signed; give each parameter in one of the two places, decoded in the
    latter. A *nonce* must never be used twice; *timestamp* is in seconds since 1970.
    """
    protocol = {
        "oauth_consumer_key": key,
        "oauth_nonce": nonce,
        "oauth_signature_method": algorithm,
        "oauth_timestamp": str(timestamp),
        "oauth_version": VERSION,
    }
    signed = signature(method, url, [*parameters, *protocol.items()], secret, algorithm)
    header = {**protocol, "oauth_signature": signed}
    return "OAuth " + ", ".join(f'{name}="{escape(value)}"' for name, value in header.items())


def signature(method: str, url: str, parameters: Iterable[tuple[str, str]], secret: str, algorithm: str) -> str:
    """Sign every parameter of a request, those of the protocol included (section 3.4.2).

    Raises:
        ValueError: there is no such *algorithm*, or *url* is no URL.
    """
    if algorithm not in ALGORITHMS:
        raise ValueError(f"the signature method must be one of {', '.join(ALGORITHMS)}")
    key, text = f"{escape(secret)}&", base_string(method, url, parameters)
    return base64.b64encode(hmac.digest(key.encode(), text.encode(), ALGORITHMS[algorithm])).decode()


def base_string(method: str, url: str, parameters: Iterable[tuple[str, str]]) -> str:
    """Return the text that is signed: method, address and every parameter but the realm and the signature (3.4.1)."""
    own = parse_qsl(urlsplit(url).query, keep_blank_values=True, errors="strict")
    pairs = sorted((escape(name), escape(value)) for name, value in [*own, *parameters])
    query = "&".join(f"{name}={value}" for name, value in pairs)
    return "&".join(escape(part) for part in (method.upper(), _address(url), query))


def escape(text: str) -> str:
    """Percent-encode every byte of *text* but letters, digits, ``-``, ``.``, ``_`` and ``~`` (3.6)."""
    return quote(text, safe="")


def _address(url: str) -> str:
    """Return the address without query and fragment, its host in small letters, without the scheme's default port."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if not parts.scheme or not host:
        raise ValueError("only an absolute address can be signed")
    if ":" in host:
        host = f"[{host}]"
    if parts.port not in (None, _DEFAULT_PORTS.get(parts.scheme)):
        host = f"{host}:{parts.port}"
    return f"{parts.scheme}://{host}{parts.path or '/'}"
