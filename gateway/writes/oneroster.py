"""The line of a OneRoster request run backwards: what a consumer writes, as far as it may, handed to the source."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from gateway.reads.nesting import find, nothing
from gateway.writes.gradebook import check_unused, complete
from gateway.writes.merge import Merge
from standards.edfi.from_oneroster.required_members import natural_key
from standards.errors import CallerError, Forbidden, InvalidBody, MappingError, NotFound, SourceError
from standards.oneroster.api import body, model
from standards.oneroster.api.envelope import PLURALS
from standards.view import fields_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from adapters.contract import Tagged
    from gateway.writes.context import Desk

    Record = dict[str, Any]
    Match = Callable[[Record | None], None]


def put(desk: Desk, identifier: str, document: Any, version: str, match: Match | None = None) -> tuple[str, bool]:
    """Create or replace the record that bears *identifier*; the id that it bears now, and whether it was created.

    A system that allocates ids itself gives a new record another one, and knows it again by its natural key.
    *match* refuses (If-Match) by the record as the consumer sees it now. Who may not read is told of every record
    that it was created.
    """
    desk.allow_unread(told=desk.dialect.native or desk.shown.faces.pseudonymous(desk.entity))
    desk.allow("update" if desk.row(identifier) is not None else "create")
    name = desk.request.view.model
    derived = body.unsaid(name) | {"sourcedId"}
    given = body.single(version, name, document, desk.members, derived)
    if not body.GUID.fullmatch(identifier) or given.pop("sourcedId", identifier) != identifier:
        raise InvalidBody("The body cannot be accepted.", {f"$.{name}.sourcedId": ["is not the id in the address"]})
    desk, before = _matched(desk, identifier, match)
    if before is None or not desk.reads:
        _check_needs(desk, version)
    if before is None:
        desk.allow("create")
        return _create(desk, given, version, identifier, match)
    _replace(desk, given, version, before)
    return identifier, not desk.reads


def post(desk: Desk, document: Any, version: str) -> list[dict[str, str]]:
    """Create every record in *document*, all or none; the id each came with and the one it was given."""
    desk.allow("create")
    if desk.dialect.native:  # which has natural keys, that may be taken
        desk.allow_unread(told=True)
    _check_needs(desk, version)
    name = desk.request.view.model
    outer = _outer(desk)
    derived = body.unsaid(name) | outer.keys() | {"sourcedId"}
    given = body.several(version, name, document, desk.members, derived)
    places = [f"$.{PLURALS[name]}[{number}]" for number in range(len(given))]
    supplied = [one.pop("sourcedId", "") for one in given]
    wrong = {
        f"{place}.{member}": ["is not the one in the address"]
        for place, one in zip(places, given, strict=True)
        for member, value in outer.items()
        if one.setdefault(member, value) != value
    }
    if wrong:
        raise InvalidBody("The body cannot be accepted.", wrong)
    records = [_merged(desk, one, place, {}, {}) for one, place in zip(given, places, strict=True)]
    desk.record("create", desk.students_of(records), len(records))
    with desk.holding_keys(_keys(desk, records)):
        made = _save_all(desk, records)
    return [
        {"suppliedSourcedId": one or own, "allocatedSourcedId": own}
        for one, own in zip(supplied, map(desk.outward, made), strict=True)
    ]


def delete(desk: Desk, identifier: str, match: Match | None = None) -> None:
    """Delete the record that bears *identifier*."""
    desk.allow("delete")
    desk.allow_unread(told=True)
    if desk.row(identifier) is None:
        raise NotFound(nothing(desk.request.view))
    desk, before = _matched(desk, identifier, match)
    if before is None:
        raise NotFound(nothing(desk.request.view))
    own: str = before.record["id"]
    check_unused(desk, own)
    desk.record("delete", desk.students_in(desk.row_of(own)))
    desk.remove(own, before)


def _matched(desk: Desk, identifier: str, match: Match | None) -> tuple[Desk, Tagged | None]:
    """The record that bears *identifier* and the desk over it, once *match* has found it as the caller believes.

    The condition is judged on a reading that is not older than the record's tag, so that it holds for the state with
    that tag or for none.
    """
    if match is not None and not desk.reads:
        raise Forbidden("The agreement does not let this client read, so it can make no conditions.")
    row = desk.row(identifier)
    before = None if row is None else desk.adapter.find_tagged(desk.entity, desk.own_id(row))
    if row is not None and (before is None or match is not None):
        desk.wrote([desk.own_id(row)])
        desk = desk.fresh()
        row = desk.row(identifier)
    if match is not None:
        match(desk.rendered(row))
    return desk, None if row is None else before


def _plain(desk: Desk, version: str, row: int) -> Record | None:
    """The record in *row* as a body that changes nothing would say it; None where that cannot be told.

    A member of which the source says what no body may is as it is shown: whoever sends another, or none, changes it.
    """
    if not desk.reads:
        return None
    name, shown = desk.request.view.model, desk.rendered(row) or {}
    try:
        return body.single(version, name, {name: shown}, desk.members, desk.members)
    except InvalidBody as error:
        wrong = {re.split(r"[.\[]", place.removeprefix(f"$.{name}."))[0] for place in error.places}
    kept = {member: value for member, value in shown.items() if member not in wrong}
    plain = body.single(version, name, {name: kept}, desk.members, desk.members)
    return plain | {member: value for member, value in shown.items() if member in wrong}


def _check_needs(desk: Desk, version: str) -> None:
    """Refuse to create what would lack something that the consumer cannot even name."""
    name = desk.request.view.model
    needs = {member.name for member in model.classes(version)[name].values() if member.required}
    if not needs - body.DERIVED.get(name, frozenset()) <= desk.members:
        raise Forbidden("The agreement does not release what a new record needs.")


def _replace(desk: Desk, given: Record, version: str, current: Tagged) -> None:
    before = current.record
    own: str = before["id"]
    row = desk.row_of(own)
    shown = None if row is None else _plain(desk, version, row)
    merged = _merged(desk, given, f"$.{desk.request.view.model}", before, shown)
    desk.record("update", (*desk.students_in(row), *desk.students_of([merged])))  # before and after
    desk.save(merged | {"id": own}, before=current)


def _create(desk: Desk, given: Record, version: str, identifier: str, match: Match | None) -> tuple[str, bool]:
    if desk.shown.faces.pseudonymous(desk.entity):
        raise Forbidden("Ids are pseudonyms here: create with POST, which allocates one.")
    record = _merged(desk, given, f"$.{desk.request.view.model}", {}, {}) | {"id": identifier}
    with desk.holding_keys(_keys(desk, [record])):
        taken = _taken(desk, record)
        if taken is not None:
            current = desk.current(taken)
            desk.wrote([taken])
            desk = desk.fresh(taken)
            if (row := desk.row(desk.outward(taken))) is not None:
                if match is not None:
                    match(desk.rendered(row))
                desk.allow("update")
                _replace(desk, given, version, current)
                return desk.outward(taken), not desk.reads
        desk.record("create", desk.students_of([record]))  # who tries ids to learn which are taken is on record too
        if taken is not None:
            raise Forbidden("The agreement does not let this client write this record.")
        return desk.outward(desk.save(record, before=None)), True


def _keys(desk: Desk, records: list[Record]) -> list[tuple[str, ...]]:
    """The natural keys that a system with keys of its own will give new *records*, as far as they are known before."""
    if not desk.dialect.native:
        return []
    found = (natural_key(desk.entity, one) for one in records if "id" in one or desk.entity == "result")
    return [key for key in found if key is not None]


def _taken(desk: Desk, record: Record) -> str | None:
    """What the district's system calls the record that has the id of a new *record*, or stands for the same there."""
    key = natural_key(desk.entity, record) if desk.dialect.native else None
    found = desk.adapter.locate(desk.entity, key) if key else desk.adapter.find(desk.entity, record["id"])
    return None if found is None else str(found["id"])


