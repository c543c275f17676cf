"""The load order of Ed-Fi resources: whatever a record refers to exists, and may be seen, before it.

A client may touch a student, a staff member or a contact only through what ties that person to a school of its own. So
a person is created early, what refers to the person comes after that tie, and so does updating the person.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from standards.edfi.model.model import resources

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from standards.edfi.model.model import Property, Resource

    Edges = Mapping[tuple[str, str], bool]

TIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Student": ("StudentSchoolAssociation",),
        "Staff": (
            "StaffEducationOrganizationAssignmentAssociation",
            "StaffEducationOrganizationEmploymentAssociation",
        ),
        "Contact": ("StudentContactAssociation",),
    }
)
RETRY = "#Retry"
ALL, FIRST, AGAIN = ("Create", "Update"), ("Create",), ("Update",)
ORGANIZATION, PROGRAM = "EducationOrganization", "GeneralStudentProgramAssociation"


@dataclass(frozen=True, slots=True)
class LoadStep:
    """One *resource* (its path) and its operations at this point; steps of equal *order* may come in any order."""

    resource: str
    order: int
    operations: tuple[str, ...]


@cache
def steps() -> tuple[LoadStep, ...]:
    """Return every resource in load order, persons twice."""
    persons = {resources()[name].endpoint for name in TIES}
    found = (
        LoadStep(
            place.removesuffix(RETRY), order, AGAIN if place.endswith(RETRY) else FIRST if place in persons else ALL
        )
        for place, order in orders().items()
    )
    return tuple(sorted(found, key=lambda step: (step.order, step.resource)))


@cache
def orders() -> Mapping[str, int]:
    """Return the order of each node of the graph, from 1."""
    return MappingProxyType(_layers([*(one.endpoint for one in resources().values()), *_retries()], edges()))


@cache
def edges() -> Edges:
    """Return what comes before what: pairs of nodes, and whether the later one requires the earlier."""
    model = resources()
    found: dict[tuple[str, str], bool] = {}
    for later, earlier, needed in _references():
        pair = (model[earlier].endpoint, model[later].endpoint)
        found[pair] = found.get(pair, False) or needed
        for tie in TIES.get(earlier, ()):
            if later not in TIES[earlier]:
                found.setdefault((model[tie].endpoint, model[later].endpoint), False)
    for person, ties in TIES.items():
        for earlier in (person, *ties):
            found[model[earlier].endpoint, model[person].endpoint + RETRY] = True
    return MappingProxyType(acyclic(found))


def acyclic(given: Edges) -> Edges:
    """Remove the optional edges that close a circle, the last in alphabetical order first.

    Raises:
        LookupError: some circle is made of needed edges alone.
    """
    left = dict(given)
    while circle := _circle(left):
        spare = sorted(pair for pair in circle if not left[pair])
        if not spare:
            msg = f"the model has a circle: {', '.join(sorted(later for _, later in circle))}"
            raise LookupError(msg)
        del left[spare[-1]]
    return left


def _circle(given: Edges) -> list[tuple[str, str]]:
    """Return the edges between nodes of which none can come first; none when there is no circle."""
    left = dict.fromkeys(given)
    while True:
        sources, targets = {earlier for earlier, _ in left}, {later for _, later in left}
        open_ended = [pair for pair in left if pair[0] not in targets or pair[1] not in sources]
        if not open_ended:
            return list(left)
        for pair in open_ended:
            del left[pair]


def _layers(places: Iterable[str], given: Edges) -> dict[str, int]:
    """Return the length of the longest path to each node, itself included."""
    before: dict[str, list[str]] = {place: [] for place in places}
    for earlier, later in given:
        before[later].append(earlier)
    first = {one.endpoint for one in resources().values() if one.is_descriptor or one.name == "SchoolYearType"}
    found: dict[str, int] = {}

    def order(place: str) -> int:
        if place not in found:
            found[place] = max([1 if place in first else 2, *(order(one) + 1 for one in before[place])])
        return found[place]

    for place in before:
        order(place)
    return found


def _references() -> Iterator[tuple[str, str, bool]]:
    """Yield each resource, another that it refers to, and whether it must."""
    for one in resources().values():
        for target, needed in _targets(one.properties.values(), needed=True):
            yield from ((one.name, name, needed) for name in _kinds(target) if name != one.name)


def _targets(properties: Iterable[Property], *, needed: bool) -> Iterator[tuple[str, bool]]:
    for known in properties:
        must = needed and known.required
        if known.reference or known.descriptor:
            yield known.reference or known.descriptor, must
        yield from _targets(known.properties.values(), needed=must)


@cache
def _kinds(target: str) -> tuple[str, ...]:
    """Return the resources that a reference may point to: several where it names their common superclass."""
    every = resources()
    if target == ORGANIZATION:
        return tuple(name for name, one in every.items() if is_organization(one))
    if target == PROGRAM:
        return tuple(name for name, one in every.items() if set(one.identity) == set(_program().identity))
    return (target,)


def is_organization(resource: Resource) -> bool:
    """Tell whether a resource is a kind of education organization."""
    return "nameOfInstitution" in resource.properties


def _program() -> Resource:
    return resources()["StudentProgramAssociation"]


def _retries() -> list[str]:
    return [resources()[name].endpoint + RETRY for name in TIES]
