"""Registers laid over records, one by one: the world that a consumer must not be able to tell from the real one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from policies.records.places import row_tells_place, tells_place
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from policies.grant import Grant

    Record = Mapping[str, Any]
    Records = Mapping[str, Sequence[Record]]
    Key = tuple[str, ...]

DISCIPLINE = ("action", "edfi.disciplineActions", "edfi.restraintEvents")


@dataclass(frozen=True, slots=True)
class Decision:
    """What registers decide about one *student*: a *substitute* protects, *lost* and *kept* are released names."""

    student: Key
    hidden: bool = False
    substitute: Mapping[str, str] | None = None
    lost: frozenset[str] = frozenset()
    kept: frozenset[str] | None = None
    contacts: frozenset[Key] = field(default_factory=frozenset)
    discipline: bool = True


def laid_over(records: Records, grant: Grant, decisions: Iterable[Decision]) -> dict[str, list[dict[str, Any]]]:
    """Return the *records* of a system that has what the registers decide for a *grant*, and needs none."""
    by_student = {one.student: one for one in decisions}
    about = _about(records)
    links = records.get("guardianship", ())
    gone: dict[str, set[Key]] = {entity: set() for entity in records}
    for entity, rows in records.items():
        for row in rows:
            told = [by_student[one] for one in about[entity][row["key"]] if one in by_student]
            if any(_hides(one, entity, row, grant) for one in told):
                gone[entity].add(row["key"])
    lonely = {row["contact"] for row in links} - {
        row["contact"]
        for row in links
        if row["key"] not in gone["guardianship"] and row["student"] not in gone["student"]
    }
    if "contact" in gone:
        gone["contact"] |= lonely
    _without_owners(records, gone)
    contacts: dict[Key, list[Key]] = {row["contact"]: [] for row in links}
    for row in links:
        contacts[row["contact"]].append(row["student"])
    return {
        entity: [
            _limited(entity, row, [by_student.get(one) for one in _people(entity, row, about, contacts)])
            for row in rows
            if row["key"] not in gone[entity]
        ]
        for entity, rows in records.items()
    }


def _about(records: Records) -> dict[str, dict[Key, set[Key]]]:
    """Find the students that each record is about, through whatever it belongs to."""
    found: dict[str, dict[Key, set[Key]]] = {
        entity: {row["key"]: set() for row in rows} for entity, rows in records.items()
    }
    for row in records.get("student", ()):
        found["student"][row["key"]].add(row["key"])
    grown = True
    while grown:
        grown = False
        for entity, rows in records.items():
            owners = [
                one for one in fields_of(entity).values() if one.owner and one.to in found and one.to != "contact"
            ]
            for row in rows:
                mine = found[entity][row["key"]]
                for one in owners:
                    theirs = found[one.to].get(row.get(one.name, ()), set())
                    if not theirs <= mine:
                        mine |= theirs
                        grown = True
    return found


def _hides(one: Decision, entity: str, row: Record, grant: Grant) -> bool:
    """Tell whether a decision takes a whole record away."""
    if one.hidden or (one.substitute is not None and row_tells_place(entity)):
        return True
    if (entity == "guardianship" and row.get("contact") in one.contacts) or (
        entity in DISCIPLINE and not one.discipline
    ):
        return True
    name = fields_of(entity)["id"].release
    return grant.releases(name) and (_named(name, one.lost) or (one.kept is not None and not _named(name, one.kept)))


def _named(name: str, paths: frozenset[str]) -> bool:
    """Tell whether a path is the name of a fact, or of what it is a part of."""
    return any(name == path or name.startswith(f"{path}.") for path in paths)


def _without_owners(records: Records, gone: dict[str, set[Key]]) -> None:
    """Take away what belongs to what is gone."""
    grown = True
    while grown:
        grown = False
        for entity, rows in records.items():
            owners = [one for one in fields_of(entity).values() if one.owner and one.to in gone]
            for row in rows:
                if row["key"] not in gone[entity] and any(row.get(one.name) in gone[one.to] for one in owners):
                    gone[entity].add(row["key"])
                    grown = True


def _people(
    entity: str, row: Record, about: Mapping[str, Mapping[Key, set[Key]]], contacts: Mapping[Key, list[Key]]
) -> list[Key]:
    """Return the students that a record is about; of contacts, those whom they care for."""
    if entity == "contact":
        return contacts.get(row["key"], [])
    owner = next((one.name for one in fields_of(entity).values() if one.owner and one.to == "contact"), "")
    if owner and entity != "guardianship":
        return contacts.get(row.get(owner, ()), [])
    return sorted(about[entity][row["key"]])


def _limited(entity: str, row: Record, about: Sequence[Decision | None]) -> dict[str, Any]:
    """Return a record without what may not leave of it."""
    told = [one for one in about if one is not None and not one.hidden]
    protected = [one for one in about if one is not None and one.substitute is not None]
    if not told and not protected:
        return dict(row)
    lost = frozenset[str]().union(*(one.lost for one in told))
    kept = None if len(told) < len(about) or any(one.kept is None for one in told) else _all(told)

    def leaves(name: str, release: str) -> bool:
        place = bool(protected) and tells_place(entity, name)
        return not (place or _named(release, lost) or (kept is not None and not _named(release, kept)))

    found = _fields(entity, row, "", leaves)
    if protected and entity == "profile":
        given = max(tuple(sorted((one.substitute or {}).items())) for one in protected)
        found.pop("address", None)
        if given:
            found["address"] = [{"kind": "Mailing", **dict(given)}]
    return found


def _all(told: Sequence[Decision]) -> frozenset[str]:
    return frozenset().union(*(one.kept or () for one in told))


def _fields(entity: str, row: Record, prefix: str, leaves: Any) -> dict[str, Any]:
    fields, found = fields_of(entity), {}
    for name, value in row.items():
        spec = fields.get(prefix + name) or fields.get(prefix + name.partition("@")[0])
        if spec is None or spec.type == "id" or spec.owner or name == "uniqueId":
            found[name] = value
        elif spec.type == "group":
            items = [one for one in (_fields(entity, item, f"{spec.name}.", leaves) for item in value) if one]
            if items:
                found[name] = items
        elif spec.type == "open":
            members = {one: kept for one, kept in value.items() if leaves(spec.name, f"{spec.release}.{one}")}
            if members:
                found[name] = members
        elif leaves(spec.name, spec.release):
            found[name] = value
    return found
