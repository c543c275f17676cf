"""The records that a record refers to, made from nothing but the references."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from policies.grant import Rule
from standards.edfi.resources.gradebook_entries import category_record
from standards.view import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Key = tuple[str, ...]
Record = dict[str, Any]
ENTRY = ("gradebookEntryIdentifier", "namespace")


class Everything:
    """A grant that releases all there is."""

    client, agreement, org, rows = "client", "agreement", "org", {}

    def releases(self, name: str) -> bool:
        return True

    def plain(self, name: str) -> bool:
        return True

    def rule(self, name: str) -> Rule:
        return Rule("allow")


def around(entity: str, record: Record) -> list[tuple[str, Record]]:
    """*record* with everything it refers to, and everything that refers to in turn."""
    found: dict[tuple[str, Key], Record] = {(entity, record["key"]): record}
    waiting = list(references(entity, record))
    while waiting:
        place = waiting.pop()
        if place not in found:
            found[place] = stand_in(*place)
            waiting += references(place[0], found[place])
    return [(entity, record) for (entity, _), record in found.items()]


def references(entity: str, record: Record) -> Iterator[tuple[str, Key]]:
    """Every reference in a record, at any depth."""
    fields = fields_of(entity)
    for name, value in record.items():
        if name in fields:
            yield from _of(fields, name, value)


def _of(fields: Mapping[str, Any], name: str, value: Any) -> Iterator[tuple[str, Key]]:
    field = fields[name]
    if field.type == "ref":
        yield from ((field.to, key) for key in (value if field.many else [value]))
    elif field.type == "group" and name != "race":
        for item in value:
            for inner, one in item.items():
                if f"{name}.{inner}" in fields:
                    yield from _of(fields, f"{name}.{inner}", one)


def stand_in(entity: str, key: Key) -> Record:
    """The least record of *entity* that has the natural key *key*."""
    return {"key": key} | MAKERS[entity](key)


def _session(key: Key) -> Record:
    if key[0] == "gp":
        _, school, year, term, name = key
        return {"school": (school,), "schoolYear": int(year), "term": term, "term@edfi": term, "name": name}
    if key[0] == "sy":
        return {"schoolYear": int(key[1])}
    school, year, name = key
    return {"school": (school,), "schoolYear": int(year), "name": name}


def _section(key: Key) -> Record:
    code, school, year, identifier, session = key
    return {"identifier": identifier, "school": (school,), "offering": (code, school, year, session)}


MAKERS = {
    "organization": lambda key: {"identifier": key[0]},
    "session": _session,
    "course": lambda key: {"code": key[0], "organization": (key[1],)},
    "offering": lambda key: {"code": key[0], "school": (key[1],), "session": key[1:]},
    "section": _section,
    "student": lambda key: {"uniqueId": key[0]},
    "staff": lambda key: {"uniqueId": key[0]},
    "contact": lambda key: {"uniqueId": key[0]},
    "enrollment": lambda key: {"entry": key[0], "school": (key[1],), "student": (key[2],)},
    "profile": lambda key: {"organization": (key[0],), "student": (key[1],)},
    "lineItem": lambda key: dict(zip(map("edfi.gradebookEntries.{}".format, ENTRY), key, strict=True)),
    "gradebookCategory": category_record,
    "assessment": lambda key: {"identifier": key[0], "edfi.assessments.namespace": key[1]},
    "placement": lambda key: {"begin": key[0], "section": key[1:6], "student": (key[6],)},
}


def plain(value: Any, *, stamps: bool = True) -> Any:
    """A rendered document as one that was sent: without ids, stamps and links, lists in one order."""
    if isinstance(value, dict):
        left = {"link"} | ({"id", "_etag", "_lastModifiedDate"} if stamps else set())
        return {name: plain(inner, stamps=False) for name, inner in value.items() if name not in left}
    if isinstance(value, list | tuple):
        return sorted((plain(inner, stamps=False) for inner in value), key=lambda one: json.dumps(one, sort_keys=True))
    return value
