"""Every way out of the gateway, and every way in: each route with each of its methods, as requests that work."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from gateway.web.url_prefixes import ADDRESSES, PREFIXES
from standards.oneroster.api import model
from standards.oneroster.api.envelope import PLURALS
from standards.oneroster.api.routes import roots
from tests.conformance.table import EVERY as OPERATIONS
from tests.conformance.table import Flat, address, parents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from standards.oneroster.api.routes import Route
    from tests.support.regions import Consumer

DISTRICT, YEAR = "birch", "2027"
STAMPS = frozenset({"status", "dateLastModified", "sourcedId"})
ENTRIES = "gradebookEntries"
BULK = ("/ims/oneroster/bulk/v1p1/csv", "/ims/oneroster/bulk/v1p2/csv")


@dataclass(frozen=True, slots=True)
class Request:
    """One request: a method, an address, a JSON body."""

    method: str
    path: str
    body: Any = None


@dataclass(frozen=True, slots=True)
class Exit:
    """One thing that can be asked by a *rule* of the gateway's routes with a *method*; *make* makes a request anew."""

    rule: str
    method: str
    name: str
    operation: str
    make: Callable[[World], Request]
    writes: bool = False

    def __str__(self) -> str:
        return f"{self.method} {self.name}"


class World:
    """What the makers of requests know: who may do everything, and what that sees."""

    def __init__(self, owner: Consumer, known: Mapping[str, Flat]) -> None:
        self.owner, self.known = owner, known
        entries = owner.edfi(ENTRIES, limit=100).json
        self.entry = next(one for one in entries if "gradebookEntryTypeDescriptor" in one)

    def send(self, request: Request, **headers: str) -> Any:
        """The answer to who may do everything."""
        return self.owner.web.open(
            request.path, method=request.method, json=request.body, headers=self.owner.bearer | headers
        )

    def record(self, route: Route) -> dict[str, Any]:
        """The members of some record of a collection, as a body."""
        first = next(iter(self.known[route.version][route.collection].values()))
        return {name: value for name, value in first.items() if name not in STAMPS}

    def made(self, route: Route, prefix: str) -> str:
        """The id of a record that was just made for this."""
        name = f"exit-{uuid.uuid4().hex}"
        answer = self.send(Request("PUT", prefix + address(route, [name]), {route.model: self.record(route)}))
        assert answer.status_code == 201, answer.text
        return name

    def document(self, **more: Any) -> dict[str, Any]:
        """A piece of work that nobody has yet, as an Ed-Fi client sends it."""
        return {
            "gradebookEntryIdentifier": uuid.uuid4().hex, "namespace": "uri://vendor.example", "title": "Essay",
            "sourceSectionIdentifier": "S-1", "dateAssigned": "2026-11-01", "dueDate": "2026-11-20",
            "sectionReference": self.entry["sectionReference"],
            "gradebookEntryTypeDescriptor": self.entry["gradebookEntryTypeDescriptor"], **more,
        }  # fmt: skip

    def kept(self) -> tuple[str, dict[str, Any]]:
        """The id and the document of a piece of work that was just made for this."""
        document = self.document()
        answer = self.send(Request("POST", f"/data/v3/ed-fi/{ENTRIES}", document))
        assert answer.status_code == 201, answer.text
        return answer.headers["Location"].rpartition("/")[2], document


def every() -> list[Exit]:
    """Every exit and every entry, of all addresses."""
    found = [*_bulk(), *_edfi(), *_token_info()]
    for prefix, stands in (("", ""), ("/<district>", f"/{DISTRICT}")):
        met: set[tuple[str, str, str, bool]] = set()
        for version, route in OPERATIONS:
            kind = (version, route.operation.service, route.operation.method, route.single)
            if not prefix or kind not in met:  # below a district's name, one of each kind is enough
                met.add(kind)
                found += _oneroster(route, prefix, stands)
    return found


