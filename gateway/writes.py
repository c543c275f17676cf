"""The line of a request run backwards: what a consumer writes, as far as it may, handed to the district's system."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.disclosure import change, students_of
from gateway.exchange import grants_for, write_down
from gateway.nesting import find
from standards import registry
from standards.errors import CallerError, Forbidden, InvalidBody, MappingError, NotFound, SourceError, Unsupported
from standards.oneroster import body, model
from standards.oneroster.envelope import PLURALS
from standards.view import fields_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from adapters.contract import Adapter
    from gateway.assembly import Gateway
    from gateway.callers import Caller
    from gateway.exchange import PageRequest
    from gateway.rows import Shown
    from policies.grant import Grant
    from standards.lens import Lens

    Record = dict[str, Any]

WRITE = frozenset({"create", "update", "delete"})


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a write is dealt with: the one district it is for, and what the consumer sees of the view there."""

    gateway: Gateway
    caller: Caller
    request: PageRequest
    grant: Grant
    shown: Shown
    lens: Lens

    @property
    def entity(self) -> str:
        """The entity that is written."""
        return self.shown.branch.entity

    @property
    def adapter(self) -> Adapter:
        """The district's system."""
        return self.gateway.districts[self.grant.district].adapter

    @property
    def members(self) -> frozenset[str]:
        """The outward members that exist for this consumer."""
        return frozenset(path.partition(".")[0] for path in self.shown.chains)

    def row(self, identifier: str) -> int | None:
        """The row that bears *identifier* for the consumer."""
        row = self.shown.faces.row(self.entity, identifier, self.request.view.api)
        return row if row is not None and row in self.shown.members else None

    def own_id(self, row: int) -> str:
        """What the district's system calls the record in *row*."""
        return self.shown.faces.generation.table(self.entity).ids[row]

    def allow(self, operation: str) -> None:
        """Refuse what the agreement does not let the consumer do."""
        if operation not in self.grant.operations:
            raise Forbidden(f"The agreement does not let this client {operation} here.")

    def record(self, operation: str, students: Sequence[int]) -> None:
        """Write down, durably, what is about to be done."""
        write_down(self.gateway, change(self.gateway, self.caller, self.request, self.shown, operation, students))


def open_desk(gateway: Gateway, caller: Caller, request: PageRequest) -> Desk:
    """The desk for a write, if scopes, agreement and the district's system allow one.

    Raises:
        Forbidden: no scope, or no agreement, of the caller's covers it.
        Unsupported: the district's system takes no such changes.
        CallerError: several districts could be meant.
    """
    if not request.scopes & caller.scopes:
        raise Forbidden("The token has no scope for this operation.")
    grants = grants_for(gateway, caller, request.district, WRITE)
    views = [(grant, view) for grant in grants if (view := gateway.pruned(grant, request.view)) is not None]
    if not views:
        raise Forbidden("No active agreement lets this client change this resource.")
    entity = request.view.branches[0].entity
    able = [one for one in views if entity in gateway.districts[one[0].district].adapter.manifest.writes]
    if not able:
        raise Unsupported("No district's system here takes changes of this resource.")
    if len(able) > 1:
        raise CallerError("Several districts could be meant: name one at the beginning of the address.")
    ((grant, view),) = able
    outer = [pruned for one in request.within if (pruned := gateway.pruned(grant, one.view)) is not None]
    if len(outer) < len(request.within):
        raise Forbidden("No active agreement lets this client change this resource.")
    beside = frozenset(field.to for field in fields_of(entity).values() if field.type == "ref")
    (shown,) = gateway.shown(grant, view, beside.union(*(gateway.entities(grant, one) for one in outer)))
    return Desk(gateway, caller, request, grant, shown, registry.lens(request.view.api, request.view.name, entity))