def _save_all(desk: Desk, records: list[Record]) -> list[str]:
    """Save each record; where one fails, take the others back."""
    made: list[str] = []
    try:
        for record in records:
            made.append(desk.save(record, before=None))  # noqa: PERF401  known if one fails
    except BaseException:
        for one in made:
            with suppress(SourceError, CallerError):
                desk.remove(one)
        raise
    return made


def _merged(desk: Desk, given: Record, path: str, before: Mapping[str, Any], shown: Record | None) -> Record:
    """The whole record: what the consumer says of what it sees, and what it does not see as it was."""
    wrong: dict[str, list[str]] = {}
    merge = Merge(desk, given, _said(desk, given, shown, path, wrong), shown, before, path, wrong)
    merged = merge.merged()
    complete(desk, merged, before, path, wrong)
    if wrong:
        raise InvalidBody("The body cannot be accepted.", wrong)
    return merged


def _said(desk: Desk, given: Record, shown: Record | None, path: str, wrong: dict[str, list[str]]) -> Record:
    """What a body says in the words of the vocabulary, its references by the source's own keys."""
    try:
        said = desk.lens.said(given)
    except MappingError as error:
        raise InvalidBody(error.message) from None
    fields = fields_of(desk.entity)
    for pair in desk.lens.pairs:
        name, member = pair.fills[0], pair.consumes[0].partition(".")[0]
        if name in said and fields[name].type == "ref" and (shown is None or given.get(member) != shown.get(member)):
            said[name] = _key(desk, name, said[name], f"{path}.{member}", wrong)
    return said


def _key(desk: Desk, name: str, value: Any, path: str, wrong: dict[str, list[str]]) -> Any:
    """The natural key of the record that a reference names, if the consumer sees it."""
    faces, to = desk.shown.faces, fields_of(desk.entity)[name].to
    row = faces.row(to, value[0], desk.request.view.api)
    key = faces.generation.table(to).key(row) if row is not None else None
    if key is None:
        wrong[f"{path}.sourcedId"] = ["names nothing that exists for this client"]
    return key


def _outer(desk: Desk) -> dict[str, Any]:
    """The members of a new record that its address states."""
    members = {"classes": "class", "schools": "school", "lineItems": "lineItem"}
    faces = desk.shown.faces
    for one in desk.request.within:
        if find(desk.gateway, faces, one) is None:
            raise NotFound(nothing(one.view))
    stated = [(members.get(one.view.name), one) for one in desk.request.within]
    return {name: {"sourcedId": one.identifier} for name, one in stated if name and name in desk.members}
