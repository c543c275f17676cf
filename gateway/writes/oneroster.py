"""The writes of OneRoster: what a consumer sends, as far as it may write it, sent to the source."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from gateway.reads.nesting import find, nothing
from gateway.writes import steps
from gateway.writes.context import WriteContext
from gateway.writes.gradebook import check_unused, complete
from gateway.writes.merge import Merge
from gateway.writes.natural_keys import dialect
from standards.edfi.from_oneroster.required_members import natural_key
from standards.errors import CallerError, Forbidden, InvalidBody, MappingError, NotFound, SourceError
from standards.fields import fields_of
from standards.oneroster import model
from standards.oneroster.api import body
from standards.oneroster.api.envelope import PLURALS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.contract import Tagged
    from gateway.writes.steps import Match

    Record = dict[str, Any]


def put(
    context: WriteContext, identifier: str, document: Any, version: str, match: Match | None = None
) -> tuple[str, bool]:
    """Create or replace the record with *identifier*; return the id that it has now, and whether it was created.

    A source that allocates ids itself gives a new record another one, and finds it again by its natural key.
    *match* refuses (If-Match) by the record as the consumer sees it now. A client without read is answered for every
    record that it was created.
    """
    context.allow_unread(told=dialect(context).native or context.shown.visibility.pseudonymous(context.entity))
    context.allow("update" if context.row(identifier) is not None else "create")
    name = context.request.view.model
    derived = body.unsaid(name) | {"sourcedId"}
    given = body.single(version, name, document, context.members, derived)
    if not body.GUID.fullmatch(identifier) or given.pop("sourcedId", identifier) != identifier:
        raise InvalidBody("The body cannot be accepted.", {f"$.{name}.sourcedId": ["is not the id in the address"]})
    context, before = steps.matched(context, identifier, match, WriteContext.rendered)
    if before is None or not context.reads:
        _check_needs(context, version)
    if before is None:
        context.allow("create")
        return _create(context, given, version, identifier, match)
    _replace(context, given, version, before)
    return identifier, not context.reads


def post(context: WriteContext, document: Any, version: str) -> list[dict[str, str]]:
    """Create every record in *document*, all or none; return the id each came with and the one it was given."""
    context.allow("create")
    if dialect(context).native:  # which has natural keys, that may be taken
        context.allow_unread(told=True)
    _check_needs(context, version)
    name = context.request.view.model
    outer = _outer(context)
    derived = body.unsaid(name) | outer.keys() | {"sourcedId"}
    given = body.several(version, name, document, context.members, derived)
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
    records = [_merged(context, one, place, {}, {}) for one, place in zip(given, places, strict=True)]
    context.record("create", context.students_of(records), len(records))
    with context.holding_keys(_keys(context, records)):
        made = _save_all(context, records)
    return [
        {"suppliedSourcedId": one or own, "allocatedSourcedId": own}
        for one, own in zip(supplied, map(context.outward, made), strict=True)
    ]


def delete(context: WriteContext, identifier: str, match: Match | None = None) -> None:
    """Delete the record with *identifier*."""
    context.allow("delete")
    context.allow_unread(told=True)
    if context.row(identifier) is None:
        raise NotFound(nothing(context.request.view))
    context, before = steps.matched(context, identifier, match, WriteContext.rendered)
    if before is None:
        raise NotFound(nothing(context.request.view))
    check_unused(context, before.record["id"])
    steps.remove(context, before)


def _plain(context: WriteContext, version: str, row: int) -> Record | None:
    """Return the record in *row* as a body that changes nothing; None where it cannot be rendered so.

    A member whose value at the source no body may have is as it is shown: another value, or none, changes it.
    """
    if not context.reads:
        return None
    name, shown = context.request.view.model, context.rendered(row) or {}
    try:
        return body.single(version, name, {name: shown}, context.members, context.members)
    except InvalidBody as error:
        wrong = {re.split(r"[.\[]", place.removeprefix(f"$.{name}."))[0] for place in error.places}
    kept = {member: value for member, value in shown.items() if member not in wrong}
    plain = body.single(version, name, {name: kept}, context.members, context.members)
    return plain | {member: value for member, value in shown.items() if member in wrong}


def _check_needs(context: WriteContext, version: str) -> None:
    """Refuse to create what would lack a field that the consumer cannot even name."""
    name = context.request.view.model
    needs = {member.name for member in model.classes(version)[name].values() if member.required}
    if not needs - body.DERIVED.get(name, frozenset()) <= context.members:
        raise Forbidden("The agreement does not release what a new record needs.")


def _replace(context: WriteContext, given: Record, version: str, current: Tagged) -> None:
    before = current.record
    row = context.row_of(before["id"])
    shown = None if row is None else _plain(context, version, row)
    merged = _merged(context, given, f"$.{context.request.view.model}", before, shown)
    steps.update(context, merged, current)


def _create(
    context: WriteContext, given: Record, version: str, identifier: str, match: Match | None
) -> tuple[str, bool]:
    if context.shown.visibility.pseudonymous(context.entity):
        raise Forbidden("Ids are pseudonyms here: create with POST, which allocates one.")
    record = _merged(context, given, f"$.{context.request.view.model}", {}, {}) | {"id": identifier}
    with context.holding_keys(_keys(context, [record])):
        taken = _taken(context, record)
        if taken is not None:
            current = context.current(taken)
            context.wrote([taken])
            context = context.for_record(taken)
            if (row := context.row(context.outward(taken))) is not None:
                if match is not None:
                    match(context.rendered(row))
                context.allow("update")
                _replace(context, given, version, current)
                return context.outward(taken), not context.reads
        if taken is not None:  # attempts to learn which ids are taken are recorded too
            context.record("create", context.students_of([record]))
            raise Forbidden("The agreement does not let this client write this record.")
        return context.outward(steps.create(context, record)), True


def _keys(context: WriteContext, records: list[Record]) -> list[tuple[str, ...]]:
    """Return the natural keys that a source with keys of its own will give new *records*, as far as known before."""
    if not dialect(context).native:
        return []
    found = (natural_key(context.entity, one) for one in records if "id" in one or context.entity == "result")
    return [key for key in found if key is not None]


def _taken(context: WriteContext, record: Record) -> str | None:
    """Return the source's id of the record that has the id of a new *record*, or stands for the same there."""
    key = natural_key(context.entity, record) if dialect(context).native else None
    found = context.adapter.locate(context.entity, key) if key else context.adapter.find(context.entity, record["id"])
    return None if found is None else str(found["id"])


