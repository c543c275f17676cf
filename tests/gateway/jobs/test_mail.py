"""Letters reach a real mail server, encrypted unless the settings say no; its faults end in time and in our own words."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from email import message_from_bytes

import pytest
from aiosmtpd.smtp import AuthResult

from gateway.config.notices import MailSettings
from gateway.jobs.delivery import Letter, NotDelivered
from gateway.jobs.mail import Mail, compose
from tests.gateway.jobs.conftest import HOST, Box, mail_server

NOW = datetime(2026, 11, 2, 20, tzinfo=UTC)
LETTER = Letter("a1b2", "ana@example.org", "Le esperan tareas", "¡Hola!\n", "es")


def settings(port, security="none", **more):
    return MailSettings(HOST, port, security, "crossing@example.org", **more)


def test_a_letter_arrives_with_its_own_id_in_its_language():
    box = Box()
    with mail_server(box) as port:
        Mail(settings(port)).send(LETTER, NOW)
    ((to, text),) = box.letters
    message = message_from_bytes(text.encode())
    assert to == ["ana@example.org"]
    assert message["Message-ID"] == "<a1b2@example.org>"
    assert (message["Auto-Submitted"], message["Content-Language"]) == ("auto-generated", "es")
    assert message["Date"] == "Mon, 02 Nov 2026 20:00:00 +0000"
    assert message.get_payload(decode=True).decode().splitlines() == ["¡Hola!"]


def test_nothing_is_sent_in_clear_to_a_server_that_does_not_encrypt():
    box = Box()
    with mail_server(box) as port, pytest.raises(NotDelivered, match="does not offer"):
        Mail(settings(port, "starttls")).send(LETTER, NOW)
    assert box.letters == []


@pytest.mark.parametrize(("security", "server"), [("starttls", "tls_context"), ("tls", "ssl_context")])
def test_a_server_must_prove_its_name_before_anything_is_sent(certificate, security, server):
    file, context = certificate
    box = Box()
    with mail_server(box, **{server: context}) as port:
        with pytest.raises(NotDelivered, match="prove its name"):
            Mail(settings(port, security)).send(LETTER, NOW)
        assert box.letters == []
        Mail(settings(port, security, ca_file=file)).send(LETTER, NOW)
    assert len(box.letters) == 1


def test_a_password_is_given_to_the_server_that_asks_for_one(certificate):
    file, context = certificate
    given = []

    def authenticate(_server, _session, _envelope, _mechanism, data):
        given.append((data.login, data.password))
        return AuthResult(success=data.password == b"right", handled=False)

    box = Box()
    more = {"tls_context": context, "authenticator": authenticate, "auth_required": True, "auth_require_tls": True}
    with mail_server(box, **more) as port:
        with pytest.raises(NotDelivered, match="535") as refused:
            Mail(settings(port, "starttls", ca_file=file, user="gate", password="wrong")).send(LETTER, NOW)
        assert not refused.value.final
        Mail(settings(port, "starttls", ca_file=file, user="gate", password="right")).send(LETTER, NOW)
    assert (given[-1], len(box.letters)) == ((b"gate", b"right"), 1)


@pytest.mark.parametrize(
    ("answer", "final"), [("550 no such box ana@example.org", True), ("451 later", False), ("421 going", False)]
)
def test_a_refused_address_is_told_by_its_number_alone(answer, final):
    with mail_server(Box(refuses=answer)) as port, pytest.raises(NotDelivered) as refused:
        Mail(settings(port)).send(LETTER, NOW)
    assert refused.value.final == final
    assert answer[:3] in refused.value.reason
    assert "ana" not in refused.value.reason


def test_a_letter_that_the_server_does_not_want_is_not_delivered():
    with mail_server(Box(breaks="554 no")) as port, pytest.raises(NotDelivered, match="554"):
        Mail(settings(port)).send(LETTER, NOW)


@contextmanager
def raw_server(serve):
    listening = socket.create_server((HOST, 0))

    def run():
        try:
            connection, _ = listening.accept()
            with connection:
                serve(connection)
        except OSError:
            pass

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.close()
        thread.join()


def test_a_server_that_dies_midway_is_told_in_our_words():
    def serve(connection):
        connection.sendall(b"220 ready\r\n")
        connection.recv(100)

    with raw_server(serve) as port, pytest.raises(NotDelivered, match="cannot be used"):
        Mail(settings(port)).send(LETTER, NOW)


def test_a_server_that_is_not_there_is_told_in_our_words():
    with socket.create_server((HOST, 0)) as held:
        port = held.getsockname()[1]
    with pytest.raises(NotDelivered, match="ConnectionRefusedError"):
        Mail(settings(port)).send(LETTER, NOW)


def test_a_server_that_trickles_is_cut_off_in_time():
    ended = threading.Event()

    def serve(connection):
        connection.sendall(b"220-")
        while not ended.wait(0.05):
            connection.sendall(b"x")

    begin = time.monotonic()
    with raw_server(serve) as port:
        with pytest.raises(NotDelivered):
            Mail(settings(port), whole=0.5, step=5.0).send(LETTER, NOW)
        ended.set()
    assert time.monotonic() - begin < 5


@pytest.mark.parametrize(
    "address",
    [
        "ana@example.org\r\nBcc: eve@example.org", "ana@example.org\nX: y", "ana@example.org, eve@example.org", "", "ana",
        "ana@example.org>\r\nRCPT TO:<eve@example.org", "Ana <ana@example.org>", "a@b@c",
    ],
)  # fmt: skip
def test_no_address_begins_another_header_or_another_address(address):
    with pytest.raises(NotDelivered) as refused:
        compose(Letter("a1b2", address, "subject", "text", "en"), "crossing@example.org", NOW)
    assert refused.value.final


def test_no_subject_begins_another_header():
    with pytest.raises(NotDelivered):
        compose(Letter("a", "ana@example.org", "due\r\nBcc: eve@example.org", "text", "en"), "c@example.org", NOW)
