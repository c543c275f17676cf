"""The simulated system on a real socket of this machine, with what can go wrong on the wire."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import orjson

from adapters.simulators import wire
from adapters.simulators.oneroster.system import Reply, error

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler

    from adapters.simulators.oneroster.system import Sis

ELSEWHERE: Final = "http://127.0.0.2:9/elsewhere"
INSTEAD: Final = {
    "unauthorized": (401, "unauthorisedrequest"),
    "forbidden": (403, "forbidden"),
    "throttled": (429, "server_busy"),
    "unavailable": (503, "server_busy"),
    "error": (500, "internal_server_error"),
    "missing": (404, "unknownobject"),
}


@dataclass(frozen=True, slots=True)
class Running:
    """A system that answers at *url*."""

    sis: Sis
    url: str

    @property
    def token_url(self) -> str:
        """Where its tokens are."""
        return f"{self.url}/oauth/token"


@contextmanager
def run(sis: Sis, port: int = 0, context: ssl.SSLContext | None = None) -> Iterator[Running]:
    """The system, answering until the end of the block; over TLS where there is a *context* with a certificate."""
    with wire.listening(_handler(sis), port, context) as url:
        yield Running(sis, url)


def _handler(sis: Sis) -> type[BaseHTTPRequestHandler]:
    class Handler(wire.Handler):
        def answer(self, body: bytes) -> None:
            address = f"http://{self.headers.get('Host', '')}{self.path}"
            collection = _collection(self.path)
            faults = sis.faults.take(collection)
            _stir(sis, collection, faults)
            reply = _instead(faults)
            if reply is None:
                reply = sis.answer(self.command, address, dict(self.headers.items()), body)
                _spoil(reply, faults)
            sent = b"" if reply.body is None else orjson.dumps(reply.body)
            wire.send(self, reply.status, reply.headers, sent, faults)

    return Handler


def _collection(path: str) -> str:
    steps = [step for step in urlsplit(path).path.split("/") if step]
    if steps[-1:] == ["token"]:
        return "token"
    after = next((number for number, step in enumerate(steps) if step in {"v1p1", "v1p2"}), len(steps)) + 1
    rest = steps[after:]
    return rest[-1] if len(rest) == 3 else rest[0] if rest else ""  # noqa: PLR2004  a nested one


def _stir(sis: Sis, collection: str, faults: dict[str, float]) -> None:
    """Let documents come, go and move before the answer."""
    if "expired" in faults:
        sis.guard.revoke()
    known = sis.documents.get(collection)
    if not known:
        return
    if "insert" in faults:
        first = dict(next(iter(known.values())), sourcedId=f"!{len(known)}")
        kept = dict(known)
        known.clear()
        known.update({first["sourcedId"]: first, **kept})
    if "delete" in faults:
        known.pop(min(known))
    if "reorder" in faults:
        kept = dict(reversed(known.items()))
        known.clear()
        known.update(kept)


def _instead(faults: dict[str, float]) -> Reply | None:
    """The answer that is given in place of the right one."""
    for name, (status, word) in INSTEAD.items():
        if name in faults:
            reply = error(status, word, "1.2")
            if faults[name] and name in {"throttled", "unavailable"}:
                reply.headers["Retry-After"] = str(int(faults[name]))
            return reply
    return Reply(302, None, {"Location": ELSEWHERE}) if "redirect" in faults else None


def _spoil(reply: Reply, faults: dict[str, float]) -> None:
    """Make a good answer a bad one."""
    if not isinstance(reply.body, dict) or not reply.body:
        return
    name, found = next(iter(reply.body.items()))
    if "total" in faults and "X-Total-Count" in reply.headers:
        reply.headers["X-Total-Count"] = str(int(reply.headers["X-Total-Count"]) + int(faults["total"]))
    if isinstance(found, list) and found:
        if "duplicate" in faults:
            reply.body = {name: [*found, found[0]]}
        if "short" in faults:
            reply.body = {name: found[: max(1, len(found) // 2)]}
        if "clamp" in faults:
            reply.body = {name: found[: int(faults["clamp"])]}
        if "garbage" in faults:
            reply.body = {name: [1, "two", None]}
    if "no-wrapper" in faults:
        reply.body = {"data": found}
    if "error-in-success" in faults:
        reply.body = error(500, "internal_server_error", "1.1").body
