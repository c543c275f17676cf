"""Sections of a package: which Ed-Fi resources, and which members of them, each holds on each track."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from standards.edfi.model import dependencies
from standards.edfi.model.model import by_collection
from standards.vocabulary import read_own_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Lists = Mapping[str, frozenset[str]]
    Values = Mapping[str, tuple[tuple[str, frozenset[str]], ...]]

TrackName = Literal["info", "full"]
TRACKS: Final[tuple[TrackName, ...]] = get_args(TrackName)
INFO, FULL = TRACKS
EVERY: Final = "every"
WHOLE, NONE = "whole", "none"
CONTACTS, RESTRICTIONS, DOCUMENTS = "contacts", "restrictions", "documents"
EXPECTED: Final = frozenset({
    "name", "info", "person", "told", "own", "referred", "members", "without", "beside", "but", "info_only", "info_or",
})  # fmt: skip
"""The keys of a section in the table; any other is a mistake in it."""


class UnknownPackageWord(ValueError):
    """A track, a section or another word of a package is none of those that there are; nothing is packed."""

    def __init__(self, word: str, known: Iterable[str]) -> None:
        super().__init__(f"{word!r} is not one of {', '.join(sorted(known))}.")


@dataclass(frozen=True, slots=True)
class SectionRule:
    """What a section holds: resources *own* to the student, and those that are *referred* to.

    On the first track it holds nothing where it is not *informed*, and of the resources in *info* the members listed
    beside the required ones; a resource *left_out* is not there at all. *members*, *without*, *but*, *info_only* and
    *info_or* are by resource, *beside* by another section. Only a *person* may release some, and of some the receiver
    is *told* that they are withheld.
    """

    name: str
    own: tuple[str, ...]
    referred: tuple[str, ...] = ()
    informed: bool = True
    person: bool = False
    told: bool = False
    info: Lists = field(default_factory=dict, hash=False)
    left_out: frozenset[str] = frozenset()
    members: Lists = field(default_factory=dict, hash=False)
    without: Lists = field(default_factory=dict, hash=False)
    beside: Mapping[str, Lists] = field(default_factory=dict, hash=False)
    but: Values = field(default_factory=dict, hash=False)
    info_only: Values = field(default_factory=dict, hash=False)
    info_or: Lists = field(default_factory=dict, hash=False)

    def resources(self, track: str) -> tuple[str, ...]:
        """Return the resources that the section holds on a *track*, its own first."""
        return tuple(one for one in (*self.own, *self.referred) if track == FULL or one not in self.left_out)

    def on(self, track: str) -> bool:
        """Tell whether a *track* has the section."""
        return track == FULL or self.informed


@cache
def sections() -> Mapping[str, SectionRule]:
    """Return every section by its name, in the order of the manifest."""
    return MappingProxyType({one["name"]: _section(one) for one in _table()["sections"]})


@cache
def thin() -> Lists:
    """Return the members, beside the required ones, of resources that are there only to give a reference a meaning."""
    return _lists(_table()["thin"])


def on_track(track: str) -> tuple[SectionRule, ...]:
    """Return the sections of a *track*.

    Raises:
        UnknownPackageWord: there is no such track.
    """
    if track not in TRACKS:
        raise UnknownPackageWord(track, TRACKS)
    return tuple(one for one in sections().values() if one.on(track))


def by_dependency(resources: Iterable[str]) -> tuple[str, ...]:
    """Order *resources* as they can be loaded: whatever a record refers to comes before it."""
    orders = dependencies.orders()
    return tuple(sorted(dict.fromkeys(resources), key=lambda one: (orders[_endpoint(one)], one)))


def _endpoint(resource: str) -> str:
    found = by_collection(resource)
    if found is None:
        raise UnknownPackageWord(resource, ())
    return found.endpoint


def _section(given: Mapping[str, Any]) -> SectionRule:
    for key in given.keys() - EXPECTED:
        raise UnknownPackageWord(key, EXPECTED)
    own, info = tuple(given["own"]), given["info"]
    cuts: Mapping[str, Any] = info if isinstance(info, dict) else {}
    if not cuts and info not in {WHOLE, NONE}:
        raise UnknownPackageWord(str(info), (WHOLE, NONE))
    named = {**(dict.fromkeys(own, cuts[EVERY]) if EVERY in cuts else {}), **cuts}
    return SectionRule(
        given["name"], own, tuple(given.get("referred", ())),
        informed=info != NONE,
        person=given.get("person", False),
        told=given.get("told", False),
        info=_lists({name: one for name, one in named.items() if name != EVERY and one != NONE}),
        left_out=frozenset(name for name, one in named.items() if one == NONE),
        members=_lists(given.get("members", {})),
        without=_lists(given.get("without", {})),
        beside=MappingProxyType({other: _lists(some) for other, some in given.get("beside", {}).items()}),
        but=_values(given.get("but", {})),
        info_only=_values(given.get("info_only", {})),
        info_or=_lists(given.get("info_or", {})),
    )  # fmt: skip


def _lists(given: Mapping[str, Iterable[str]]) -> Lists:
    return MappingProxyType({name: frozenset(some) for name, some in given.items()})


def _values(given: Mapping[str, Mapping[str, Iterable[str]]]) -> Values:
    return MappingProxyType({
        name: tuple((path, frozenset(some)) for path, some in paths.items()) for name, paths in given.items()
    })  # fmt: skip


@cache
def _table() -> Mapping[str, Any]:
    found: Mapping[str, Any] = read_own_yaml("gateway.transfers.package", "sections.yaml")
    return found
