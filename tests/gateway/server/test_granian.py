"""The gateway behind its real server, asked over real sockets by clients that do not keep to the rules."""

from __future__ import annotations

import re
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import requests

from gateway.audit.chain import read_events
from gateway.audit.log import verify
from gateway.config.settings import load
from gateway.demo.data import write_oneroster_12
from tests.gateway.disclosures import read_disclosures
from tests.support.regions import EDFI, ROSTER, Site, links, served, small_district, wait_until


def site(folder):
    folder.mkdir(exist_ok=True)
    write_oneroster_12(small_district(40), folder / "maple.zip")
    return {"maple": Site("oneroster_csv", {"source": str(folder / "maple.zip")})}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("granian")
    with served(folder / "region", site(folder)) as running:
        yield running


def raw(server, data, seconds=5.0):
    """What comes back for these bytes until the connection ends or stays silent."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):  # the server may have heard enough before the end
            connection.sendall(data)
        received = b""
        with suppress(TimeoutError, ConnectionResetError):
            while part := connection.recv(65536):
                received += part
                connection.settimeout(0.5)
        return received


def statuses(received):
    return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3})", received)]


def head(server, line="GET /health HTTP/1.1", *more):
    return "\r\n".join((line, f"Host: 127.0.0.1:{server.port}", *more, "", "")).encode("latin-1")


def test_both_apis_answer_over_a_real_connection(server):
    users = server.get(f"{ROSTER}users?limit=10")
    assert (users.status_code, len(users.json()["users"])) == (200, 10)
    assert users.headers["Content-Type"] == "application/json"
    assert users.json()["users"][0]["roles"][0]["org"]["href"].startswith(f"{server.base}{ROSTER}orgs/")
    assert server.get(f"{EDFI}students?limit=0&totalCount=true").headers["Total-Count"] == "40"


def test_a_walk_over_one_connection_is_complete(server):
    with requests.Session() as session:
        session.headers.update(server.bearer)
        address, seen = f"{server.base}{ROSTER}enrollments?limit=50", []
        while address:
            answer = session.get(address, timeout=30)
            seen += [one["sourcedId"] for one in answer.json()["enrollments"]]
            address = links(answer.headers["Link"]).get("next")
        assert len(seen) == len(set(seen)) == int(answer.headers["X-Total-Count"])


def test_many_at_once_get_what_each_asked_for(server):
    def ask(offset):
        answer = server.get(f"{ROSTER}users?limit=1&offset={offset}")
        return answer.status_code, answer.json()["users"]

    whole = server.get(f"{ROSTER}users?limit=100").json()["users"]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(100))) == [(200, [one]) for one in whole]


def test_a_question_for_the_head_alone_has_no_body(server):
    answer = requests.head(f"{server.base}{ROSTER}orgs", headers=server.bearer, timeout=30)
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["X-Total-Count"]) > 0


def test_an_unchanged_answer_has_no_body(server):
    first = server.get(f"{ROSTER}orgs")
    again = server.get(f"{ROSTER}orgs", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


SECOND = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"


def test_two_honest_questions_on_one_connection_are_both_answered(server):
    assert statuses(raw(server, head(server) + SECOND)) == [200, 404]


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Content-Length: 5"),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding : chunked",),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding: identity", "Content-Length: 5"),
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: 5, 6",),
        ("Content-Length: +5",),
        ("Content-Length: 0x5",),
        ("Content-Length: -1",),
        ("X-Folded: one", " Transfer-Encoding: chunked"),
        ("X-Folded: one\n\tTransfer-Encoding: chunked",),
        ("X: a\rTransfer-Encoding: chunked",),
        ("X: a\x00b",),
    ],
)
def test_a_question_whose_end_is_unclear_is_refused_or_ends_the_connection(server, headers):
    """A second question hidden in the body is never answered on the same connection."""
    body = b"0\r\n\r\n" + SECOND
    received = raw(server, head(server, "POST /oauth/token HTTP/1.1", *headers) + body)
    assert b"smuggled" not in received
    answered = statuses(received)
    assert 404 not in answered
    assert len(answered) <= 2, received
    assert all(status >= 400 for status in answered)


@pytest.mark.parametrize(
    "line",
    [
        "GET",
        "GET /health",
        "GET /health HTTP/9.9",
        "GET  /health HTTP/1.1",
        "G\x00T /health HTTP/1.1",
        "GET /\x00 HTTP/1.1",
        "GET /he alth HTTP/1.1",
        "\x16\x03\x01",
    ],
)
def test_a_first_line_that_is_none_is_refused(server, line):
    answered = statuses(raw(server, head(server, line)))
    assert all(400 <= status < 500 for status in answered)


def test_an_overlong_address_or_header_is_refused_without_harm(server):
    for data in (
        head(server, "GET /" + "a" * 2_000_000 + " HTTP/1.1"),
        head(server, "GET /health HTTP/1.1", "X-Long: " + "b" * 2_000_000),
        head(server, "GET /health HTTP/1.1", *(f"X-{number}: y" for number in range(20_000))),
    ):
        assert all(400 <= status < 500 for status in statuses(raw(server, data)))
    assert server.get("/health").status_code == 200


def test_an_overlong_but_possible_address_is_answered(server):
    received = raw(
        server,
        head(
            server, f"GET {ROSTER}orgs?filter={'a' * 30_000} HTTP/1.1", *(f"{k}: {v}" for k, v in server.bearer.items())
        ),
    )
    assert statuses(received) in ([400], [414], [431])


def test_a_body_that_is_too_large_is_refused_before_it_is_read(server):
    declared = head(
        server,
        "POST /oauth/token HTTP/1.1",
        "Content-Length: 999999999",
        "Content-Type: application/x-www-form-urlencoded",
    )
    assert statuses(raw(server, declared + b"grant_type=client_credentials"))[:1] in ([413], [400], [])
    assert server.get("/health").status_code == 200


def test_a_path_given_as_a_whole_address_or_with_dots_reaches_nothing_else(server):
    for path in (
        "http://elsewhere.example/health",
        "//elsewhere.example/health",
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/static/../gateway.toml",
    ):
        received = raw(server, head(server, f"GET {path} HTTP/1.1", "Connection: close"))
        assert b"root:" not in received
        assert b"[districts" not in received


def test_the_host_that_a_client_claims_is_in_no_link(server):
    received = raw(
        server,
        f"GET {ROSTER}orgs?limit=1 HTTP/1.1\r\nHost: evil.example\r\nAuthorization: {server.bearer['Authorization']}\r\nConnection: close\r\n\r\n".encode(),
    )
    assert b"http://127.0.0.1:" in received
    assert b"evil.example" not in received
    assert "evil.example" not in server.get(f"{ROSTER}orgs?limit=1").text


def test_an_address_on_the_proxys_word_is_not_believed_from_strangers(server):
    answer = server.get(
        f"{ROSTER}orgs?limit=1", headers={"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    )
    assert "evil.example" not in answer.text + answer.headers["Link"]


def test_errors_over_a_real_connection_are_in_their_envelopes(server):
    assert requests.get(f"{server.base}{ROSTER}orgs", timeout=30).json()["imsx_codeMajor"] == "failure"
    assert (
        requests.get(f"{server.base}{EDFI}students", timeout=30).json()["type"]
        == "urn:ed-fi:api:security:authentication"
    )
    assert requests.get(f"{server.base}/nothing", timeout=30).status_code == 404


def test_a_server_told_to_end_leaves_a_whole_record_that_the_next_one_continues(tmp_path):
    for turn in (1, 2):
        with served(tmp_path / "region", site(tmp_path / "data")) as running:
            assert running.get(f"{ROSTER}users?limit=5").status_code == 200
            running.process.send_signal(signal.SIGTERM)
            wait_until(lambda: running.process.poll() is not None)
        settings = load(running.folder / "gateway.toml")
        assert verify(settings.audit.folder, settings.open_keys().derive("audit")) == []
        everything = [event["seq"] for event in read_events(settings.audit.folder)]
        assert everything == list(range(1, len(everything) + 1))
        assert [event["rows"] for event in read_disclosures(settings.audit.folder)] == [5] * turn
