"""The schedule of data: the category of every fact, as districts know them from the national data privacy agreement."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from standards import vocabulary
from standards.errors import SettingsError
from standards.vocabulary import read_own_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from standards.vocabulary import Field

REST = "other"
"""The category of what no other is about, and in each category the element for what its other elements do not name."""


@dataclass(frozen=True, slots=True)
class ScheduleElement:
    """One row of the schedule: an element of a category, its *facts*, and other *spellings* of its title."""

    name: str
    title: str
    spellings: tuple[str, ...]
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScheduleCategory:
    """A category of the schedule with its elements; the last one holds whatever the others do not name."""

    name: str
    title: str
    spellings: tuple[str, ...]
    elements: Mapping[str, ScheduleElement]


@cache
def categories() -> Mapping[str, ScheduleCategory]:
    """Return the categories by name, in the order in which a schedule lists them."""
    return {name: _category(name, body) for name, body in _document()["categories"].items()}


def category(fact: str) -> str:
    """Return the name of the category of a *fact*, by the name that an agreement releases it by.

    A fact of an extension that is in no table is in the category for everything else; an unknown name is in none.

    Raises:
        LookupError: the vocabulary has no such name.
    """
    if fact.startswith(("edfi.", "oneroster.")):
        return listed(fact) or REST
    if field := known(fact):
        return field.schedule
    msg = f"there is no fact {fact}"
    raise LookupError(msg)


def known(fact: str) -> Field | None:
    """Find the field of the vocabulary that a *fact* is, or is a part of, or else the first that is a part of it."""
    every = vocabulary.names()
    stem = fact
    while stem:
        if stem in every:
            return every[stem]
        stem = stem.rpartition(".")[0]
    return next((field for name, field in every.items() if name.startswith(f"{fact}.")), None)


def listed(fact: str) -> str:
    """Return the category that the table gives a native *fact*; empty where it names none."""
    known = _resources()
    stem = fact
    while stem:
        if stem in known:
            return known[stem]
        stem = stem.rpartition(".")[0]
    lists = _document()["code_lists"]
    resource = ".".join(fact.split(".")[:2])
    return str(lists["category"]) if resource.endswith(lists["ending"]) else ""


def element(fact: str) -> ScheduleElement:
    """Return the row of the schedule that a *fact* belongs to; what a reference repeats is in the reference's."""
    rows = categories()[category(fact)].elements
    field = None if fact.startswith(("edfi.", "oneroster.")) else known(fact)
    name = field.release if field else fact
    return next((row for row in rows.values() if names(row, name)), rows[REST])


def names(row: ScheduleElement, fact: str) -> bool:
    """Tell whether a *row* names a *fact*, by itself or with everything below a name."""
    return any(fact == one or (one.endswith(".*") and fact.startswith(one[:-1])) for one in row.facts)


def find(title: str, among: Iterable[tuple[str, Iterable[str]]]) -> str:
    """Return the name of the one that is spelt like *title*, letters and digits compared; empty where none is."""
    wanted = letters(title)
    return next((name for name, spelt in among if wanted and wanted in map(letters, spelt)), "")


def letters(title: str) -> str:
    """Reduce a title to its letters and digits, in small letters."""
    return "".join(letter for letter in title.casefold() if letter.isalnum())


@cache
def _document() -> Any:
    found = read_own_yaml("standards", "schedule.yaml")
    if faults := list(_faults(found)):
        raise SettingsError("; ".join(faults), "schedule.yaml")
    return found


@cache
def _resources() -> Mapping[str, str]:
    return {fact: name for name, facts in _document()["resources"].items() for fact in facts}


def _category(name: str, body: Mapping[str, Any]) -> ScheduleCategory:
    rows = {row: _row(row, said) for row, said in body["elements"].items()}
    return ScheduleCategory(name, body["title"], (body["title"], *body.get("also", ())), rows)


def _row(name: str, body: Mapping[str, Any]) -> ScheduleElement:
    return ScheduleElement(name, body["title"], (body["title"], *body.get("also", ())), tuple(body.get("facts", ())))


def _faults(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the table."""
    known = document["categories"]
    for name, body in known.items():
        if REST not in body["elements"]:
            yield f"{name} has no element for everything else"
    told: set[str] = set()
    for name, facts in document["resources"].items():
        if name not in known:
            yield f"{name} is no category"
        yield from (f"{fact} is in two categories" for fact in facts if fact in told)
        told.update(facts)
