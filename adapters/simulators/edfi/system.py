"""The simulated ODS/API as a function from requests to answers; it knows nothing of sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from adapters.simulators.edfi import changes, discovery, resources
from adapters.simulators.edfi.instance import SIX, SNAPSHOT, Call, Instance
from adapters.simulators.edfi.problems import ProblemRefusal
from adapters.simulators.wire import EdFiReply, query_of

if TYPE_CHECKING:
    from collections.abc import Mapping


class Ods(Instance):
    """An `Instance` that answers requests."""

    def answer(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> EdFiReply:
        """Answer a request for the absolute *url*."""
        parts = urlsplit(url)
        given = {name.lower(): value for name, value in headers.items()}
        below = parts.path.startswith(self.prefix)
        inner = parts.path.removeprefix(self.prefix) if below else "/elsewhere"
        steps = [unquote(step).lower() for step in inner.split("/") if step]
        query = {name.lower(): value for name, value in query_of(url).items()}
        base = f"{parts.scheme}://{parts.netloc}{self.prefix}"
        with self.lock:
            try:
                return self._answer(Call(method, base, steps, query, given, body))
            except ProblemRefusal as refusal:
                return refusal.reply(older=self.older, correlation=given.get("correlation-id", ""))

    def _answer(self, call: Call) -> EdFiReply:
        match call.steps:
            case []:
                return discovery.root(self, call.base)
            case ["metadata", *rest]:
                return discovery.metadata(self, call.base, rest)
            case ["oauth", "token"]:
                return self.tokens.grant(call.method, call.headers, call.body)
        client = self.tokens.client(call.header("authorization"))
        match call.steps:
            case ["oauth", "token_info"]:
                return discovery.token_info(self, call, client)
            case ["changequeries", "v1", what] if what in {"availablechangeversions", "snapshots"}:
                return self._changes(call, what)
            case ["data", "v3", *rest]:
                if self.wants_snapshot(call) and call.method != "GET":
                    raise ProblemRefusal("snapshots:method-not-allowed")
                return resources.answer(self, Call(call.method, call.base, rest, call.query, call.headers, call.body))
        raise ProblemRefusal("not-found")

    def _changes(self, call: Call, what: str) -> EdFiReply:
        if not self.change_queries:
            raise ProblemRefusal("system:configuration:feature-disabled")
        if what == "availablechangeversions":
            return changes.available(self.view(call), capital=self.version < SIX)
        if self.version >= SIX:
            raise ProblemRefusal("not-found")
        found = [] if self.snapshot is None else [changes.snapshot(self.snapshot, SNAPSHOT)]
        return EdFiReply(200, found)
