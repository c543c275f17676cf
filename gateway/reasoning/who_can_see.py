"""Who can see a fact: the clients of agreements, what leaves to each, in which resources, and when it was last read."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gateway.reasoning.last_reads import last_reads
from gateway.reasoning.scopes import shown
from policies.explain import SAID
from policies.reasoning import exposure
from policies.reasoning.diff import shortened
from policies.reasoning.ways import BULK, READ, ways

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from gateway.storage.registry import Client
    from policies.agreement import Agreement
    from policies.grant import Grant
    from policies.reasoning.exposure import Exposure


MAX_INDEXES = 64


@dataclass(frozen=True, slots=True)
class Viewer:
    """One client that is released an element: by what, of whom, until when, where, and when it last read it.

    *fields* are the members of resources that show it and for which the client has a scope; *unscoped* tells that it
    has none. Where one child was asked about, *child* tells in words what holds of that child.
    """

    element: str
    client: str
    org: str
    action: str
    agreement: str
    version: int
    district: str
    purpose: str
    population: str
    operations: tuple[str, ...]
    until: str
    dated: str
    fields: tuple[str, ...]
    unscoped: bool
    last_read: str
    child: str = ""


def viewers(
    agreements: Iterable[Agreement], path: str, clients: Iterable[Client], record: Path
) -> tuple[tuple[Viewer, Exposure], ...]:
    """List who can see the elements under *path* under *agreements*, with the exposure behind each."""
    scopes = {one.client_id: frozenset(one.scopes) for one in clients}
    read = last_reads(record, exposure.elements_of(path))
    return tuple(
        (_viewer(one, scopes.get(one.client, frozenset()), read), one)
        for one in exposure.who_can_see(agreements, path)
    )  # fmt: skip


def _viewer(one: Exposure, scopes: frozenset[str], read: Any) -> Viewer:
    agreement, fields = one.agreement, fields_of(one, scopes)
    return Viewer(
        element=one.element,
        client=one.client,
        org=agreement.org,
        action=one.action,
        agreement=agreement.id,
        version=agreement.version,
        district=agreement.district,
        purpose=agreement.purpose,
        population=agreement.population.words(),
        operations=tuple(sorted(agreement.operations)),
        until=agreement.end.isoformat(),
        dated=one.window,
        fields=fields,
        unscoped=not fields and bool(fields_of(one, None)),
        last_read=read.get((one.client, agreement.id, one.element), ""),
    )


def fields_of(one: Exposure, scopes: frozenset[str] | None) -> tuple[str, ...]:
    """Return the members of resources that show the element of an exposure, of those that any of *scopes* opens."""
    return _members(one.grant, scopes).get(one.element, ())


@lru_cache(maxsize=MAX_INDEXES)
def _members(grant: Grant, scopes: frozenset[str] | None) -> Mapping[str, tuple[str, ...]]:
    """Index the members of the resources that a grant and *scopes* open by the element they show."""
    operation = READ if READ in grant.operations else BULK
    found: dict[str, tuple[str, ...]] = {}
    for way in ways() if operation in grant.operations else ():
        if way.operation == operation and (scopes is None or way.scopes & scopes):
            for member, name, _ in shown(way.view, grant):
                element = name.removesuffix(".*")
                found[element] = (*found.get(element, ()), f"{way.told}: {member}")
    return found


def document(found: Iterable[Viewer]) -> list[dict[str, Any]]:
    """Return all of it as a document of plain values."""
    return [asdict(one) for one in found]


def lines(found: Sequence[Viewer]) -> Iterator[str]:
    """Write who can see it, for people."""
    for one in found:
        yield f"{one.element} for {one.client} of {one.org}: {SAID[one.action]}"
        if one.child:
            yield f"  this child: {one.child}"
        yield f"  under {one.agreement} version {one.version} of {one.district}, for {one.purpose}, until {one.until}"
        yield f"  of {one.population}" + ("" if one.dated == "at any time" else f", records dated {one.dated}")
        yield f"  operations: {', '.join(one.operations)}"
        nowhere = "no resource that its scopes open" if one.unscoped else "no resource"
        yield f"  in: {shortened(one.fields) or nowhere}"
        yield f"  last read: {one.last_read or 'never'}"
    if not found:
        yield "nobody, under the agreements that are in force"
