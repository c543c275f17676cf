"""An ODS that means harm gets an error of its own, and nothing it says is obeyed or repeated."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from adapters.edfi_ods.adapter import EdFiOds
from adapters.edfi_ods.metadata import beyond
from standards.errors import SourceBroken, SourceRefused, SourceUnavailable

IDENTIFIER = "a" * 32
STUDENT = {"id": IDENTIFIER, "studentUniqueId": "1", "firstName": "A", "lastSurname": "B", "birthDate": "2010-01-01"}
RECORD = {"id": IDENTIFIER, "uniqueId": "1", "key": ("1",), "name.given": "C", "name.family": "B",
          "birthDate": "2010-01-01"}  # fmt: skip
EMPTY = "[]"
DEEP = json.dumps(STUDENT)[:-1] + ', "otherNames": ' + "[" * 500 + "]" * 500 + "}"


@contextmanager
def liar(said, silent=None, **more):
    """The adapter over a server that answers an address that ends in a key of *said* with the text there.

    Changes get no answer where *silent* is a list, and are kept in it.
    """

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            """Say nothing."""

        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.partition("?")[0]
            text = next((text for end, text in said.items() if path.endswith(end)), EMPTY)
            if path.endswith("/oauth/token"):
                text = json.dumps({"access_token": "t", "expires_in": 1800})
            body = text.encode()
            self.send_response(200)
            for name, value in (("Content-Type", "application/json"), ("Total-Count", str(int(text != EMPTY))),
                                ("Content-Length", str(len(body)))):  # fmt: skip
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            if silent is None or self.path.endswith("/oauth/token"):
                self.do_GET()
                return
            silent.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.close_connection = True

        do_PUT = do_POST  # noqa: N815  the name that the library asks for

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings = {
            "url": f"http://127.0.0.1:{server.server_port}", "client_id": "c", "client_secret": "s",
            "allow_private": True, **more,
        }  # fmt: skip
        try:
            with EdFiOds("fir", settings) as adapter:
                yield adapter
        finally:
            server.shutdown()


@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("http://[", SourceBroken),
        ("http://[::1", SourceBroken),
        ("http://169.254.169.254/latest", SourceRefused),
        ("//evil.example/x", SourceRefused),
        ("file:///etc/passwd", SourceRefused),
        ("javascript:alert(1)", SourceRefused),
        ("http://127.0.0.1.evil.example/", SourceRefused),
    ],
)
def test_a_part_that_would_be_elsewhere_or_nowhere_is_not_asked(address, error):
    urls = dict.fromkeys(("dataManagementApi", "oauth", "changeQueries", "openApiMetadata"), address)
    with liar({"/": json.dumps({"urls": urls})}) as adapter, pytest.raises(error) as caught:
        list(adapter.read({"student": None}))
    assert address not in caught.value.message


@pytest.mark.parametrize("tag", ["a\r\nX-More: 1", "\u2028", "a\nb"])
def test_a_tag_that_no_header_can_hold_is_not_sent_back(tag):
    said = {f"/students/{IDENTIFIER}": json.dumps({**STUDENT, "_etag": tag}), "/": "{}"}
    with liar(said, writable=True) as adapter, pytest.raises(SourceBroken) as caught:
        adapter.save("student", RECORD, new=False)
    assert tag not in caught.value.message


def test_a_document_that_is_deeper_than_can_be_written_is_refused():
    said = {f"/students/{IDENTIFIER}": DEEP, "/students": f"[{DEEP}]", "/": "{}"}
    with liar(said, writable=True) as adapter:
        for attempt in (
            lambda: list(adapter.read({"student": None})),
            lambda: adapter.find("student", IDENTIFIER),
            lambda: adapter.save("student", RECORD, new=False),
        ):
            with pytest.raises(SourceBroken, match="too deep"):
                attempt()


@pytest.mark.parametrize("new", [True, False])
def test_a_change_whose_answer_is_lost_is_not_sent_again(new):
    sent = []
    said = {f"/students/{IDENTIFIER}": json.dumps(STUDENT), "/": "{}"}
    with (
        liar(said, sent, writable=True, resources=["students"]) as adapter,
        pytest.raises(SourceUnavailable),
    ):
        adapter.save("student", RECORD, new=new)
    assert len(sent) == 1


def test_a_description_that_unfolds_without_end_is_refused():
    schemas = {
        f"tpdm_s{at}": {"properties": {f"m{number}": {"$ref": f"#/s/tpdm_s{at + 1}"} for number in range(30)}}
        for at in range(8)
    } | {"tpdm_s8": {"properties": {"leaf": {"type": "string"}}}}
    post = {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/s/tpdm_s0"}}}}}
    document = {"paths": {"/tpdm/candidates": {"post": post}}, "components": {"schemas": schemas}}
    with pytest.raises(SourceBroken, match="too many members"):
        beyond([document])