def put(desk: Desk, identifier: str, document: Any, version: str, match: Callable[[Record | None], None]) -> bool:
    """Create or replace the record that bears *identifier*; whether it was created.

    *match* refuses (If-Match) by the record as the consumer sees it now.
    """
    row = desk.row(identifier)
    desk.allow("update" if row is not None else "create")
    name = desk.request.view.model
    derived = body.DERIVED.get(name, frozenset()) | {"sourcedId"}
    given = body.single(version, name, document, desk.members, derived)
    if not body.GUID.fullmatch(identifier) or given.pop("sourcedId", identifier) != identifier:
        raise InvalidBody("The body cannot be accepted.", {f"$.{name}.sourcedId": ["is not the id in the address"]})
    match(_shown(desk, row))
    if row is None:
        _check_needs(desk, version)
        _create(desk, given, f"$.{name}", identifier)
        return True
    own = desk.own_id(row)
    before = desk.adapter.find(desk.entity, own)
    if before is None:
        raise NotFound("There is nothing with this id.")
    merged = _merged(desk, given, f"$.{name}", before, row)
    about = (*students_of(desk.shown, row), *_subjects(desk, [merged]))  # before and after
    desk.record("update", tuple(dict.fromkeys(about)))
    desk.adapter.save(desk.entity, merged | {"id": own}, new=False)
    return False


def post(desk: Desk, document: Any, version: str) -> list[dict[str, str]]:
    """Create every record in *document*, all or none; the id each came with and the one it was given."""
    desk.allow("create")
    _check_needs(desk, version)
    name = desk.request.view.model
    outer = _outer(desk)
    derived = body.DERIVED.get(name, frozenset()) | outer.keys() | {"sourcedId"}
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
    records = [_merged(desk, one, place, {}, None) for one, place in zip(given, places, strict=True)]
    desk.record("create", _subjects(desk, records))
    made = _save_all(desk, records)
    outward = [_outward(desk, one) for one in made]
    return [
        {"suppliedSourcedId": one or own, "allocatedSourcedId": own} for one, own in zip(supplied, outward, strict=True)
    ]


def delete(desk: Desk, identifier: str, match: Callable[[Record | None], None]) -> None:
    """Delete the record that bears *identifier*."""
    desk.allow("delete")
    row = desk.row(identifier)
    if row is None:
        raise NotFound("There is nothing with this id.")
    match(_shown(desk, row))
    desk.record("delete", students_of(desk.shown, row))
    desk.adapter.delete(desk.entity, desk.own_id(row))


def _shown(desk: Desk, row: int | None) -> Record | None:
    if row is None:
        return None
    (record,) = desk.shown.single(row).slice(0, 1, desk.request.base)
    return record


def _check_needs(desk: Desk, version: str) -> None:
    """Refuse to create what would lack something that the consumer cannot even name."""
    name = desk.request.view.model
    needs = {member.name for member in model.classes(version)[name].values() if member.required}
    if not needs - body.DERIVED.get(name, frozenset()) <= desk.members:
        raise Forbidden("The agreement does not release what a new record needs.")


def _create(desk: Desk, given: Record, path: str, identifier: str) -> None:
    if desk.shown.faces.pseudonymous(desk.entity):
        raise Forbidden("Ids are pseudonyms here: create with POST, which allocates one.")
    record = _merged(desk, given, path, {}, None)
    desk.record("create", _subjects(desk, [record]))  # who tries ids to learn which are taken is on record too
    if desk.adapter.find(desk.entity, identifier) is not None:
        raise Forbidden("The agreement does not let this client write this record.")
    desk.adapter.save(desk.entity, record | {"id": identifier}, new=True)


def _save_all(desk: Desk, records: list[Record]) -> list[str]:
    """Save each record; where one fails, take the others back."""
    made: list[str] = []
    try:
        for record in records:
            made.append(desk.adapter.save(desk.entity, record, new=True))  # noqa: PERF401  known if one fails
    except BaseException:
        for one in made:
            with suppress(SourceError, NotFound):
                desk.adapter.delete(desk.entity, one)
        raise
    return made


def _outward(desk: Desk, own: str) -> str:
    """The id by which the consumer knows the record that the district's system calls *own*."""
    faces = desk.shown.faces
    if not faces.pseudonymous(desk.entity):
        return own
    blocks = faces.keyring.blocks(faces.generation.district, desk.entity, [own])
    return faces.keyring.pseudonyms(faces.grant.client, blocks)[0]


