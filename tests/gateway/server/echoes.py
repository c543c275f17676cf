"""A small WSGI application that tells what it was asked, behind granian's own WSGI interface and behind the front."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from datetime import timedelta

from gateway.web.app import REFUSED
from tests.support.needs import ROOT

PIECES = 2_000
PIECE = b"x" * 65_536
SECONDS = 1
told = {"made": 0, "closed": 0}


def app(environ, start):
    """What was asked, as JSON; a long stream, which may break; how far the stream before has come."""
    path = environ["PATH_INFO"]
    if path == "/empty" or REFUSED in environ:
        start(f"{environ[REFUSED].status if REFUSED in environ else 304} So", [("ETag", '"a"')])
        return []
    if path in {"/stream", "/breaks"}:
        start("200 OK", [("Content-Type", "application/octet-stream")])
        return _stream(breaks=path == "/breaks")
    if path == "/told":
        return _whole(start, json.dumps(told).encode())
    if path == "/large":
        return _whole(start, b"y" * 20_000_000)
    body = environ["wsgi.input"].read()
    known = {name: value for name, value in environ.items() if name not in os.environ and isinstance(value, str | bool)}
    return _whole(start, json.dumps([known, body.decode("latin-1")], sort_keys=True).encode())


def _whole(start, body):
    start(
        "200 OK",
        [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("X-Two", "1"), ("X-Two", "2")],
    )
    return [body]


def _stream(*, breaks):
    told.update(made=0, closed=0)
    try:
        for number in range(PIECES):
            if breaks and number == 3:
                raise RuntimeError
            told["made"] += 1
            yield PIECE
    finally:
        told["closed"] = 1


def fronted():
    """The same behind the front, with little patience."""
    from gateway.config.settings import Server
    from gateway.server.front import Front

    seconds = timedelta(seconds=SECONDS)
    return Front(app, Server("127.0.0.1", 0, None, (), 2, 1, seconds, seconds), {"/health": lambda: (200, b"{}")})


START = {
    "wsgi": "from granian import Granian; from granian.constants import Interfaces;"
    "Granian('tests.gateway.server.echoes:app', port={port}, interface=Interfaces.WSGI, blocking_threads=2, websockets=False,"
    "log_access=False).serve()",
    "front": "from gateway.server import web_server; from gateway.config.settings import Server; from datetime import timedelta;"
    "web_server.supervisor('tests.gateway.server.echoes:fronted', None, Server('127.0.0.1', {port}, None, (), 2, 1,"
    "timedelta(seconds=1), timedelta(seconds=1))).serve()",
}


@contextmanager
def echoing(interface):
    """A server with the application behind one of the interfaces: its port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", START[interface].format(port=port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(b"GET /told HTTP/1.1\r\nHost: x\r\n\r\n")
                if connection.recv(10):
                    break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(30)
