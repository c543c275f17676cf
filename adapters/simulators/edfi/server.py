"""The simulated ODS on a real socket of this machine, with what can go wrong there."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlsplit

import orjson

from adapters.simulators import wire
from adapters.simulators.edfi import faults as mischief

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping

    from adapters.simulators.edfi.system import Ods

OF_INTEREST: Final = ("Accept", "Accept-Encoding", "Content-Type", "If-Match", "If-None-Match", "Use-Snapshot",
                      "Snapshot-Identifier", "correlation-id", "User-Agent")  # fmt: skip
JSON: Final = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that was made, and the status of its answer; 0 where there was none."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    status: int
    body: bytes = b""


@dataclass(slots=True)
class Running:
    """A system that answers at *url*, and the *log* of what it was asked."""

    ods: Ods
    url: str
    log: list[Asked] = field(default_factory=list)

    @property
    def token_url(self) -> str:
        """Where its tokens are."""
        return f"{self.url}{self.ods.prefix}/oauth/token"

    def asked(self, collection: str, method: str = "") -> list[Asked]:
        """What was asked at one collection, or at the ``token`` address, by one method or by any."""
        return [one for one in self.log if target(one.path) == collection.lower() and method in {"", one.method}]


@contextmanager
def run(ods: Ods, port: int = 0, context: ssl.SSLContext | None = None) -> Iterator[Running]:
    """The system, answering until the end of the block; over TLS where there is a *context* with a certificate."""
    running = Running(ods, "")
    with wire.listening(_handler(running), port, context) as url:
        running.url = url
        yield running


def target(path: str) -> str:
    """What a path is about, in small letters: the collection, or ``token``, or its last step."""
    steps = [step.lower() for step in path.split("/") if step]
    if "data" in steps and "metadata" not in steps:
        after = steps.index("data") + 3
        return steps[after] if len(steps) > after else ""
    return steps[-1] if steps else ""


def _handler(running: Running) -> type[wire.Handler]:
    class Handler(wire.Handler):
        def answer(self, body: bytes) -> None:
            parts = urlsplit(self.path)
            faults = running.ods.faults.take(target(parts.path))
            address = f"{running.url.partition(':')[0]}://{self.headers.get('Host', '')}{self.path}"
            mischief.stir(running.ods, target(parts.path), faults)
            reply = mischief.instead(running.ods, faults)
            if reply is None:
                reply = running.ods.answer(self.command, address, dict(self.headers.items()), body)
                mischief.spoil(running.ods, target(parts.path), reply, faults)
            headers = {name: self.headers[name] for name in OF_INTEREST if self.headers.get(name)}
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            status = 0 if "silent" in faults else reply.status
            running.log.append(Asked(self.command, parts.path, query, headers, status, body))
            sent = b"" if reply.body is None else orjson.dumps(reply.body)
            wire.send(self, reply.status, {"Content-Type": JSON, **reply.headers}, sent, faults)

    return Handler
