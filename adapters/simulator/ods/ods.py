"""The simulated ODS/API: what it answers to a request; nothing here knows of sockets."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from adapters.simulator.ods import reading, writing
from adapters.simulator.ods.problems import Refusal, Reply
from adapters.simulator.ods.shape import Shape
from adapters.simulator.ods.state import State
from adapters.simulator.ods.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from standards.edfi.model import Resource

    Document = dict[str, Any]

ID: Final = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
SUITE: Final = "3"


@dataclass(frozen=True, slots=True)
class Call:
    """A request: *path* is what follows the base of the API, its steps in small letters but for ids."""

    method: str
    base: str
    steps: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Ods:
    """An ODS/API of *version* with *documents*, each with the name of its collection."""

    def __init__(
        self,
        documents: Iterable[tuple[str, Document]] = (),
        *,
        version: str = "7.3",
        client: str = "crossing",
        secret: str = "ods-secret",  # noqa: S107  of a system without anybody's data
        lenient: bool = False,
        creates_by_put: bool = False,
        clock: Callable[[], datetime] | None = None,
        seed: int = 0,
    ) -> None:
        self.version = tuple(int(part) for part in version.split("."))
        self.lenient, self.creates_by_put = lenient, creates_by_put
        self.shape = Shape()
        self.state = State(self.shape, clock, seed)
        self.tokens = Tokens({client: secret})
        self._lock = threading.RLock()
        self.load(documents)

    def load(self, documents: Iterable[tuple[str, Document]]) -> None:
        """Keep *documents* as they are, without asking whether they may be."""
        with self._lock:
            for collection, document in documents:
                resource = self.shape.find("ed-fi", collection)
                assert resource is not None
                self.state.add(resource, writing.taken(resource, document))

    def answer(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """The answer to a request for the absolute *url*."""
        parts = urlsplit(url)
        steps = tuple(unquote(step) for step in parts.path.split("/") if step)
        query = reading.query_of(parse_qsl(parts.query, keep_blank_values=True))
        call = Call(method, f"{parts.scheme}://{parts.netloc}", steps, query,
                    {name.lower(): value for name, value in headers.items()}, body)  # fmt: skip
        with self._lock:
            try:
                return self._answer(call)
            except Refusal as refusal:
                return refusal.reply(older=self.version < (7, 2), correlation=call.headers.get("correlation-id", ""))

    def _answer(self, call: Call) -> Reply:
        match [step.lower() for step in call.steps]:
            case ["oauth", "token"]:
                return self.tokens.grant(call.method, call.headers, call.body)
            case ["data", "v3", schema, collection, *rest]:
                self.tokens.client(call.headers.get("authorization", ""))
                resource = self.shape.find(schema, collection)
                if resource is None:
                    raise Refusal("not-found")
                return self._resource(call, resource, rest)
        raise Refusal("not-found")

    def _resource(self, call: Call, resource: Resource, rest: list[str]) -> Reply:
        match rest:
            case []:
                return self._collection(call, resource)
            case ["partitions"] if self._cursor:
                return reading.partitions(self.state, resource, call.query)
            case [identifier] if ID.fullmatch(identifier):
                return self._item(call, resource, identifier.replace("-", ""))
        raise Refusal("not-found")

    def _collection(self, call: Call, resource: Resource) -> Reply:
        if call.method == "GET":
            return reading.page(self.state, resource, call.query, cursor=self._cursor)
        if call.method != "POST":
            raise Refusal("method-not-allowed")
        given = writing.read_body(call.body)
        row, new = writing.post(self.state, resource, given, call.headers.get("if-match", ""), lenient=self.lenient)
        return Reply(201 if new else 200, None, self._where(call, resource, row.id, row.etag))

    def _item(self, call: Call, resource: Resource, identifier: str) -> Reply:
        if_match = call.headers.get("if-match", "")
        match call.method:
            case "GET":
                row = self.state.rows[resource.name].get(identifier)
                if row is None:
                    raise Refusal("not-found")
                headers = {"ETag": f'"{row.etag}"'}
                if row.etag in writing.tags(call.headers.get("if-none-match", "")):
                    return Reply(304, None, headers)
                return Reply(200, reading.shown(self.state, resource, row), headers)
            case "DELETE":
                return writing.delete(self.state, resource, identifier, if_match)
            case "PUT":
                given = writing.read_body(call.body)
                row, new = writing.put(
                    self.state, resource, identifier, given, if_match,
                    lenient=self.lenient, creates=self.creates_by_put,
                )  # fmt: skip
                return Reply(201 if new else 204, None, self._where(call, resource, row.id, row.etag))
        raise Refusal("method-not-allowed")

    def _where(self, call: Call, resource: Resource, identifier: str, etag: str) -> dict[str, str]:
        return {"Location": f"{call.base}/data/v3{resource.endpoint}/{identifier}", "ETag": f'"{etag}"'}

    @property
    def _cursor(self) -> bool:
        return self.version >= (7, 3)
