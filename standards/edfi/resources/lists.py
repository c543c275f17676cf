"""Lists of objects with one member each, for which the vocabulary has one field with several values."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from standards.codes import descriptor, inward
from standards.lenses.lens import coded, each, flags, read_only
from standards.view import Items, List, value
from standards.vocabulary import Field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standards.lenses.lens import Pair
    from standards.lenses.pairs import ColumnLayout, Context, MemberLayout, Step
    from standards.view import Node

RACES = ("americanIndianOrAlaskaNative", "asian", "blackOrAfricanAmerican", "nativeHawaiianOrOtherPacificIslander",
         "white")  # fmt: skip


def codes_in(local: str, member: str, name: str, codes: str) -> Pair:
    """Map a list of objects whose only member is a code: ``gradeLevels[].gradeLevelDescriptor``.

    Where the codes alone would not bring the list back, its objects are kept beside the values as they were.
    """
    return _keeping(each(local, name, (coded(member, "", codes),)), local, name, member)


def _keeping(pair: Pair, local: str, name: str, member: str) -> Pair:
    """Keep whole objects as companions of *pair*, as a view shows them."""
    read, write = pair.reader, pair.writer
    assert read is not None
    assert write is not None

    def bind(context: Context, places: MemberLayout | ColumnLayout) -> Step:
        inner, take, exact = read(context, places), places.at(local), f"{name}@{context.standard}"

        def step(row: Any, record: dict[str, Any]) -> None:
            inner(row, record)
            if exact in record:
                record[exact] = [{member: item[member]} for item in take(row) if item.get(member)]

        return step

    def put(context: Context) -> Step:
        inner, exact = write(context), f"{name}@{context.standard}"

        def step(record: Any, document: dict[str, Any]) -> None:
            tokens = [item.get(member) if isinstance(item, dict) else item for item in record.get(exact) or ()]
            inner({**record, exact: tokens} if tokens else record, document)

        return step

    return replace(pair, reader=bind, writer=put)


def races() -> tuple[Pair, ...]:
    """Map a list of races: a boolean for each, one for several, and each exact token under its race."""
    return (
        flags("races.raceDescriptor", "race.", "race", RACES),
        read_only("races", "race.twoOrMore", _several),
        read_only("races", "race", _under_their_names),
    )


def races_shown() -> Node:
    """Show the list of races, each of them only where it is released."""
    return List(
        "races",
        (Items("race"),),
        tuple(value("raceDescriptor", name, form=descriptor("RaceDescriptor")) for name in (*RACES, "other")),
    )


def race_fields(entity: str, released_as: str, collection: str) -> tuple[Field, ...]:
    """Return the fields that `races` fills beyond the vocabulary: the list, and the races it has no word for."""
    return (
        Field(entity, "race", "group", f"{released_as}.race", "demographic", many=True),
        Field(entity, "race.other", "text", f"edfi.{collection}.races", "demographic"),
    )


def _tokens(document: Mapping[str, Any]) -> list[str]:
    found = document.get("races")
    items = found if isinstance(found, list) else []
    return [token for item in items if isinstance(item, dict) and isinstance(token := item.get("raceDescriptor"), str)]


def _several(document: Mapping[str, Any]) -> bool | None:
    found = _tokens(document)
    return len({inward("race", "edfi")(token) for token in found}) > 1 if found else None


def _under_their_names(document: Mapping[str, Any]) -> list[dict[str, str]] | None:
    known = inward("race", "edfi")
    named = [(known(token), token) for token in _tokens(document)]
    return [{name if name in RACES else "other": token} for name, token in named] or None


def objects(document: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return the objects in a list; a document that obeys the model has no other items."""
    found = document.get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
