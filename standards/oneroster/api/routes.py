"""Routes: every operation of OneRoster 1.1 and 1.2 with its address, its collection and its scopes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from standards import registry
from standards.errors import MethodNotAllowed, NotFound
from standards.oneroster import model
from standards.oneroster.resources.parts import service_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

APIS = {"1.1": "oneroster11", "1.2": "oneroster"}
PARAMETER = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: what it does to *collection*, within a record of each of the *parents* in turn.

    *single* where the address ends in the id of a record of the collection.
    """

    version: str
    operation: model.Operation
    collection: str
    parents: tuple[str, ...]
    single: bool
    pattern: re.Pattern[str]
    model: str

    @property
    def api(self) -> str:
        """The name under which the registry knows the views of this version."""
        return APIS[self.version]

    @property
    def scopes(self) -> frozenset[str]:
        """The scopes of which a caller needs one."""
        prefix = model.edition(self.version).scope_prefix
        return frozenset(prefix + scope for scope in self.operation.scopes)


@cache
def routes(version: str) -> tuple[Route, ...]:
    """List every operation of *version*, and those of extra views; longer addresses are tried earlier."""
    known = model.collections()
    found = [_route(version, operation, known) for operation in (*model.operations(version), *_beyond(version))]
    return tuple(sorted(found, key=lambda route: -len(PARAMETER.sub("", route.operation.path).split("/"))))


@cache
def roots(version: str) -> Mapping[str, str]:
    """Return the path of every service of *version* by name; 1.1 has one for all."""
    services = {operation.service for operation in model.operations(version)}
    paths = {service: model.edition(version).base_path(service) for service in sorted(services)}
    return paths if len(set(paths.values())) > 1 else {"": next(iter(paths.values()))}


def find(version: str, service: str, method: str, path: str) -> tuple[Route, tuple[str, ...]]:
    """Find the route for *method* on *path* below the root of *service*, and the ids in the path.

    Raises:
        NotFound: the standard has no such address.
        MethodNotAllowed: it has, for other methods.
    """
    here = _at(version, service, path)
    if method not in here:
        raise MethodNotAllowed("The standard has no such method at this address.", sorted(here))
    return here[method]


def methods(version: str, service: str, path: str) -> tuple[str, ...]:
    """Return the methods that the standard has for *path* below the root of *service*; none for an unknown address."""
    try:
        return tuple(sorted(_at(version, service, path)))
    except NotFound:
        return ()


def _at(version: str, service: str, path: str) -> dict[str, tuple[Route, tuple[str, ...]]]:
    """Return the routes for *path* by method, each with the ids in the path."""
    here = _by_word(version, service).get(path.split("/")[1], ()) if path.startswith("/") else ()
    matches = [(route, match) for route in here if (match := route.pattern.fullmatch(path))]
    if not matches:
        raise NotFound("There is no such address.")
    place = matches[0][0].pattern
    return {route.operation.method: (route, match.groups()) for route, match in matches if route.pattern == place}


@cache
def _by_word(version: str, service: str) -> Mapping[str, tuple[Route, ...]]:
    found: dict[str, tuple[Route, ...]] = {}
    for route in routes(version):
        if service in {"", route.operation.service}:
            word = route.operation.path.split("/")[1]
            found[word] = (*found.get(word, ()), route)
    return found


def _beyond(version: str) -> Iterator[model.Operation]:
    """Yield reading operations that the standard does not know, with the scopes of their service.

    These are views of our own, and the categories of a class, which 1.1 lacks and its clients ask for as in 1.2.
    """
    known = model.operations(version)
    if not any(one.path.endswith("/categories") and "/{" in one.path for one in known):
        like = next(one for one in known if one.name == "getLineItemsForClass")
        path = like.path.replace("lineItems", "categories")
        yield replace(like, name="getCategoriesForClass", path=path)
    for name in registry.views(APIS[version]).keys() - model.collections().keys():
        like = next(one for one in known if one.service == service_of(name) and "/{" not in one.path)
        yield replace(like, name=f"getAll{name}", path=f"/{name}")
        yield replace(like, name=f"get{name}", path=f"/{name}/{{sourcedId}}", query=("fields",))


def _route(version: str, operation: model.Operation, known: Mapping[str, str]) -> Route:
    words = operation.path.strip("/").split("/")
    named = [word for word in words if not PARAMETER.fullmatch(word)]
    pattern = "".join("/(.+)" if PARAMETER.fullmatch(word) else f"/{re.escape(word)}" for word in words)
    return Route(
        version=version,
        operation=operation,
        collection=named[-1],
        parents=tuple(named[:-1]),
        single=PARAMETER.fullmatch(words[-1]) is not None,
        pattern=re.compile(pattern),
        model=known.get(named[-1]) or registry.views(APIS[version])[named[-1]].model,
    )
