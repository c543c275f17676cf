"""What clients do to the front over real sockets, whether they know better or not."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import socket
import time
from contextlib import ExitStack, suppress

import pytest

from gateway.server.request_bodies import LETTING_GO_SECONDS, MAX_BODIES
from gateway.web.app import MAX_BODY_BYTES
from tests.gateway.server.echoes import PIECE, PIECES, SECONDS, echoing
from tests.gateway.server.fronting import ask, front
from tests.support.regions import wait_until

HOST = b" HTTP/1.1\r\nHost: h.example\r\n"


@pytest.fixture(scope="module")
def fronted():
    with echoing("front") as port:
        yield port


@pytest.fixture(scope="module")
def plain():
    with echoing("wsgi") as port:
        yield port


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def raw(port, data, *, end=False):
    """What comes back for these bytes; of one request with *end*, after which the client says that it is done."""
    with connect(port) as connection:
        connection.sendall(data)
        if end:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        with suppress(TimeoutError, ConnectionResetError):
            while part := connection.recv(65536):
                received += part
                connection.settimeout(0.4)
        return received


def told(port, data):
    """What the application was asked, and the answer's status line and headers but for those of the moment."""
    head, _, body = raw(port, data).partition(b"\r\n\r\n")
    if not head:
        return None
    status, *headers = head.split(b"\r\n")
    kept = sorted(one for one in headers if not one.lower().startswith((b"date:", b"content-length:")))
    if not body:
        return status, kept
    environ, given = json.loads(body)
    return (
        status,
        kept,
        {k: v for k, v in environ.items() if k not in {"SERVER_PORT", "HTTP_HOST", "RAW_URI"}},
        environ["HTTP_HOST"],
        given,
    )


ODD = [
    b"GET /a%20b/%C3%A4/%2Fx/%ff%00?q=%C3%A4&x=a+b&%41" + HOST + b"\r\n",
    b"GET /plain" + HOST + b"X-Two: 1\r\nX-Two: 2\r\nCookie: a=1\r\nCookie: b=2\r\n\r\n",
    b"GET /bytes" + HOST + b"X-Latin: caf\xe9\r\nX-UTF: caf\xc3\xa9\r\nX-Empty:\r\nX-Space:  a  b \r\n\r\n",
    b"GET http://other.example:99/absolute?x=1" + HOST + b"\r\n",
    b"GET http://other.example:99/absolute HTTP/1.1\r\n\r\n",
    b"GET //two//slashes/../x;p=1" + HOST + b"\r\n",
    b"OPTIONS *" + HOST + b"\r\n",
    b"GET /old HTTP/1.0\r\n\r\n",
    b"GET /none HTTP/1.1\r\n\r\n",
    b"GET /raw\xc3\xa4?q=\xc3\xa4" + HOST + b"\r\n",
    b"POST /body" + HOST + b"Content-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc",
    b"POST /chunks" + HOST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    b"PUT /nothing" + HOST + b"Content-Length: 0\r\n\r\n",
    b"DELETE /body" + HOST + b"Content-Length: 2\r\n\r\nab",
    b"GET /who" + HOST + b"Authorization: Basic eA==\r\nX-Forwarded-For: 1.2.3.4\r\nContent-Type: a\r\n\r\n",
    b"FOO /method" + HOST + b"\r\n",
    b"GET /?a?b#c" + HOST + b"\r\n",
    b"GET /q? HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n",
    b"HEAD /head" + HOST + b"\r\n",
    b"GET /empty" + HOST + b"\r\n",
]


@pytest.mark.parametrize("request_", ODD, ids=lambda one: one.split(b"\r\n")[0].decode("latin-1"))
def test_the_application_is_asked_as_by_granians_own_interface(plain, fronted, request_):
    expected = told(plain, request_)
    assert expected is not None
    assert told(fronted, request_) == expected


@pytest.mark.parametrize("written", [b"/a%2Fb%2f", b"/a/b", b"/caf%C3%A9/%25"])
def test_the_application_is_told_the_path_as_it_was_written(fronted, written):
    """In ``PATH_INFO`` an escaped slash is one like any other."""
    environ, _ = json.loads(raw(fronted, b"GET " + written + b"?q=%2F" + HOST + b"\r\n").partition(b"\r\n\r\n")[2])
    assert environ["RAW_URI"].encode() == written


def test_a_header_that_could_pass_for_another_is_left_out(fronted):
    """``X_Forwarded_For`` and ``X-Forwarded-For`` would be one name in the environment."""
    _, _, environ, *_ = told(
        fronted, b"GET /x" + HOST + b"X_Forwarded_For: 6.6.6.6\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n"
    )
    assert environ["HTTP_X_FORWARDED_FOR"] == "1.2.3.4"


@pytest.mark.parametrize(
    "request_",
    [
        b"POST /short" + HOST + b"Content-Length: 10\r\n\r\nabc",
        b"POST /chunks" + HOST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"POST /chunks" + HOST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n",
    ],
)
def test_a_body_that_breaks_off_reaches_no_application(fronted, request_):
    assert raw(fronted, request_, end=True).startswith(b"HTTP/1.1 400")


def test_what_follows_a_body_is_the_next_request(fronted):
    received = raw(fronted, b"POST /one" + HOST + b"Content-Length: 3\r\n\r\nabcGET /two" + HOST + b"\r\n")
    assert re.findall(rb'"PATH_INFO": "([^"]*)"', received) == [b"/one", b"/two"]


