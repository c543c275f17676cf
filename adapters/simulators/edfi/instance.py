"""The simulated instance of an ODS/API: its version, its features, its documents and their snapshot."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from adapters.simulators.edfi import reading, writing
from adapters.simulators.edfi.auth import IssuedTokens
from adapters.simulators.edfi.extension import extended
from adapters.simulators.edfi.problems import ProblemRefusal
from adapters.simulators.edfi.shape import ResourceShapes
from adapters.simulators.edfi.state import OdsState, insert, remove
from adapters.simulators.faults import Faults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from adapters.simulators.edfi.extension import Extension

    Document = dict[str, Any]

CURSORS_SINCE: Final = (7, 3)
PROBLEMS_SINCE: Final = (7, 2)
SIX: Final = (6, 0)
SNAPSHOT: Final = "0123456789abcdef0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Call:
    """A request: *base* is the absolute address of the API, *steps* what follows it, in small letters."""

    method: str
    base: str
    steps: Sequence[str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> str:
        """Return a header's value; empty where there is none."""
        return self.headers.get(name, "")


class Instance:
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
        self.shape = ResourceShapes(extended(extension))
        self.state = OdsState(self.shape, clock, seed)
        self.tokens, self.faults = IssuedTokens({client: secret}), Faults()
        self.last_shown: dict[str, Document] = {}
        self.first_token: dict[str, str] = {}
        self.snapshot: OdsState | None = None
        self.lock = threading.RLock()
        self.load(documents)

    def load(self, documents: Iterable[tuple[str, Document]]) -> None:
        """Store *documents* without validating them."""
        with self.lock:
            for collection, document in documents:
                schema, _, name = collection.rpartition("/")
                resource = self.shape.find(schema or "ed-fi", name)
                if resource is None:
                    raise LookupError(collection)
                self.state.add(resource, writing.taken(resource, document))

    def take_snapshot(self) -> None:
        """Take a snapshot of the present state."""
        with self.lock:
            self.snapshot = self.state.copy()

    def drop_snapshot(self) -> None:
        """Drop the snapshot."""
        self.snapshot = None

    def slip_in(self, collection: str) -> None:
        """Insert a new document before all others of *collection*."""
        with self.lock:
            insert(self.state, collection)

    def slip_out(self, collection: str) -> None:
        """Delete the first document of *collection*, whatever refers to it."""
        with self.lock:
            remove(self.state, collection)

    def view(self, call: Call) -> OdsState:
        """Return the state that a request is about: the present one, or the snapshot."""
        if call.method != "GET":
            raise ProblemRefusal("method-not-allowed")
        if not self.wants_snapshot(call):
            return self.state
        if self.snapshot is None:
            raise ProblemRefusal("not-found", detail="Snapshot not found.")
        return self.snapshot

    def wants_snapshot(self, call: Call) -> bool:
        """Tell whether a request is about the snapshot."""
        if self.version < SIX:
            wanted = call.header("snapshot-identifier")
            if wanted and wanted != SNAPSHOT:
                raise ProblemRefusal("not-found", detail="Snapshot not found.")
            return bool(wanted)
        return call.header("use-snapshot").lower() == "true"
