"""The wire of a simulated system: requests and answers over a socket of this machine, with faults."""

from __future__ import annotations

import base64
import binascii
import gzip
import socket
import ssl
import struct
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote_plus, urlsplit

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LINGER: Final = struct.pack("ii", 1, 0)  # close at once, with a TCP reset
BODILESS: Final = frozenset({204, 304})


@dataclass(slots=True)
class EdFiReply:
    """An answer before it is put on the wire."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


def query_of(url: str) -> dict[str, str]:
    """Read the query string of a *url*; of a name that is repeated, the last value."""
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def form_of(body: bytes) -> dict[str, str]:
    """Read the members of a form."""
    return dict(parse_qsl(body.decode("utf-8", "replace")))


def basic_credentials(text: str) -> tuple[str, str]:
    """Read a client's id and secret from what follows ``Basic``; empty where that is malformed."""
    try:
        client, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote_plus(client), unquote_plus(secret)


@contextmanager
def listening(
    handler: type[BaseHTTPRequestHandler], port: int = 0, context: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Yield the address at which *handler* answers until the end of the block; over TLS where there is a *context*."""
    server = _Server(("127.0.0.1", port), handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="simulator", daemon=True
    )
    thread.start()
    try:
        yield f"{'https' if context else 'http'}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    """A request handler that passes any method to `answer`."""

    protocol_version = "HTTP/1.1"
    timeout = 30
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *_arguments: Any) -> None:
        """Log nothing; a system has its own log."""

    def do_GET(self) -> None:
        """Answer any request."""
        self.answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    do_PUT = do_POST = do_DELETE = do_PATCH = do_GET  # noqa: N815  likewise

    @property
    def url(self) -> str:
        """The absolute address that is asked."""
        scheme = "https" if isinstance(self.connection, ssl.SSLSocket) else "http"
        return f"{scheme}://{self.headers.get('Host', '')}{self.path}"

    def answer(self, body: bytes) -> None:
        """Send the answer to the request at hand, which has a *body*."""
        raise NotImplementedError


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a client that disconnects: it is no event here."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def send(handler: BaseHTTPRequestHandler, reply: EdFiReply, faults: Mapping[str, float]) -> None:
    """Send an answer, with its *faults*."""
    if "slow" in faults:
        time.sleep(faults["slow"])
    if "silent" in faults:
        _break(handler)
        return
    headers = {"Content-Type": "application/json", **reply.headers}
    body = _damaged(b"" if reply.body is None else orjson.dumps(reply.body), headers, faults)
    handler.send_response(reply.status)
    for name, value in headers.items():
        handler.send_header(name, value)
    if reply.status not in BODILESS:
        handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    if reply.status not in BODILESS:
        _write(handler, body, faults)


def _write(handler: BaseHTTPRequestHandler, body: bytes, faults: Mapping[str, float]) -> None:
    if "reset" in faults or "stalled" in faults:
        handler.wfile.write(body[: len(body) // 2])
        handler.wfile.flush()
        if "stalled" in faults:
            handler.connection.recv(1)  # until the client has had enough
        _break(handler)
    elif "drip" in faults:
        _drip(handler, body, faults["drip"])
    else:
        handler.wfile.write(body)


def _damaged(body: bytes, headers: dict[str, str], faults: Mapping[str, float]) -> bytes:
    """Return the bytes of a body as they are sent, adapting the *headers* that describe them."""
    if "kind" in faults or "html" in faults:
        headers["Content-Type"] = "text/html"
    if "html" in faults:
        body = b"<html><body>We are doing maintenance.</body></html>"
    if "truncated" in faults:
        body = body[: len(body) // 2]
    if "latin" in faults:
        body = body.replace(b'":"', b'":"\xff\xfe', 1)
    if "huge" in faults:
        body += b" " * int(faults["huge"])
    if "deep" in faults:
        body = b"[" * int(faults["deep"])
    if "bomb" in faults:
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body + b" " * int(faults["bomb"]))
    return body


def _drip(handler: BaseHTTPRequestHandler, body: bytes, pause: float) -> None:
    for place in range(0, len(body), 10):
        handler.wfile.write(body[place : place + 10])
        handler.wfile.flush()
        time.sleep(pause)


def _break(handler: BaseHTTPRequestHandler) -> None:
    """Reset the connection."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
    handler.close_connection = True
    handler.connection.close()
