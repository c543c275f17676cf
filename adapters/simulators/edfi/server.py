"""The simulated ODS on a real socket of this machine, with faults on the wire."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from adapters.simulators import wire
from adapters.simulators.edfi import faults

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping

    from adapters.simulators.edfi.system import Ods

OF_INTEREST: Final = ("Accept", "Accept-Encoding", "Content-Type", "If-Match", "If-None-Match", "Use-Snapshot",
                      "Snapshot-Identifier", "correlation-id", "User-Agent")  # fmt: skip
JSON: Final = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """One request that was made, and the status of its answer; 0 where there was none."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    status: int
    body: bytes = b""


@dataclass(slots=True)
class RunningOds:
    """A simulated ODS that answers at *url*, and the *log* of its requests."""

    ods: Ods
    url: str
    log: list[SeenRequest] = field(default_factory=list)

    @property
    def token_url(self) -> str:
        """The address of its tokens."""
        return f"{self.url}{self.ods.prefix}/oauth/token"

    def asked(self, collection: str, method: str = "") -> list[SeenRequest]:
        """Return the requests at one collection, or at the ``token`` address, by one method or by any."""
        return [one for one in self.log if target(one.path) == collection.lower() and method in {"", one.method}]


@contextmanager
def run(ods: Ods, port: int = 0, context: ssl.SSLContext | None = None) -> Iterator[RunningOds]:
    """Run the system until the end of the block; over TLS where there is a *context* with a certificate."""
    running = RunningOds(ods, "")
    with wire.listening(_handler(running), port, context) as url:
        running.url = url
        yield running


def target(path: str) -> str:
    """Return what a path is about, in small letters: the collection, or ``token``, or its last step."""
    steps = [step.lower() for step in path.split("/") if step]
    if "data" in steps and "metadata" not in steps:
        after = steps.index("data") + 3
        return steps[after] if len(steps) > after else ""
    return steps[-1] if steps else ""


def _handler(running: RunningOds) -> type[wire.Handler]:
    class EdFiHandler(wire.Handler):
        def answer(self, body: bytes) -> None:
            ods, path = running.ods, urlsplit(self.path).path
            taken = ods.faults.take(target(path))
            faults.before_answer(ods, target(path), taken)
            reply = faults.answer_instead(ods, taken)
            if reply is None:
                reply = ods.answer(self.command, self.url, dict(self.headers.items()), body)
                faults.after_answer(ods, target(path), reply, taken)
            headers = {name: self.headers[name] for name in OF_INTEREST if self.headers.get(name)}
            status = 0 if "silent" in taken else reply.status
            running.log.append(SeenRequest(self.command, path, wire.query_of(self.path), headers, status, body))
            reply.headers.setdefault("Content-Type", JSON)
            wire.send(self, reply, taken)

    return EdFiHandler
