"""Ed-Fi documents read into records: the collections behind each entity, and the tree of sessions."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Any

from standards import registry
from standards.edfi.model.model import by_collection
from standards.errors import MappingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from adapters.contract import Record
    from standards.lenses.lens import Lens


@cache
def lenses() -> Mapping[str, Lens]:
    """Return the lenses of the Ed-Fi model by collection."""
    return {lens.local: lens for lens in registry.lenses() if lens.dialect == "edfi"}


@cache
def collections() -> Mapping[str, frozenset[str]]:
    """Return the collections that each entity is read from."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, lens in lenses().items():
        found[lens.entity].add(name)
    return {entity: frozenset(names) for entity, names in found.items()}


def key_of(lens: Lens, document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the natural key of a record whose other members cannot be read; empty where the key is unreadable too."""
    heads = {path.partition(".")[0] for path in _identity(lens.local)}
    try:
        key = lens.read({name: value for name, value in document.items() if name in heads}).get("key", ())
    except (MappingError, LookupError, TypeError, AttributeError, ValueError):
        return ()
    return key if isinstance(key, tuple) and all(isinstance(part, str) and part for part in key) else ()


def _identity(collection: str) -> tuple[str, ...]:
    found = by_collection(collection)
    return tuple(found.identity) if found is not None else ()


def tree(sessions: list[Record]) -> Iterator[Record]:
    """Yield the *sessions* with their school years above them, each grading period below the session that lists it."""
    above: dict[tuple[str, ...], tuple[str, ...]] = {}
    years: dict[int, list[Record]] = defaultdict(list)
    for record in sorted(sessions, key=lambda found: found["key"]):
        for period in record.get("gradingPeriods", ()):
            above.setdefault(period, record["key"])
        if record["kind"] != "gradingPeriod" and "schoolYear" in record:
            years[record["schoolYear"]].append(record)
    for record in sessions:
        if parent := above.get(record["key"]):
            record["parent"] = parent
        yield record
    for year, found in sorted(years.items()):
        yield _year(year, found)


def _year(year: int, sessions: list[Record]) -> Record:
    """Make a school year of the district, which no document states: from the first day of its sessions to the last."""
    record: Record = {"key": ("sy", str(year)), "name": f"{year - 1}-{year}", "kind": "schoolYear", "schoolYear": year}
    begins = [session["begin"] for session in sessions if "begin" in session]
    ends = [session["end"] for session in sessions if "end" in session]
    if begins and ends:
        record |= {"begin": min(begins), "end": max(ends)}
    return record
