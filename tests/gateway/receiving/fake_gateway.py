"""A gateway's transfers over a real socket, as far as the agents in the districts' houses ask for them."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64decode
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from adapters.simulators import wire

TOKEN = "a-token-of-the-tests"


@dataclass
class FakeGateway:
    """What the gateway has and was told: packages by transfer and version, key sets, posts; *breaks* are its faults."""

    packages: dict = field(default_factory=dict)
    keys: dict = field(default_factory=dict)
    manifests: dict = field(default_factory=dict)
    posts: list = field(default_factory=list)
    asked: list = field(default_factory=list)
    forms: list = field(default_factory=list)
    breaks: list = field(default_factory=list)
    sender: str = "maple"
    sealed_to: str = ""
    url: str = ""
    idempotent: dict = field(default_factory=dict)

    def told(self, word):
        """The bodies that were posted to addresses that end so, each once."""
        return [body for path, body in self.posts if path.endswith(word)]

    def listed(self):
        return [
            {"transfer": transfer, "version": version, "sender": self.sender, "size": len(content),
             "sha256": hashlib.sha256(content).hexdigest(), "kid": "k", "expires": "2026-11-17"}
            for (transfer, version), content in self.packages.items()
        ]  # fmt: skip


class TransfersHandler(wire.Handler):
    """The answers of a `FakeGateway`."""

    gateway = FakeGateway()

    def answer(self, body):
        parts = urlsplit(self.path)
        self.gateway.asked.append((self.command, parts.path, dict(self.headers.items())))
        if self.gateway.breaks:
            fault = self.gateway.breaks.pop(0)
            if fault is not None:
                return fault(self)
        if parts.path == "/oauth/token":
            self.gateway.forms.append((body.decode(), self.headers.get("Authorization", "")))
            return self.json(200, {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 300})
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.problem(401, "unauthenticated")
        path = parts.path.removeprefix("/transfers/v1")
        if self.command == "POST":
            return self.post(path, body)
        return self.get(path, parse_qs(parts.query))

    def post(self, path, body):
        key, told = self.headers.get("Idempotency-Key"), json.loads(body)
        assert re.fullmatch(r'"[0-9a-f]{32}"', key)
        if key in self.gateway.idempotent:
            assert self.gateway.idempotent[key] == (path, told)
        else:
            self.gateway.idempotent[key] = (path, told)
            self.gateway.posts.append((path, told))
        return self.json(200, {})

    def get(self, path, query):
        for pattern, answer in self.ROUTES.items():
            if found := re.fullmatch(pattern, path):
                return answer(self, *found.groups(), query)
        return self.problem(404, "not-found")

    def packages(self, _query):
        self.json(200, self.gateway.listed())

    def signatures(self, _query):
        self.json(200, [
            {"id": name, "transfer": told[0], "version": told[1], "sha256": hashlib.sha256(told[2]).hexdigest(),
             "kid": self.gateway.sealed_to}
            for name, told in self.gateway.manifests.items()
        ])  # fmt: skip

    def manifest(self, name, _query):
        self.raw(200, self.gateway.manifests[name][2], {})

    def key_set(self, name, _query):
        if name in self.gateway.keys:
            return self.raw(200, self.gateway.keys[name], {})
        return self.problem(404, "not-found")

    def package(self, transfer, query):
        content = self.gateway.packages[transfer, int(query["version"][0])]
        begin, end = map(int, re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers["Range"]).groups())
        where = f"bytes {begin}-{end}/{len(content)}"
        return self.raw(206, content[begin : end + 1], {"Content-Range": where})

    def problem(self, status, code):
        self.json(status, {"type": f"urn:crossing-guard:problem:{code}", "title": "x", "status": status})

    def json(self, status, value):
        self.raw(status, json.dumps(value).encode(), {})

    def raw(self, status, content, headers):
        self.send_response(status)
        for name, value in {"Content-Type": "application/octet-stream", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    ROUTES: ClassVar = {
        "/packages": packages, "/signatures": signatures, "/signatures/(.+)": manifest, r"/keys/(\w+)": key_set,
        "/transfers/(.+)/package": package,
    }  # fmt: skip


@contextmanager
def serving(gateway):
    with wire.listening(type("BoundHandler", (TransfersHandler,), {"gateway": gateway})) as url:
        gateway.url = url
        yield gateway


def basic(header):
    return b64decode(header.removeprefix("Basic ")).decode()


def unavailable(handler):
    handler.problem(503, "unavailable")


def refused(handler):
    """Refuse a client."""
    handler.send_response(401)
    content = b'{"error": "invalid_client"}'
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def broken_off(handler):
    """Send half of an answer, and break off."""
    handler.send_response(206)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"x" * 10)
    handler.close_connection = True