def _oneroster(route: Route, prefix: str, stands: str) -> Iterator[Exit]:
    root = model.edition(route.version).base_path(route.operation.service)
    assert root in roots(route.version).values()
    method, called = route.operation.method, f"{stands}{root}{route.operation.path}"

    def read(world: World) -> Request:
        given = next(islice(parents(route, world.known[route.version]), 1), ()) if route.parents else ()
        own = [next(iter(world.known[route.version][route.collection]))] if route.single else []
        limit = "" if route.single else "?limit=3"
        return Request(method, f"{stands}{address(route, [*given, *own])}{limit}")

    def create(world: World) -> Request:
        return Request(method, stands + address(route, [uuid.uuid4().hex]), {route.model: world.record(route)})

    def replace(world: World) -> Request:
        return Request(method, stands + address(route, [world.made(route, stands)]), {route.model: world.record(route)})

    def post(world: World) -> Request:
        record = world.record(route)
        item = (
            world.known[route.version]["lineItems"][record["lineItem"]["sourcedId"]] if "lineItem" in record else record
        )
        named = {"classes": item["class"], "schools": item.get("school"), "lineItems": record.get("lineItem"),
                 "academicSessions": item.get("academicSession") or item.get("gradingPeriod")}  # fmt: skip
        outer = [named[parent]["sourcedId"] for parent in route.parents]
        return Request(method, stands + address(route, outer), {PLURALS[route.model]: [record]})

    def delete(world: World) -> Request:
        made = next(one for version, one in OPERATIONS if version == route.version and one.collection == route.collection
                    and one.operation.method == "PUT")  # fmt: skip
        return Request(method, stands + address(route, [world.made(made, stands)]))

    rule = f"{prefix}{root}/<path:rest>"
    if method == "GET":
        yield Exit(rule, method, called, "read", read)
    elif method == "PUT":
        yield Exit(rule, method, f"{called} create", "create", create, writes=True)
        yield Exit(rule, method, f"{called} replace", "update", replace, writes=True)
    elif method == "POST":
        yield Exit(rule, method, called, "create", post, writes=True)
    else:
        yield Exit(rule, method, called, "delete", delete, writes=True)


def _bulk() -> Iterator[Exit]:
    for path in BULK:
        for prefix, stands in (("", ""), ("/<district>", f"/{DISTRICT}")):
            yield Exit(prefix + path, "GET", stands + path, "bulk", lambda _, at=stands + path: Request("GET", at))


def _stands(rule: str) -> str:
    return rule.replace("<district>", DISTRICT).replace("<int(fixed_digits=4):year>", YEAR)


def _edfi() -> Iterator[Exit]:
    for rule in ADDRESSES:
        at = f"{_stands(rule)}/ed-fi/{ENTRIES}"
        many, one = f"{rule}/<schema>/<name>", f"{rule}/<schema>/<name>/<identifier>"

        def changed(world: World, method: str, at: str = at) -> Request:
            name, document = world.kept()
            return Request(method, f"{at}/{name}", document | {"title": "Longer"} if method == "PUT" else None)

        def again(world: World, at: str = at) -> Request:
            return Request("POST", at, world.kept()[1] | {"title": "Longer"})

        yield Exit(many, "GET", at, "read", lambda _, at=at: Request("GET", f"{at}?limit=3"))
        yield Exit(f"{many}/partitions", "GET", f"{at}/partitions", "read",
                   lambda _, at=at: Request("GET", f"{at}/partitions?number=2"))  # fmt: skip
        yield Exit(one, "GET", f"{at}/id", "read", lambda world, at=at: Request("GET", f"{at}/{world.entry['id']}"))
        for feed in ("deletes", "keyChanges"):
            students = f"{_stands(rule)}/ed-fi/students/{feed}"
            yield Exit(f"{many}/{feed}", "GET", students, "changes", lambda _, at=students: Request("GET", at))
        yield Exit(
            many,
            "POST",
            f"{at} create",
            "create",
            lambda world, at=at: Request("POST", at, world.document()),
            writes=True,
        )
        yield Exit(many, "POST", f"{at} update", "update", again, writes=True)
        yield Exit(one, "PUT", f"{at}/id", "update", lambda world, c=changed: c(world, "PUT"), writes=True)
        yield Exit(one, "DELETE", f"{at}/id", "delete", lambda world, c=changed: c(world, "DELETE"), writes=True)


def _token_info() -> Iterator[Exit]:
    for prefix in PREFIXES:
        path = f"{_stands(prefix)}/oauth/token_info"
        yield Exit(f"{prefix}/oauth/token_info", "POST", path, "read",
                   lambda world, at=path: Request("POST", at, {"token": world.owner.token}))  # fmt: skip
