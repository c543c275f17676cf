"""The WSGI environment of a request that came over ASGI, as granian's own WSGI interface makes it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    Scope = Mapping[str, Any]
    Environ = dict[str, Any]

FREQUENT: Final = (
    b"accept", b"accept-encoding", b"authorization", b"connection", b"host", b"if-none-match", b"user-agent",
)  # fmt: skip
LOCAL: Final = {
    "GATEWAY_INTERFACE": "CGI/1.1",
    "SCRIPT_NAME": "",
    "SERVER_SOFTWARE": "Granian",
    "wsgi.errors": sys.stderr,
    "wsgi.input_terminated": True,
    "wsgi.multiprocess": False,
    "wsgi.multithread": True,
    "wsgi.run_once": False,
    "wsgi.version": (1, 0),
}


def environ_of(scope: Scope) -> Environ:
    """Build the WSGI environment of a request as granian's own WSGI interface does, without that of the process."""
    (host, port), path = scope["server"], scope["raw_path"]
    environ: Environ = {
        **LOCAL,
        "REQUEST_METHOD": scope["method"],
        "PATH_INFO": (unquote_to_bytes(path) if b"%" in path else path).decode("latin-1"),
        "RAW_URI": path.decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "REMOTE_ADDR": scope["client"][0],
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "wsgi.url_scheme": scope["scheme"],
    }
    for name, value in scope["headers"]:
        known = NAMES.get(name) or _name(name)
        text = value.decode("ascii") if value.isascii() else ""
        if known not in environ:
            environ[known] = text
        elif known:
            environ[known] += (";" if name == b"cookie" else ",") + text
    environ.pop("", None)
    environ.setdefault("HTTP_HOST", "")
    return environ


def _name(header: bytes) -> str:
    """Return the environment's name of a header; empty for one that would collide with that written with a hyphen."""
    return "" if b"_" in header else "HTTP_" + header.decode("ascii").upper().replace("-", "_")


def announced_of(environ: Environ) -> int | None:
    """Return the Content-Length of the body; None where it is chunked."""
    if "HTTP_TRANSFER_ENCODING" in environ:
        return None
    return int(environ.get("CONTENT_LENGTH") or 0)


NAMES: Final = {
    **{name: _name(name) for name in FREQUENT},
    b"content-type": "CONTENT_TYPE",
    b"content-length": "CONTENT_LENGTH",
}
"""The environment's names of the headers that most requests have."""
