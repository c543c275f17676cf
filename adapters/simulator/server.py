"""The simulated system on a real socket of this machine, with what can go wrong on the wire."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import orjson

from adapters.simulator.sis import Reply, error

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from adapters.simulator.sis import Sis

LINGER: Final = struct.pack("ii", 1, 0)  # close at once and tell the other side so
ELSEWHERE: Final = "http://127.0.0.2:9/elsewhere"
INSTEAD: Final = {
    "unauthorized": (401, "unauthorisedrequest"),
    "forbidden": (403, "forbidden"),
    "throttled": (429, "server_busy"),
    "unavailable": (503, "server_busy"),
    "error": (500, "internal_server_error"),
    "missing": (404, "unknownobject"),
}


@dataclass(frozen=True, slots=True)
class Running:
    """A system that answers at *url*."""

    sis: Sis
    url: str

    @property
    def token_url(self) -> str:
        """Where its tokens are."""
        return f"{self.url}/oauth/token"


@contextmanager
def run(sis: Sis, port: int = 0, context: ssl.SSLContext | None = None) -> Iterator[Running]:
    """The system, answering until the end of the block; over TLS where there is a *context* with a certificate."""
    server = _Server(("127.0.0.1", port), _handler(sis))
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="simulator", daemon=True
    )
    thread.start()
    try:
        yield Running(sis, f"{'https' if context else 'http'}://127.0.0.1:{server.server_address[1]}")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handleerror(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that goes away is no event here."""


def _handler(sis: Sis) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30
        disable_nagle_algorithm = True
        wbufsize = -1

        def log_message(self, *_arguments: Any) -> None:
            """Keep quiet; the system has its own log."""

        def do_GET(self) -> None:
            """Answer any request."""
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            address = f"http://{self.headers.get('Host', '')}{self.path}"
            collection = _collection(self.path)
            faults = sis.faults.take(collection)
            _stir(sis, collection, faults)
            reply = _instead(faults)
            if reply is None:
                reply = sis.answer(self.command, address, dict(self.headers.items()), body)
                _spoil(reply, faults)
            _send(self, reply, faults)

        do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815  likewise

    return Handler


def _collection(path: str) -> str:
    steps = [step for step in urlsplit(path).path.split("/") if step]
    if steps[-1:] == ["token"]:
        return "token"
    after = next((number for number, step in enumerate(steps) if step in {"v1p1", "v1p2"}), len(steps)) + 1
    rest = steps[after:]
    return rest[-1] if len(rest) == 3 else rest[0] if rest else ""  # noqa: PLR2004  a nested one


def _stir(sis: Sis, collection: str, faults: dict[str, float]) -> None:
    """Let documents come, go and move before the answer."""
    if "expired" in faults:
        sis.guard.revoke()
    known = sis.documents.get(collection)
    if not known:
        return
    if "insert" in faults:
        first = dict(next(iter(known.values())), sourcedId=f"!{len(known)}")
        kept = dict(known)
        known.clear()
        known.update({first["sourcedId"]: first, **kept})
    if "delete" in faults:
        known.pop(min(known))
    if "reorder" in faults:
        kept = dict(reversed(known.items()))
        known.clear()
        known.update(kept)


def _instead(faults: dict[str, float]) -> Reply | None:
    """The answer that is given in place of the right one."""
    for name, (status, word) in INSTEAD.items():
        if name in faults:
            reply = error(status, word, "1.2")
            if faults[name] and name in {"throttled", "unavailable"}:
                reply.headers["Retry-After"] = str(int(faults[name]))
            return reply
    return Reply(302, None, {"Location": ELSEWHERE}) if "redirect" in faults else None


def _spoil(reply: Reply, faults: dict[str, float]) -> None:
    """Make a good answer a bad one."""
    if not isinstance(reply.body, dict) or not reply.body:
        return
    name, found = next(iter(reply.body.items()))
    if "total" in faults and "X-Total-Count" in reply.headers:
        reply.headers["X-Total-Count"] = str(int(reply.headers["X-Total-Count"]) + int(faults["total"]))
    if isinstance(found, list) and found:
        if "duplicate" in faults:
            reply.body = {name: [*found, found[0]]}
        if "short" in faults:
            reply.body = {name: found[: max(1, len(found) // 2)]}
        if "clamp" in faults:
            reply.body = {name: found[: int(faults["clamp"])]}
        if "garbage" in faults:
            reply.body = {name: [1, "two", None]}
    if "no-wrapper" in faults:
        reply.body = {"data": found}
    if "error-in-success" in faults:
        reply.body = error(500, "internal_server_error", "1.1").body


def _send(handler: BaseHTTPRequestHandler, reply: Reply, faults: dict[str, float]) -> None:
    if "slow" in faults:
        time.sleep(faults["slow"])
    if "silent" in faults:
        _break(handler)
        return
    headers = {"Content-Type": "application/json", **reply.headers}
    body = _damaged(b"" if reply.body is None else orjson.dumps(reply.body), headers, faults)
    empty = reply.status == 204  # noqa: PLR2004  an answer without a body
    handler.send_response(reply.status)
    for name, value in headers.items():
        handler.send_header(name, value)
    if not empty:
        handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    if "reset" in faults:
        handler.wfile.write(body[: len(body) // 2])
        handler.wfile.flush()
        _break(handler)
    elif "drip" in faults:
        _drip(handler, body, faults["drip"])
    elif not empty:
        handler.wfile.write(body)


def _damaged(body: bytes, headers: dict[str, str], faults: dict[str, float]) -> bytes:
    """The bytes of a body as they are sent, and the *headers* that tell of them."""
    if "kind" in faults or "html" in faults:
        headers["Content-Type"] = "text/html"
    if "html" in faults:
        body = b"<html><body>We are doing maintenance.</body></html>"
    if "truncated" in faults:
        body = body[: len(body) // 2]
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
