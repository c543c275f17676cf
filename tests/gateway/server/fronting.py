"""Asks a front inside the test's own process, as its server would."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from gateway.config.settings import Server
from gateway.server.front import Front


@dataclass(frozen=True)
class Told:
    """An answer, and how long it took."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float

    @property
    def json(self):
        return json.loads(self.body)


def front(app, *, threads=8, each=1, wait=5.0, patience=5.0, **standing):
    """A front over *app* in which as many requests of a district may wait for its system, for so many seconds."""
    limits = timedelta(seconds=wait), timedelta(seconds=patience)
    return Front(app, Server("127.0.0.1", 0, None, (), threads, each, *limits), standing)


async def ask(front, address, *, method="GET", headers=(), body=b"", messages=None):
    """The answer to one request; *messages* are how its body arrives."""
    coming = [{"type": "http.request", "body": body, "more_body": False}] if messages is None else list(messages)
    sent, begun = [], asyncio.get_running_loop().time()

    async def receive():
        if not coming:
            await asyncio.Event().wait()
        return coming.pop(0)

    async def send(message):
        sent.append(message)

    parts = urlsplit(address)
    given = dict(headers) | ({"content-length": str(len(body))} if body else {})
    scope = {
        "type": "http", "method": method, "path": parts.path, "raw_path": parts.path.encode(), "scheme": "http",
        "query_string": parts.query.encode(), "server": ("127.0.0.1", "80"), "client": ("127.0.0.1", "9"),
        "http_version": "1.1",
        "headers": [(b"host", b"localhost"), *((k.lower().encode(), v.encode()) for k, v in given.items())],
    }  # fmt: skip
    await front(scope, receive, send)
    seconds = asyncio.get_running_loop().time() - begun
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Told(sent[0]["status"], found, b"".join(one.get("body", b"") for one in sent[1:]), seconds)


async def later(seconds, coroutine):
    """The result of *coroutine*, begun in so many seconds."""
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(seconds)
    return await coroutine
