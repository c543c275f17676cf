"""Explanation: why an element is released to a client or not, by the very steps that a request of the client takes."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from gateway.storage.registry import ENABLED
from policies.compiler import compile as compiled
from policies.explain import TraceStep
from policies.permission import received
from standards import registry
from standards.errors import Forbidden
from standards.oneroster.api.routes import APIS, routes
from standards.pruning import prune
from standards.view import Native

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from gateway.storage.registry import Client
    from policies.agreement import Agreement
    from policies.compiler import Grants
    from policies.grant import Grant
    from standards.view import View

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


@dataclass(frozen=True, slots=True)
class ClientStanding:
    """The state of a client before any line of an agreement: who it is, and which agreements are in force.

    *has* tells of each district that is served which entities its system has; None where that is not known now.
    """

    name: str
    client: Client | None
    grants: Grants
    has: Mapping[str, Collection[str] | None]

    def steps(self, agreement: Agreement, name: str) -> Iterator[TraceStep]:
        """List the steps of a request for the element *name*, under an *agreement* that names the client."""
        yield from self._who(agreement)
        yield self._in_force(agreement)
        there = self.has.get(agreement.district)
        yield TraceStep("district", there is not None, self._district(agreement.district))
        try:
            grant = compiled(agreement, self.name)
        except Forbidden as error:
            yield TraceStep("basis", False, error.message, agreement.file)
            return
        shown = [one for one in ways() if _known(one.view, there) and shows(one.view, grant, name)]
        told = ", ".join(one.told for one in shown if one.operation == READ)
        yield TraceStep("shown by", bool(shown), told or "no resource, of what the agreement releases")
        yield from self._usable(shown, agreement)

    def _usable(self, shown: Collection[Way], agreement: Agreement) -> Iterator[TraceStep]:
        """Tell whether the agreement has the operation, and the client a scope, for any of the ways."""
        agreed = [one for one in shown if one.operation in agreement.operations]
        told = ", ".join(sorted({one.operation for one in agreed})) or f"the agreement has neither {READ} nor {BULK}"
        yield TraceStep("operation", bool(agreed), told, agreement.file)
        scopes = frozenset(self.client.scopes if self.client else ())
        usable = [one for one in agreed if one.scopes & scopes]
        needed = ", ".join(sorted(frozenset[str]().union(*(one.scopes for one in agreed))))
        yield TraceStep(
            "scope", bool(usable), ", ".join(one.told for one in usable) or f"the client has none of: {needed}"
        )

    def _who(self, agreement: Agreement) -> Iterator[TraceStep]:
        if self.client is None:
            yield TraceStep("client", False, f"{self.name} is not registered")
            return
        yield TraceStep("client", self.client.status == ENABLED, f"{self.name} is {self.client.status}")
        told = f"{self.client.org}, and the recipient is {agreement.org}"
        yield TraceStep("organisation", self.client.org == agreement.org, told, agreement.file)

    def _in_force(self, agreement: Agreement) -> TraceStep:
        try:
            grants = received(self.grants.of(self.name, purpose=agreement.purpose), agreement.org)
        except Forbidden as error:
            return TraceStep("purpose", False, error.message)
        found = any(
            (one.agreement, one.version) == (agreement.id, agreement.version) for grant in grants for one in grant.each
        )
        told = "the one purpose of what is in force for the client now" if found else "not in force for the client now"
        if found and len(self.grants.purposes(self.name)) > 1:
            told = "which the client's token must name, since others are in force for it too"
        return TraceStep("purpose", found, f"{agreement.purpose}, {told}")

    def _district(self, name: str) -> str:
        if name not in self.has:
            return f"{name} is not served"
        return name if self.has[name] is not None else f"the system of {name} cannot be asked now"


@dataclass(frozen=True, slots=True)
class _Without:
    """A grant without one element."""

    grant: Grant
    name: str

    def releases(self, name: str) -> bool:
        return name.removesuffix(".*") != self.name and self.grant.releases(name)

    def plain(self, name: str) -> bool:
        return name.removesuffix(".*") != self.name and self.grant.plain(name)


def shows(view: View, grant: Grant, name: str) -> bool:
    """Tell whether *view* under *grant* would differ without the element *name*."""
    pruned, without = prune(view, grant), prune(view, _Without(grant, name))
    return pruned is not None and _shape(pruned, name) != _shape(without, name)


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


def _known(view: View, there: Collection[str] | None) -> bool:
    return there is None or any(branch.entity in there for branch in view.branches)
