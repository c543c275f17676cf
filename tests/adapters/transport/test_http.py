"""What is asked over HTTP goes to checked addresses only, is bounded, and tells nothing of what it asked."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from adapters.simulators.oneroster import Sis, run
from adapters.transport.allowed_addresses import origin, permitted, resolve
from adapters.transport.circuit_breaker import Breaker
from adapters.transport.error_codes import word
from adapters.transport.http import Bounds, Deadline, Http, SourceResponse, refuse, retry_after
from standards.errors import SourceBroken, SourceRefused, SourceUnavailable
from tests.adapters.oneroster_rest.system import district_documents, source, system

INSIDE = [
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "127.0.0.1", "127.9.9.9", "::1", "fc00::1", "fd12::1",
    "::ffff:10.0.0.1", "::ffff:127.0.0.1", "2002:7f00:1::", "64:ff9b::a00:1",
]  # fmt: skip
NEVER = ["0.0.0.0", "::", "169.254.169.254", "fe80::1", "fe80::1%eth0", "224.0.0.1", "ff02::1", "::ffff:169.254.169.254",
         "64:ff9b::a9fe:a9fe", "192.0.0.192", "168.63.129.16", "::ffff:168.63.129.16", "192.88.99.1", "fec0::1",
         "64:ff9b:1::7f00:1", "3fff::1", "240.0.0.1", "255.255.255.255", "not an address", ""]  # fmt: skip
OUTSIDE = ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_the_house_needs_leave(address):
    assert not permitted(address, allow_private=False)


@pytest.mark.parametrize("address", ["10.0.0.1", "192.168.1.1", "127.0.0.1", "::1", "fd12::1", "::ffff:127.0.0.1"])
def test_with_leave_it_may_be_asked(address):
    assert permitted(address, allow_private=True)


@pytest.mark.parametrize("leave", [True, False])
@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_are_never_asked(address, leave):
    assert not permitted(address, allow_private=leave and address not in {"240.0.0.1", "255.255.255.255"})


@pytest.mark.parametrize("leave", [True, False])
@pytest.mark.parametrize("address", OUTSIDE)
def test_the_world_may_be_asked(address, leave):
    assert permitted(address, allow_private=leave)


@pytest.mark.parametrize(
    "url",
    ["http://sis.example.org", "ftp://sis.example.org", "file:///etc/passwd", "https://", "https://user:pw@sis.example.org",
     "//sis.example.org", "https://[::1", "https://sis.example.org:99999", "https://[fe80::1%25eth0]/", "gopher://x", "sis"],
)  # fmt: skip
def test_only_https_addresses_without_names_in_them_are_asked(url):
    with pytest.raises(SourceRefused) as caught:
        origin(url, allow_private=False)
    assert "pw" not in caught.value.message


def test_plain_http_needs_leave_as_well():
    assert origin("http://10.0.0.1:8080/x", allow_private=True) == ("http", "10.0.0.1", 8080)
    assert origin("https://sis.example.org/x", allow_private=False) == ("https", "sis.example.org", 443)


def named(monkeypatch, *addresses):
    """Have every name lead to *addresses*; the list of names that were looked up."""
    asked = []

    def look_up(host, port, *rest, **more):
        asked.append(host)
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
            for one in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def test_a_name_that_leads_inside_is_refused_even_beside_one_that_does_not(monkeypatch):
    named(monkeypatch, "93.184.216.34", "10.0.0.1")
    with pytest.raises(SourceRefused, match="allow_private"):
        resolve("sis.example.org", 443, allow_private=False)


def test_a_server_inside_is_asked_with_leave_and_not_without():
    with system() as running:
        with source(running) as adapter:
            assert adapter.check() == []
        asked = len(running.sis.log)
        with source(running, allow_private=False) as adapter:
            assert "allow_private" in str(adapter.check()[0])
        assert len(running.sis.log) == asked


def ask(http, url):
    return http.get(url, "orgs", http.deadline())


def test_a_connection_is_made_to_the_address_that_was_checked(monkeypatch):
    """A name that leads elsewhere a moment later (DNS rebinding) leads nowhere else here."""
    with system() as running:
        port = running.url.rpartition(":")[2]
        asked = named(monkeypatch, "127.0.0.1")
        http = Http(Bounds(), allow_private=True)
        assert ask(http, f"http://sis.example.org:{port}/oauth/token").status == 401
        named(monkeypatch, "127.0.0.9")
        assert ask(http, f"http://sis.example.org:{port}/oauth/token").status == 401
        assert asked == ["sis.example.org", "127.0.0.1"][: len(asked)]
        http.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for sis.example.org that is its own issuer: its file, and the server's context."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sis.example.org")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("sis.example.org")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    form = serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return str(folder / "cert.pem"), context


@pytest.mark.parametrize(
    ("host", "trusted", "proven"),
    [("sis.example.org", True, True), ("other.example.org", True, False), ("sis.example.org", False, False)],
)
def test_the_name_in_the_settings_is_what_a_certificate_must_prove(monkeypatch, certificate, host, trusted, proven):
    file, context = certificate
    with run(Sis(district_documents()), context=context) as running:
        port = running.url.rpartition(":")[2]
        named(monkeypatch, "127.0.0.1")
        http = Http(Bounds(attempts=1), allow_private=True, ca_file=file if trusted else "")
        if proven:
            assert ask(http, f"https://{host}:{port}/oauth/token").status == 401
        else:
            with pytest.raises(SourceRefused, match="cannot prove"):
                ask(http, f"https://{host}:{port}/oauth/token")
        http.close()


def test_connections_are_kept(monkeypatch):
    with system() as running, source(running) as adapter:
        adapter.check()
        (pool,) = adapter._http._pools.values()
        assert pool.connections.num_connections == 1
        assert pool.connections.num_requests > 2


def test_no_more_requests_than_allowed_are_under_way():
    with system() as running:
        http, url = Http(Bounds(in_flight=1), allow_private=True), f"{running.url}/ims/oneroster/v1p1/orgs"
        running.sis.faults.add("slow", "orgs", value=0.8)
        waiting = threading.Thread(target=ask, args=(http, url))
        waiting.start()
        time.sleep(0.2)
        with pytest.raises(SourceUnavailable, match="under way"):
            http.get(url, "orgs", Deadline(0.3))
        waiting.join()
        assert ask(http, url).status == 401
        http.close()


def test_a_breaker_opens_tries_once_and_closes():
    now = [0.0]
    breaker = Breaker(2, 10, lambda: now[0])
    for _ in range(2):
        breaker.admit()
        breaker.failed()
    with pytest.raises(SourceUnavailable) as caught:
        breaker.admit()
    assert caught.value.retry_after == 10
    now[0] = 11.0
    breaker.admit()
    with pytest.raises(SourceUnavailable):
        breaker.admit()
    breaker.failed()
    with pytest.raises(SourceUnavailable):
        breaker.admit()
    now[0] = 22.0
    breaker.admit()
    breaker.abandoned()
    breaker.admit()
    breaker.succeeded()
    breaker.admit()
    breaker.admit()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7), ("0", 0), ("", 30), ("soon", 30), ("-5", 30), ("99999999999999", 3600), ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
     ("Wed, 21 Oct 2999 07:28:00 GMT", 3600), ("٣", 30)],
)  # fmt: skip
def test_a_time_to_come_back_is_read_in_both_forms(text, seconds):
    assert retry_after({"retry-after": text}) == seconds


BODIES = [
    (
        b'{"imsx_codeMajor":"failure","imsx_CodeMinor":{"imsx_codeMinorField":[{"imsx_codeMinorFieldValue":"invaliddata"}]}}',
        "invaliddata",
    ),
    (b'{"statusInfoSet":[{"imsx_codeMajor":"failure","imsx_codeMinor":"unauthorized"}]}', "unauthorized"),
    (b'{"imsx_StatusInfo":{"imsx_codeMajor":"failure","imsx_codeMinor":"unknownobject"}}', "unknownobject"),
    (b'{"error":"invalid_client"}', "invalid_client"),
    (b'{"error":"Ada Lovelace is unknown"}', ""),
    (b'{"error":{"imsx_codeMinor":"forbidden"}}', "forbidden"),
    (b"[]", ""),
    (b"<html>", ""),
    (b"", ""),
]


@pytest.mark.parametrize(("body", "said"), BODIES)
def test_the_word_of_an_error_is_found_in_every_form_and_nothing_else_is_repeated(body, said):
    assert word(SourceResponse(400, {"content-type": "application/json"}, body, "users")) == said


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, SourceRefused), (401, SourceRefused), (403, SourceRefused), (404, SourceRefused), (422, SourceRefused),
     (429, SourceUnavailable), (500, SourceUnavailable), (502, SourceUnavailable), (503, SourceUnavailable)],
)  # fmt: skip
def test_a_status_is_an_error_by_who_can_mend_it(status, error):
    with pytest.raises(error, match=str(status)):
        refuse(SourceResponse(status, {}, b"secret", "users"))


@pytest.mark.parametrize("body", [b"\xff\xfe", b"{", b'{"a":1}}', b"[" * 5000, b"NaN", b""])
def test_a_body_that_is_no_json_is_broken(body):
    with pytest.raises(SourceBroken):
        SourceResponse(200, {"content-type": "application/json"}, body, "users").json()


def test_a_body_with_a_byte_order_mark_is_read():
    assert SourceResponse(200, {}, b'\xef\xbb\xbf{"a":1}', "users").json() == {"a": 1}
