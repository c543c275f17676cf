"""Raw ids of people whose ids a grant masks: planted wherever a source might repeat them, searched in answers."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

from standards.fields import fields_of
from standards.vocabulary import PERSONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from policies.grant import Grant
    from standards.vocabulary import Field

    Record = Mapping[str, Any]
    Records = Mapping[str, Sequence[Record]]

MARK = "raw-id-of"
ACCOUNT = "urn:oneroster:userProfile:"
NAMES = frozenset({"username", "loginId", "type", "system", "assigner"})
"""What a person signs in with is a fact that an agreement names itself; the others name a system, never a person."""


def planted(records: Records) -> dict[str, list[dict[str, Any]]]:
    """Return *records* with unmistakable ids of people, repeated in every text that may tell who somebody is."""
    names = {
        row["key"][0]: f"{MARK}-{entity}-{number:04}"
        for entity in PERSONS
        for number, row in enumerate(records.get(entity, ()))
    }
    made = {entity: [_renamed(row, names) for row in rows] for entity, rows in records.items()}
    for entity, rows in made.items():
        for row in rows:
            if person := _person(entity, row):
                _repeat(entity, row, person)
    return made


def raw_ids(records: Records, grant: Grant) -> frozenset[str]:
    """Return every text by which a source knows a person whose id does not leave as it is."""
    hidden = [entity for entity in PERSONS if not grant.plain(fields_of(entity)["id"].release)]
    rows = [row for entity in hidden for row in records.get(entity, ())]
    return frozenset(str(text) for row in rows for text in (*row["key"], row.get("id"), row.get("uniqueId")) if text)


def found(ids: Iterable[str], payload: bytes) -> frozenset[str]:
    """Return which of *ids* occur in an answer, in any case, also inside files that it packs."""
    text = b"\n".join(_unpacked(payload)).lower()
    return frozenset(one for one in ids if one.lower().encode() in text)


def _unpacked(payload: bytes) -> Iterator[bytes]:
    yield payload
    if payload.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(payload)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield archive.read(name)


def _identifies(field: Field) -> bool:
    return field.type == "text" and field.name != "uniqueId" and bool(field.sensitivity == "identifier" or field.capped)


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _renamed(inner, names) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_renamed(inner, names) for inner in value)
    return names.get(value, value) if isinstance(value, str) else value


def _person(entity: str, row: Record) -> str:
    """Return the id of the person that a record is, or that it belongs to."""
    if entity in PERSONS:
        return str(row["key"][0])
    owners = (field.name for field in fields_of(entity).values() if field.owner and field.to in PERSONS)
    return next((str(row[name][0]) for name in owners if row.get(name)), "")


def _repeat(entity: str, row: dict[str, Any], person: str) -> None:
    """Repeat the id of a record's person wherever a source may: accounts are addresses of their own."""
    if entity in PERSONS and "id" in row:
        row["id"] = f"source-{person}"
    for name, field in fields_of(entity).items():
        group, _, last = name.rpartition(".")
        if field.type == "open" or (field.type == "json" and field.capped):
            row[name] = {"agents": f"see {person}"} if field.type == "open" else [{"number": person}]
        elif _identifies(field) and last not in NAMES:
            text = f"{ACCOUNT}{person}" if last in {"account", "id"} else f"{person}-{last}"
            if group in fields_of(entity):
                items = [dict(item) for item in row.get(group) or [{}]]
                row[group] = [item | {last: f"{text}-{number}"} for number, item in enumerate(items)]
            else:
                row[name] = text
