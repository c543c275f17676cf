"""Explanation: why an element is released to a client or not, by the very steps that a request of the client takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.reasoning.scopes import unshown
from gateway.storage.registry import ENABLED
from policies.compiler import compile as compiled
from policies.explain import TraceStep
from policies.permission import received
from policies.reasoning.ways import BULK, READ, known_to, shows, ways
from standards.errors import Forbidden

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from gateway.runtime.control.child_socket import ChildAnswer
    from gateway.storage.registry import Client
    from policies.agreement import Agreement
    from policies.compiler import Grants
    from policies.reasoning.ways import Way

    Steps = Callable[[Agreement, str], Iterator[TraceStep]]


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
        shown = [one for one in ways() if known_to(one.view, there) and shows(one.view, grant, name)]
        told = ", ".join(one.told for one in shown if one.operation == READ)
        yield TraceStep("shown by", bool(shown), told or unshown(name, grant, there))
        if shown:
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


def unserved(unsigned: Mapping[tuple[str, int], str], steps: Steps) -> Steps:
    """Say before the *steps* of an agreement that is *unsigned* which signatures it lacks."""

    def all_steps(agreement: Agreement, name: str) -> Iterator[TraceStep]:
        yield TraceStep("signatures", False, unsigned[agreement.id, agreement.version], agreement.file)
        yield from steps(agreement, name)

    return all_steps


def for_child(steps: Steps, told: Iterable[ChildAnswer]) -> Steps:
    """Add to the *steps* before an agreement those that were *told* of one child under it."""
    known = {(one.agreement, one.version, one.element): one.steps for one in told}

    def all_steps(agreement: Agreement, name: str) -> Iterator[TraceStep]:
        yield from steps(agreement, name)
        yield from known.get((agreement.id, agreement.version, name), ())

    return all_steps