def test_a_body_is_waited_for_as_long_as_a_client_may_take(fronted):
    begun = time.monotonic()
    received = raw(fronted, b"POST /slow" + HOST + b"Content-Length: 100\r\n\r\nx")
    assert received.startswith(b"HTTP/1.1 408")
    assert SECONDS * 0.8 < time.monotonic() - begun < SECONDS + 5


@pytest.mark.parametrize("sent", [b"", b"GET /x HTTP/1.1\r\nHo", b"GET /told" + HOST + b"\r\n"])
def test_a_connection_on_which_nothing_comes_is_closed(fronted, sent):
    begun = time.monotonic()
    with connect(fronted) as connection:
        connection.sendall(sent)
        while connection.recv(65536):
            pass
    assert SECONDS * 0.8 < time.monotonic() - begun < SECONDS + 5


def test_a_head_that_does_not_end_is_refused(fronted):
    assert raw(fronted, b"GET /x" + HOST + b"X: " + b"a" * 300_000).startswith(b"HTTP/1.1 431")
    assert b" 200 " in raw(fronted, b"GET /x" + HOST + b"X: " + b"a" * 60_000 + b"\r\n\r\n")


def test_a_client_that_is_told_to_go_on_does(fronted):
    with connect(fronted) as connection:
        connection.sendall(b"POST /x" + HOST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue")
        connection.sendall(b"abc")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")


def test_a_body_that_is_said_to_be_too_large_is_not_asked_for(fronted):
    said = b"POST /x" + HOST + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1)
    received = raw(fronted, said)
    assert received.startswith(b"HTTP/1.1 413")
    assert b"\r\nconnection: close\r\n" in received
    assert b"100 Continue" not in received


def test_a_body_that_grows_too_large_is_refused_on_the_way(fronted):
    piece = b"10000\r\n" + b"a" * 65536 + b"\r\n"
    received = raw(fronted, b"POST /x" + HOST + b"Transfer-Encoding: chunked\r\n\r\n" + piece * 17 + b"0\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 413")


def state(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/told")
    found = json.loads(connection.getresponse().read())
    connection.close()
    return found


def test_a_client_that_sends_all_before_it_reads_is_told_why_it_is_refused(fronted):
    """Proxies and browsers do; a connection closed before they have sent all would be all that they are told."""
    large = b"POST /body" + HOST + b"Content-Length: %d\r\n\r\n" % (8 * MAX_BODY_BYTES)
    with connect(fronted) as connection:
        connection.sendall(large + b"a" * (8 * MAX_BODY_BYTES))
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_a_stream_arrives_whole_however_slowly_it_is_read(fronted):
    connection = http.client.HTTPConnection("127.0.0.1", fronted, timeout=20)
    connection.request("GET", "/stream")
    answer, size = connection.getresponse(), 0
    while part := answer.read(1 << 20):
        size += len(part)
        time.sleep(0.002)
    connection.close()
    assert size == PIECES * len(PIECE)


def test_a_stream_that_breaks_has_no_end(fronted):
    connection = http.client.HTTPConnection("127.0.0.1", fronted, timeout=20)
    connection.request("GET", "/breaks")
    with pytest.raises(http.client.IncompleteRead):
        connection.getresponse().read()
    connection.close()


def test_a_client_that_stops_reading_gets_no_more_and_holds_no_thread(fronted):
    with ExitStack() as stack:
        for _ in range(6):  # three times as many as there are threads
            stack.enter_context(connect(fronted)).sendall(b"GET /stream" + HOST + b"\r\n")
        time.sleep(0.3)
        assert b" 200 " in raw(fronted, b"GET /x" + HOST + b"\r\n")
        assert 0 < state(fronted)["made"] < PIECES / 4
        wait_until(lambda: state(fronted)["closed"], SECONDS + 10)


def test_a_client_that_goes_ends_its_stream(fronted):
    with connect(fronted) as connection:
        connection.sendall(b"GET /stream" + HOST + b"\r\n")
        connection.recv(1000)
    wait_until(lambda: state(fronted)["closed"], 10)
    assert state(fronted)["made"] < PIECES / 4


def test_a_large_answer_is_whole_and_ends_where_nobody_takes_it(fronted):
    with connect(fronted) as connection:
        connection.sendall(b"GET /large" + HOST + b"\r\n")
        time.sleep(SECONDS + 1.5)
        size, part = 0, b""
        with suppress(ConnectionResetError):
            while part := connection.recv(1 << 20):
                size += len(part)
        assert size < 20_000_000
    connection = http.client.HTTPConnection("127.0.0.1", fronted, timeout=20)
    connection.request("GET", "/large")
    assert len(connection.getresponse().read()) == 20_000_000
    connection.close()


def test_where_too_many_bodies_are_on_their_way_the_oldest_gives_way():
    async def more_than_may():
        fronted, gates = front(lambda environ, start: (start("200 OK", []) and []) or [b"done"], patience=30), []

        async def slow():
            gates.append(None)
            return await ask(fronted, "/slow", headers={"content-length": "2"}, messages=[])

        waiting = [asyncio.ensure_future(slow()) for _ in range(MAX_BODIES)]
        await asyncio.sleep(0.2)
        honest = await asyncio.wait_for(ask(fronted, "/honest", body=b"abc"), 5)
        await asyncio.sleep(LETTING_GO_SECONDS + 0.2)
        done = [one.done() for one in waiting]
        for one in waiting:
            one.cancel()
        return honest, done

    honest, done = asyncio.run(more_than_may())
    assert honest.status == 200
    assert done == [True] + [False] * (MAX_BODIES - 1)
