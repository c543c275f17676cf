"""Combining agreements: what several of one client, district and purpose release together, and where they conflict."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from policies import elements
from policies.canonical import capped
from policies.elements import Settled
from policies.transforms import below, meet, ordered
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from policies.canonical import Expansion
    from policies.elements import Line
    from policies.population import Population

    Settlement = Mapping[str, Settled]


class Combinable(Protocol):
    """What counts of an agreement when it is combined with another."""

    @property
    def id(self) -> str:
        """The agreement's name."""
        ...

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines about its elements."""
        ...

    @property
    def expansion(self) -> Expansion | None:
        """What its lines covered at its first use."""
        ...

    @property
    def population(self) -> Population:
        """Whom it is about."""
        ...

    @property
    def operations(self) -> frozenset[str]:
        """What it lets its clients do."""
        ...

    @property
    def directory(self) -> bool:
        """Whether those who opted out of directory information are left out."""
        ...


Agreed = TypeVar("Agreed", bound=Combinable)


@dataclass(frozen=True, slots=True)
class Conflict(Generic[Agreed]):
    """Why two agreements cannot be combined; *element* is the name over which they cannot."""

    one: Agreed
    other: Agreed
    element: str
    message: str


def settled(one: Combinable) -> Settlement:
    """Return the action for every element that an agreement names, limited to what it released at its first use."""
    return capped(elements.settle(one.lines), one.expansion)


def together(several: Sequence[Combinable]) -> Settlement:
    """Return the action for every element under *several* agreements: the highest of theirs, under the denies of all.

    Then it is limited as that of one agreement is: what one masks, another's lines do not give away.
    """
    each = [settled(one) for one in several]
    denies = [line for one in several for line in one.lines if line.action == "deny"]
    found: dict[str, Settled] = {}
    for name in sorted({name for one in each for name in one}):
        lines = tuple(line for one in each if name in one for line in one[name].lines)
        denied = any(line.covers(name) for line in denies)
        action = "deny" if denied else _highest(name, [action_for(one, name) for one in each])
        found[name] = Settled(action, lines, "an agreement for the same purpose denies it" if denied else "")
    return elements.limited(found)


def under(own: Settlement, whole: Settlement) -> Settlement:
    """Limit one agreement's *own* actions to those of the *whole* combination."""
    found = {name: replace(one, action=meet((one.action, whole[name].action))) for name, one in own.items()}
    for name, one in whole.items():
        about = elements.element(name)
        if name not in found and about is not None and about.member:
            found[name] = replace(one, action=meet((action_for(own, name), one.action)))
    return MappingProxyType(found)


def action_for(one: Settlement, name: str) -> str:
    """Return the action of an agreement for the element *name*, which may be a free member of a dictionary."""
    if name in one:
        return one[name].action
    about = elements.element(name)
    if about is None or not about.member:
        return "deny"
    whole = one.get(about.fields[0].release.removesuffix(".*"))
    return whole.action if whole else "deny"


def _highest(name: str, actions: Sequence[str]) -> str:
    """Return the highest of several actions on an element; deny where they are not ordered, or are not the same ids."""
    highest, about = "deny", elements.element(name)
    given = {action for action in actions if action != "deny"}
    if actions.count("hash") > 1 or (about is not None and about.is_id and len(given) > 1):
        return "deny"
    for action in actions:
        if not ordered(highest, action):
            return "deny"
        highest = action if below(highest, action) else highest
    return highest


def conflicts(several: Sequence[Agreed]) -> Iterator[Conflict[Agreed]]:
    """Yield why agreements of one client, district and purpose cannot be combined, the first reason for each two."""
    for one, other in combinations(several, 2):
        found = _unordered(one, other) or _existence(one, other) or _existence(other, one)
        if found:
            yield Conflict(one, other, *found)


def _unordered(one: Combinable, other: Combinable) -> tuple[str, str] | None:
    """Return the first element that two agreements release in ways of which neither is more than the other."""
    mine, theirs = settled(one), settled(other)
    denies = [line for each in (one, other) for line in each.lines if line.action == "deny"]
    for name in sorted(mine.keys() | theirs.keys()):
        about, first, second = elements.element(name), action_for(mine, name), action_for(theirs, name)
        if "deny" in {first, second} or any(line.covers(name) for line in denies):
            continue
        said = f"{name} is {first} in {one.id} and {second} in {other.id}"
        if about is not None and about.is_id and first != second:
            return name, f"{said}: one client knows a record by one id"
        if first == second == "hash":
            return name, f"{name} is a hash in {one.id} and in {other.id}, each by a key of its own: allow it in one"
        if not ordered(first, second):
            return name, f"{said}, of which neither is more"
    return None


def _existence(one: Combinable, other: Combinable) -> tuple[str, str] | None:
    """Return the id of people that only *one* releases, where *other* is about others and releases what is theirs."""
    if (one.population, one.directory) == (other.population, other.directory):
        return None
    mine, theirs = settled(one), settled(other)
    for entity in elements.entities():
        name = elements.id_of(entity)
        if elements.personal(entity) and action_for(mine, name) != "deny" and action_for(theirs, name) == "deny":
            belonging = next((id_ for id_ in _belonging(entity) if action_for(theirs, id_) != "deny"), "")
            if belonging:
                return name, (
                    f"{other.id} releases {belonging} of people whose {name} only {one.id} releases, and the two are "
                    f"not about the same people: {name} must be in both"
                )
    return None


def _belonging(entity: str) -> Iterator[str]:
    """Yield the ids of what belongs to records of *entity*."""
    for kind in elements.entities():
        if kind != entity and "id" in fields_of(kind) and any(owner.to == entity for owner in elements.owners(kind)):
            yield elements.id_of(kind)


def lost_operations(several: Iterable[Agreed]) -> Mapping[str, tuple[Agreed, ...]]:
    """Return the operations that not all of *several* agreements have, each with those that have it."""
    every = tuple(several)
    shared = frozenset.intersection(*(one.operations for one in every))
    lost = sorted(frozenset[str]().union(*(one.operations for one in every)) - shared)
    return {name: tuple(one for one in every if name in one.operations) for name in lost}