def _merged(desk: Desk, given: Record, path: str, before: Mapping[str, Any], row: int | None) -> Record:
    """The whole record: what the consumer says of what it sees, and what it does not see as it was."""
    wrong: dict[str, list[str]] = {}
    stated = _stated(desk, given)
    fields = fields_of(desk.entity)
    merged = {name: value for name, value in before.items() if name not in {"key", "id"}}
    told = {name: pair.consumes[0].partition(".")[0] for pair in desk.lens.pairs for name in pair.fills}
    for name, member in told.items():
        if member not in desk.members or name not in fields or name == "id":
            continue
        if fields[name].type == "open":
            merged[name] = _opened(desk, name, stated.get(name, {}), before.get(name, {}), f"{path}.{member}", wrong)
            continue
        if not desk.grant.plain(fields[name].release):
            _masked(desk, given, member, path, row, wrong)
            continue
        if name not in stated and fields[name].type == "ref" and _hidden(desk, name, before):
            continue
        for kept in [one for one in merged if one.partition("@")[0] == name]:
            del merged[kept]
        if name in stated:
            value = stated[name]
            merged[name] = _key(desk, name, value, f"{path}.{member}", wrong) if fields[name].type == "ref" else value
            merged.update({one: kept for one, kept in stated.items() if one.startswith(f"{name}@")})
    _derive(desk, merged)
    if wrong:
        raise InvalidBody("The body cannot be accepted.", wrong)
    return {name: value for name, value in merged.items() if value not in (None, {})}


def _stated(desk: Desk, given: Record) -> Record:
    """What a body says in the words of the vocabulary; the id in it counts nowhere."""
    try:
        return desk.lens.read({"sourcedId": "none"} | given)
    except MappingError as error:
        raise InvalidBody(error.message) from None


def _opened(
    desk: Desk, name: str, given: Record, before: Mapping[str, Any], path: str, wrong: dict[str, list[str]]
) -> Record:
    """The open dictionary *name*: what the consumer may name of it as given, the rest as it was."""
    release = fields_of(desk.entity)[name].release
    for member in given:
        if not desk.grant.plain(f"{release}.{member}"):
            wrong[f"{path}.{member[:80]}"] = ["is not a member"]
    hidden = {member: value for member, value in before.items() if not desk.grant.plain(f"{release}.{member}")}
    return hidden | given


def _masked(desk: Desk, given: Record, member: str, path: str, row: int | None, wrong: dict[str, list[str]]) -> None:
    """A member that the consumer sees generalised stays as it is; to write back what one sees is no change."""
    if member in given and (row is None or (_shown(desk, row) or {}).get(member) != given[member]):
        wrong[f"{path}.{member}"] = ["cannot be written: it is not seen as it is"]


def _key(desk: Desk, name: str, value: Any, path: str, wrong: dict[str, list[str]]) -> Any:
    """The natural key of the record that a reference names, if the consumer sees it."""
    faces, to = desk.shown.faces, fields_of(desk.entity)[name].to
    row = faces.row(to, value[0], desk.request.view.api)
    key = faces.generation.table(to).key(row) if row is not None else None
    if key is None:
        wrong[f"{path}.sourcedId"] = ["names nothing that exists for this client"]
    return key


def _hidden(desk: Desk, name: str, before: Mapping[str, Any]) -> bool:
    """Whether the record points with *name* to what the consumer does not see, and so cannot mean to take away."""
    faces, to = desk.shown.faces, fields_of(desk.entity)[name].to
    if name not in before:
        return False
    row, visible = faces.generation.table(to).rows.get(before[name], -1), faces.visible(to)
    return row < 0 or (visible is not None and not visible[row])


def _derive(desk: Desk, record: Record) -> None:
    """What follows from what was said: the school of a class is the school of its work."""
    if desk.entity == "lineItem" and "school" not in record and "section" in record:
        table = desk.shown.faces.generation.table("section")
        row = table.rows.get(record["section"], -1)
        school = table.refs["school"][row] if row >= 0 and "school" in table.refs else -1
        if school >= 0:
            record["school"] = desk.shown.faces.generation.table("organization").key(school)


def _outer(desk: Desk) -> dict[str, Any]:
    """The members of a new record that its address states."""
    members = {"classes": "class", "schools": "school", "lineItems": "lineItem"}
    faces = desk.shown.faces
    for one in desk.request.within:
        if find(desk.gateway, faces, one) is None:
            raise NotFound("There is nothing with this id.")
    stated = [(members.get(one.view.name), one) for one in desk.request.within]
    return {name: {"sourcedId": one.identifier} for name, one in stated if name and name in desk.members}


def _subjects(desk: Desk, records: list[Record]) -> list[int]:
    """The rows of the students that new records are about."""
    rows = desk.shown.faces.generation.table("student").rows
    return [rows[record["student"]] for record in records if record.get("student") in rows]