def _save_all(context: WriteContext, records: list[Record]) -> list[str]:
    """Save each record; where one fails, delete those already created."""
    made: list[str] = []
    try:
        for record in records:
            made.append(context.save(record, before=None))  # noqa: PERF401  known if one fails
    except BaseException:
        for one in made:
            with suppress(SourceError, CallerError):
                context.remove(one)
        raise
    return made


def _merged(context: WriteContext, given: Record, path: str, before: Mapping[str, Any], shown: Record | None) -> Record:
    """Merge a body into the whole record, keeping what the consumer does not see."""
    wrong: dict[str, list[str]] = {}
    merge = Merge(context, given, _said(context, given, shown, path, wrong), shown, before, path, wrong)
    merged = merge.merged()
    complete(context, merged, before, path, wrong)
    if wrong:
        raise InvalidBody("The body cannot be accepted.", wrong)
    return merged


def _said(context: WriteContext, given: Record, shown: Record | None, path: str, wrong: dict[str, list[str]]) -> Record:
    """Read a body as a record of the vocabulary, its references by the source's own keys."""
    try:
        said = context.lens.read_partial(given)
    except MappingError as error:
        raise InvalidBody(error.message) from None
    fields = fields_of(context.entity)
    for pair in context.lens.pairs:
        name, member = pair.fields[0], pair.local_paths[0].partition(".")[0]
        if name in said and fields[name].type == "ref" and (shown is None or given.get(member) != shown.get(member)):
            said[name] = _key(context, name, said[name], f"{path}.{member}", wrong)
    return said


def _key(context: WriteContext, name: str, value: Any, path: str, wrong: dict[str, list[str]]) -> Any:
    """Return the natural key of the record that a reference names, if the consumer sees it."""
    visibility, to = context.shown.visibility, fields_of(context.entity)[name].to
    row = visibility.row(to, value[0], context.request.view.api)
    key = visibility.snapshot.table(to).key(row) if row is not None else None
    if key is None:
        wrong[f"{path}.sourcedId"] = ["names nothing that exists for this client"]
    return key


def _outer(context: WriteContext) -> dict[str, Any]:
    """Return the members of a new record that its address implies."""
    members = {"classes": "class", "schools": "school", "lineItems": "lineItem"}
    visibility = context.shown.visibility
    for one in context.request.within:
        if find(context.gateway, visibility, one) is None:
            raise NotFound(nothing(one.view))
    stated = [(members.get(one.view.name), one) for one in context.request.within]
    return {name: {"sourcedId": one.identifier} for name, one in stated if name and name in context.members}
