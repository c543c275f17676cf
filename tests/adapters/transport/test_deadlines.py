"""An answer has one deadline from its first byte to its last, and one that is late is a failure of the source."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager, suppress

import pytest

from adapters.transport.credentials import Granted
from adapters.transport.http import Bounds, Http
from standards.errors import SourceTimeout, SourceUnavailable

BOUNDS = Bounds(deadline=10, answer=0.6, connect=1, read=0.4, attempts=1, failures=2, rest=60)
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
ENDLESS = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b" " * 1000
NO_STATUS = b"HTTP/1.1 " + b"2" * 1000
NO_HEADERS = b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 100
CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 1000


@contextmanager
def dripping(text):
    """The address of a server that answers with *text*, a byte each tenth of a second; at once where it is whole."""

    def serve(connection):
        with connection, suppress(OSError):
            while connection.recv(65536):
                if text is WHOLE:
                    connection.sendall(text)
                    continue
                for byte in text:
                    connection.sendall(bytes([byte]))
                    time.sleep(0.1)

    def accept():
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/x"
        listening.shutdown(socket.SHUT_RDWR)


@contextmanager
def asking(bounds=BOUNDS):
    http = Http(bounds, allow_private=True)
    yield http
    http.close()


@pytest.mark.parametrize("text", [ENDLESS, NO_STATUS, NO_HEADERS, CHUNKS], ids=["body", "status", "headers", "chunks"])
def test_a_source_that_drips_is_given_up_at_the_deadline_and_left_alone_after_a_few(text):
    with dripping(text) as url, asking() as http:
        for _ in range(BOUNDS.failures):
            begun = time.monotonic()
            with pytest.raises(SourceTimeout):
                http.get(url, "orgs", http.deadline())
            assert 0.5 < time.monotonic() - begun < 3
        with pytest.raises(SourceUnavailable, match="left alone"):
            http.reachable()
        begun = time.monotonic()
        with pytest.raises(SourceUnavailable, match="left alone"):
            http.get(url, "orgs", http.deadline())
        assert time.monotonic() - begun < 0.3


def test_a_token_that_drips_is_given_up_too():
    with dripping(ENDLESS) as url, asking() as http, pytest.raises(SourceTimeout):
        Granted(http, url, "a", "b", "").header("GET", url, [], http.deadline())


def test_the_deadline_of_the_whole_task_may_come_earlier():
    with dripping(ENDLESS) as url, asking(Bounds(deadline=0.3, answer=60, read=5, attempts=1)) as http:
        begun = time.monotonic()
        with pytest.raises(SourceTimeout):
            http.get(url, "orgs", http.deadline())
        assert time.monotonic() - begun < 2


def test_answers_that_come_whole_are_no_failures_however_many_came_late_before():
    with dripping(WHOLE) as good, dripping(ENDLESS) as bad, asking() as http:
        for url in (bad, good, bad, good):
            with suppress(SourceTimeout):
                assert http.get(url, "orgs", http.deadline()).json() == {}
        http.reachable()
