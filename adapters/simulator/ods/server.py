"""The simulated ODS on a real socket of this machine."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

import orjson

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping

    from adapters.simulator.ods.ods import Ods

OF_INTEREST: Final = ("Accept", "Accept-Encoding", "Content-Type", "If-Match", "If-None-Match", "Use-Snapshot",
                      "Snapshot-Identifier", "correlation-id", "User-Agent")  # fmt: skip
BODILESS: Final = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that was made, and the status of its answer."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    status: int


@dataclass(slots=True)
class Running:
    """A system that answers at *url*, and the *log* of what it was asked."""

    ods: Ods
    url: str
    log: list[Asked] = field(default_factory=list)

    @property
    def token_url(self) -> str:
        """Where its tokens are."""
        return f"{self.url}/oauth/token"


@contextmanager
def run(ods: Ods, port: int = 0, context: ssl.SSLContext | None = None) -> Iterator[Running]:
    """The system, answering until the end of the block; over TLS where there is a *context* with a certificate."""
    running = Running(ods, "")
    server = _Server(("127.0.0.1", port), _handler(running))
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    running.url = f"{'https' if context else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="ods", daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that goes away is no event here."""


def _handler(running: Running) -> type[BaseHTTPRequestHandler]:
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
            scheme = running.url.partition(":")[0]
            address = f"{scheme}://{self.headers.get('Host', '')}{self.path}"
            reply = running.ods.answer(self.command, address, dict(self.headers.items()), body)
            parts = urlsplit(self.path)
            headers = {name: self.headers[name] for name in OF_INTEREST if self.headers.get(name)}
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            running.log.append(Asked(self.command, parts.path, query, headers, reply.status))
            sent = b"" if reply.body is None else orjson.dumps(reply.body)
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json; charset=utf-8", **reply.headers}.items():
                self.send_header(name, value)
            if reply.status not in BODILESS:
                self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            if reply.status not in BODILESS:
                self.wfile.write(sent)

        do_PUT = do_POST = do_DELETE = do_PATCH = do_GET  # noqa: N815  likewise

    return Handler
