"""Ways in which a fact is read: the collections of OneRoster, alone and in bulk files, and the resources of Ed-Fi."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from standards import registry
from standards.fields import fields_of
from standards.oneroster.api.routes import APIS, routes
from standards.pruning import prune
from standards.view import Native

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from policies.grant import Grant
    from standards.pruning import Releases
    from standards.view import Branch, View

READ, BULK = "read", "bulk"


@dataclass(frozen=True, slots=True)
class Way:
    """One way in which an element is read or written: a view, its operation, and the scopes of which it needs one."""

    told: str
    view: View
    operation: str
    scopes: frozenset[str]


@cache
def ways() -> tuple[Way, ...]:
    """List every way: the collections of OneRoster, alone and in bulk files, and the resources of Ed-Fi."""
    found: list[Way] = []
    for version, api in APIS.items():
        views = registry.views(api)
        for route in routes(version):
            if route.operation.method == "GET" and not route.single and not route.parents:
                told = f"OneRoster {version} {route.collection}"
                found.append(Way(told, views[route.collection], READ, route.scopes))
                found.append(Way(f"{told} in bulk", views[route.collection], BULK, route.scopes))
    edfi = frozenset({"edfi:read"})
    return (*found, *(Way(f"Ed-Fi {name}", view, READ, edfi) for name, view in registry.views("edfi").items()))


def opened(grant: Grant) -> Iterator[str]:
    """Yield the ways that are open under a grant, whatever scopes its client has."""
    for one in ways():
        if one.operation in grant.operations and prune(one.view, grant) is not None:
            yield one.told


@dataclass(frozen=True, slots=True)
class _Without:
    """A grant without one element."""

    grant: Releases
    name: str

    def releases(self, name: str) -> bool:
        return name.removesuffix(".*") != self.name and self.grant.releases(name)

    def plain(self, name: str) -> bool:
        return name.removesuffix(".*") != self.name and self.grant.plain(name)


def shows(view: View, grant: Grant, name: str) -> bool:
    """Tell whether *view* under *grant* would differ without the element *name*."""
    pruned, without = prune(view, grant), prune(view, _Without(grant, name))
    return pruned is not None and _shape(pruned, name) != _shape(without, name)


@dataclass(frozen=True, slots=True)
class _With:
    """A grant that releases some more elements as they are."""

    grant: Releases
    names: frozenset[str]

    def releases(self, name: str) -> bool:
        return name in self.names or self.grant.releases(name)

    def plain(self, name: str) -> bool:
        return name in self.names or self.grant.plain(name)


def would_show(name: str, grant: Grant, there: Collection[str] | None = None) -> tuple[str, tuple[str, ...]] | None:
    """Tell what would show the element *name* that nothing shows, and which elements the grant lacks for it.

    A resource needs the id of its record and what leads to it; of several the one that lacks least is told, of what a
    source that has the entities *there* has.
    """
    found: list[tuple[int, str, tuple[str, ...]]] = []
    for way in ways():
        if way.operation != READ or not known_to(way.view, there):
            continue
        keys = {one for branch in way.view.branches for one in _keys(branch)}
        lacks = {one for one in keys if not grant.releases(one)}
        if not _shown_with(way.view, grant, name, lacks):
            continue
        for one in sorted(lacks):
            if _shown_with(way.view, grant, name, lacks - {one}):
                lacks.discard(one)
        found.append((len(lacks), way.told, tuple(sorted(lacks))))
    return min(found)[1:] if found else None


def _keys(branch: Branch) -> Iterator[str]:
    """Yield the id of a branch's record, what chooses and requires it, and the records that it belongs to."""
    known = fields_of(branch.entity)
    for one in ("id", *(field for field, _ in branch.where), *branch.requires):
        yield known[one].release
    yield from (field.release for field in known.values() if field.owner)


def _shown_with(view: View, grant: Grant, name: str, more: Collection[str]) -> bool:
    """Tell whether *view* would show the element *name* if the grant released *more*."""
    grown = _With(grant, frozenset(more))
    pruned = prune(view, grown)
    return pruned is not None and _shape(pruned, name) != _shape(prune(view, _Without(grown, name)), name)


def _shape(value: Any, name: str) -> Any:
    """Return what can be compared of a pruned view: all but its functions; only that of free members differs."""
    if isinstance(value, Native):
        member = name.removeprefix(f"{value.field}.") if name.startswith(f"{value.field}.") else ""
        return value.name, value.field, bool(member) and value.allows is not None and value.allows(member)
    if is_dataclass(value):
        return type(value).__name__, *(_shape(getattr(value, one.name), name) for one in fields(value))
    if isinstance(value, tuple):
        return tuple(_shape(one, name) for one in value)
    return None if callable(value) else value


def known_to(view: View, there: Collection[str] | None) -> bool:
    """Tell whether a source that has the entities *there* has any record of *view*; where that is unknown it may."""
    return there is None or any(branch.entity in there for branch in view.branches)
