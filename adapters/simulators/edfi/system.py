"""The simulated ODS/API: what it knows and what it answers to a request; nothing here knows of sockets."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from adapters.simulators.edfi import changes, discovery, drift, introspection, reading, resources, writing
from adapters.simulators.edfi.auth import Tokens
from adapters.simulators.edfi.extension import extended
from adapters.simulators.edfi.problems import Refusal, Reply
from adapters.simulators.edfi.resources import Call
from adapters.simulators.edfi.shape import Shape
from adapters.simulators.edfi.state import State
from adapters.simulators.faults import Faults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from adapters.simulators.edfi.extension import Extension

    Document = dict[str, Any]

CURSORS_SINCE: Final = (7, 3)
PROBLEMS_SINCE: Final = (7, 2)
SIX: Final = (6, 0)
SNAPSHOT: Final = "0123456789abcdef0123456789abcdef"


class Ods:
    """An ODS/API of *version* with *documents*, each with the name of its collection; they are not checked.

    It answers one *client*, below *prefix*. *lenient* lets it take descriptor values that it does not know,
    *creates_by_put* lets PUT give a new document its id. *change_queries*, *links* and *empties* are the features of
    that name: the addresses of changes, a link in each reference, empty arrays for collections without items. A page
    has at most *largest* documents.
    """

    def __init__(
        self,
        documents: Iterable[tuple[str, Document]] = (),
        *,
        version: str = "7.3",
        client: str = "crossing",
        secret: str = "ods-secret",  # noqa: S107  of a system without anybody's data
        prefix: str = "",
        extension: Extension | None = None,
        lenient: bool = False,
        creates_by_put: bool = False,
        change_queries: bool = True,
        links: bool = True,
        empties: bool = False,
        largest: int = 500,
        clock: Callable[[], datetime] | None = None,
        seed: int = 0,
    ) -> None:
        self.version = tuple(int(part) for part in version.split("."))
        self.prefix, self.extension, self.change_queries = prefix, extension, change_queries
        self.lenient, self.creates_by_put = lenient, creates_by_put
        self.cursors, self.older = self.version >= CURSORS_SINCE, self.version < PROBLEMS_SINCE
        self.manner = reading.Manner(self.cursors, links, empties, numbers=self.older, largest=largest)
        self.shape = Shape(extended(extension))
        self.state = State(self.shape, clock, seed)
        self.tokens, self.faults = Tokens({client: secret}), Faults()
        self.last_shown: dict[str, Document] = {}
        self.first_token: dict[str, str] = {}
        self._snapshot: State | None = None
        self._lock = threading.RLock()
        self.load(documents)

    def load(self, documents: Iterable[tuple[str, Document]]) -> None:
        """Keep *documents* as they are, without asking whether they may be."""
        with self._lock:
            for collection, document in documents:
                schema, _, name = collection.rpartition("/")
                resource = self.shape.find(schema or "ed-fi", name)
                if resource is None:
                    raise LookupError(collection)
                self.state.add(resource, writing.taken(resource, document))

    def take_snapshot(self) -> None:
        """Keep the state of now for those who ask for a snapshot."""
        with self._lock:
            self._snapshot = self.state.copy()

    def drop_snapshot(self) -> None:
        """Have no snapshot any more."""
        self._snapshot = None

    def slip_in(self, collection: str) -> None:
        """Let a new document stand before all others of *collection*."""
        with self._lock:
            drift.insert(self.state, collection)

    def slip_out(self, collection: str) -> None:
        """Let the first document of *collection* be gone, whatever refers to it."""
        with self._lock:
            drift.remove(self.state, collection)

    def view(self, call: Call) -> State:
        """The state that a request is about: the one of now, or the one of the snapshot."""
        if call.method != "GET":
            raise Refusal("method-not-allowed")
        if not self._wants_snapshot(call):
            return self.state
        if self._snapshot is None:
            raise Refusal("not-found", detail="Snapshot not found.")
        return self._snapshot

    def answer(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """The answer to a request for the absolute *url*."""
        parts = urlsplit(url)
        given = {name.lower(): value for name, value in headers.items()}
        below = parts.path.startswith(self.prefix)
        inner = parts.path.removeprefix(self.prefix) if below else "/elsewhere"
        steps = [unquote(step).lower() for step in inner.split("/") if step]
        query = {name.lower(): value for name, value in parse_qsl(parts.query, keep_blank_values=True)}
        base = f"{parts.scheme}://{parts.netloc}{self.prefix}"
        with self._lock:
            try:
                return self._answer(Call(method, base, steps, query, given, body))
            except Refusal as refusal:
                return refusal.reply(older=self.older, correlation=given.get("correlation-id", ""))

    def _answer(self, call: Call) -> Reply:
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
                return introspection.told(self, call, client)
            case ["changequeries", "v1", what] if what in {"availablechangeversions", "snapshots"}:
                return self._changes(call, what)
            case ["data", "v3", *rest]:
                if self._wants_snapshot(call) and call.method != "GET":
                    raise Refusal("snapshots:method-not-allowed")
                return resources.answer(self, Call(call.method, call.base, rest, call.query, call.headers, call.body))
        raise Refusal("not-found")

    def _changes(self, call: Call, what: str) -> Reply:
        if not self.change_queries:
            raise Refusal("system:configuration:feature-disabled")
        if what == "availablechangeversions":
            return changes.available(self.view(call), capital=self.version < SIX)
        if self.version >= SIX:
            raise Refusal("not-found")
        found = [] if self._snapshot is None else [changes.snapshot(self._snapshot, SNAPSHOT)]
        return Reply(200, found)

    def _wants_snapshot(self, call: Call) -> bool:
        if self.version < SIX:
            wanted = call.header("snapshot-identifier")
            if wanted and wanted != SNAPSHOT:
                raise Refusal("not-found", detail="Snapshot not found.")
            return bool(wanted)
        return call.header("use-snapshot").lower() == "true"
