"""The line of an Ed-Fi request run backwards: what a consumer writes, as far as it may, handed to the source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.admission import Admission
from gateway.known_descriptors import spelt, unknown_descriptors
from gateway.merging import Merge
from gateway.resolving import Resolver, natives
from standards.edfi import body
from standards.edfi.keychanges import CASCADING
from standards.edfi.model import natural_key, resources
from standards.errors import (
    Forbidden,
    InvalidBody,
    KeyChangeUnsupported,
    MappingError,
    NonUniqueIdentity,
    NotFound,
    OutsidePopulation,
    PolicyEnforced,
    UnresolvedReference,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.desk import Desk
    from standards.edfi.model import Resource

    Record = dict[str, Any]
    Match = Callable[[Record | None], None]

ASSIGNED = "Resource identifiers cannot be assigned by the client: the 'id' should not be in the body."
OTHER = "The id is not the one in the address."
OUTSIDE = "Access to the requested data could not be authorized."
HINTS = {
    "student": "You may need a StudentSchoolAssociation of a school in the agreement's population.",
    "contact": "You may need a StudentContactAssociation of a student in the agreement's population.",
    "staff": "You may need a StaffEducationOrganizationAssignmentAssociation in the agreement's population.",
    "organization": "The agreement's population has to have the education organization.",
}
ASSOCIATES = {"student": "student", "contact": "contact", "staff": "staff", "organization": "organization",
              "enrollment": "student", "guardianship": "contact"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Saved:
    """What a write came to: the source's *own* id of the record, and whether it is *new*, as far as that is told."""

    own: str
    new: bool


def post(desk: Desk, document: Any) -> Saved:
    """Create the record that *document* describes, or update the one that has its natural key."""
    known = body.shape(desk.shown.branch.nodes)
    resource = _resource(desk)
    given, identifier = body.read(resource, document, known)
    if identifier is not None:
        raise InvalidBody(body.REFUSED, {"$.id": [ASSIGNED]})
    if body.identity_hidden(resource, known):
        raise PolicyEnforced("The agreement does not release the natural key of this resource.")
    given = spelt(desk, given)
    desk.allow_unread(told=False)
    desk, said = _said(desk.naming(given), given, {})
    if not desk.reads:
        _creatable(desk, given, said, known)
    before = desk.dialect.existing(desk, said, given)
    over = desk if before is None else desk.over(before["id"])
    row = over.row_of(before["id"]) if before is not None else None
    if before is None or not _inside(over, before, row):
        return _create(desk, given, said, known, taken=before)
    desk = over
    if not _of_branch(desk, before):
        raise NonUniqueIdentity("Another kind of resource has these identifying values.")
    return _update(desk, given, before, row)


def put(desk: Desk, identifier: str, document: Any, match: Match | None = None) -> Saved:
    """Replace the record that bears *identifier*; *match* refuses (If-Match) by the record as it is seen now."""
    desk.allow("update")
    desk.allow_unread(told=True)
    known = body.shape(desk.shown.branch.nodes)
    given, stated = body.read(_resource(desk), document, known)
    if stated is not None and stated.replace("-", "").lower() != identifier:
        raise InvalidBody(body.REFUSED, {"$.id": [OTHER]})
    given = spelt(desk, given)
    desk, own = _found(desk.naming(given, identifier), identifier, match)
    before, row = desk.current(own), desk.row_of(own)
    if not _inside(desk, before, row):
        raise NotFound("There is nothing with this id.")
    return _update(desk, given, before, row)


def delete(desk: Desk, identifier: str, match: Match | None = None) -> None:
    """Delete the record that bears *identifier*."""
    desk.allow("delete")
    desk.allow_unread(told=True)
    desk, own = _found(desk, identifier, match)
    row = desk.row_of(own)
    before = desk.current(own)
    if row is None or not _inside(desk, before, row):
        raise NotFound("There is nothing with this id.")
    desk.record("delete", desk.students_in(row))
    desk.remove(own)


def _resource(desk: Desk) -> Resource:
    return resources()[desk.request.view.model]


def _found(desk: Desk, identifier: str, match: Match | None) -> tuple[Desk, str]:
    """The desk over what there is now, where a condition is made, and the source's own id of the record.

    Raises:
        NotFound: nothing bears this id for the consumer.
    """
    row = desk.row(identifier)
    if row is not None and match is not None:
        if not desk.reads:
            raise Forbidden("The agreement does not let this client read, so it can make no conditions.")
        desk.wrote([desk.own_id(row)])
        desk = desk.fresh(desk.own_id(row))
        row = desk.row(identifier)
        match(desk.rendered(row))
    if row is None:
        raise NotFound("There is nothing with this id.")
    return desk, desk.own_id(row)


def _create(desk: Desk, given: Record, said: Record, known: body.Shape, taken: Record | None) -> Saved:
    """Create a record, unless one that the consumer does not see has its key: *taken* is refused last of all.

    Whatever else is wrong with a body is told first, so that only who could create a record meets a hidden one.
    """
    desk.allow("create")
    record = _new(desk, given, said, known)
    if taken is not None:
        desk.record("update", desk.students_of([taken]))  # who tries keys to learn which are taken is on record too
    if taken is not None or not _inside(desk, record, None):
        raise OutsidePopulation(_outside(desk))
    desk.record("create", desk.students_of([record]))
    own = desk.save(_nameless(record), new=True)
    return Saved(own, new=True)


def _new(desk: Desk, given: Record, said: Record, known: body.Shape) -> Record:
    """The record that a body describes, if that has all that a new one needs."""
    if body.hidden(_resource(desk), known):
        raise PolicyEnforced("The agreement does not release everything that a new record needs.")
    return _merged(desk, given, said, {}, {})


def _creatable(desk: Desk, given: Record, said: Record, known: body.Shape) -> None:
    """Refuse what a client that may not read could not create, so that a change of what is there tells it nothing."""
    if not _inside(desk, _new(desk, given, said, known), None):
        raise OutsidePopulation(_outside(desk))


def _update(desk: Desk, given: Record, before: Record, row: int | None) -> Saved:
    desk.allow("update")
    shown = body.plain(_resource(desk), desk.rendered(row) or {}) if desk.reads and row is not None else None
    own: str = before["id"]
    desk, said = _said(desk, given, shown or {})
    row = desk.row_of(own)
    merged = _merged(desk, given, said, before, shown)
    if _resource(desk).name not in CASCADING and _rekeyed(desk, given, shown, merged, before):
        raise KeyChangeUnsupported("Natural key changes are not supported for this resource.")
    if not _inside(desk, merged, row):
        raise OutsidePopulation(_outside(desk))
    desk.record("update", (*desk.students_in(row), *desk.students_of([merged])))
    desk.save(_nameless(merged) | {"id": own}, new=False, rekeyed=merged.get("key") != before.get("key"))
    return Saved(own, new=not desk.reads)


def _rekeyed(desk: Desk, given: Record, shown: Record | None, merged: Record, before: Mapping[str, Any]) -> bool:
    """Whether a write gives a record another natural key: the source's own, or, where that has none, the one shown."""
    resource = _resource(desk)
    if desk.dialect.keyed(desk, before):
        now, then = merged["key"], before["key"]
    else:
        now, then = natural_key(resource, given), natural_key(resource, given if shown is None else shown)
    return [str(part).casefold() for part in now] != [str(part).casefold() for part in then]


def _said(desk: Desk, given: Record, shown: Record) -> tuple[Desk, Record]:
    """What a body says, as `_resolved`; and the desk over what it refers to, by its very key or as it is shown."""
    try:
        return desk, _resolved(desk, given, shown)
    except (UnresolvedReference, OutsidePopulation):
        if not desk.lean:
            raise
    desk = desk.whole()
    return desk, _resolved(desk, given, shown)


def _resolved(desk: Desk, given: Record, shown: Record) -> Record:
    """What a body says in the words of the vocabulary, its references by the source's own keys.

    Raises:
        UnresolvedReference: something it points to does not exist for the consumer.
        OutsidePopulation: nor could it, as far as the agreement says whom a record may be about.
    """
    if desk.dialect.native and (unknown := unknown_descriptors(desk, given, shown)):
        raise InvalidBody(body.REFUSED, unknown)
    try:
        said = desk.lens.said(given)
    except MappingError as error:
        raise InvalidBody(error.message) from None
    resolver = Resolver(desk)
    found = resolver.resolve(said)
    if resolver.owners and not desk.grant.unrestricted(desk.entity):
        raise OutsidePopulation(_outside(desk, resolver.owners))
    missing = resolver.missing
    if not missing and desk.dialect.native:
        missing = natives(desk, desk.lens.write(found), shown)
    if missing:
        raise UnresolvedReference(missing)
    return found


def _merged(desk: Desk, given: Record, said: Record, before: Mapping[str, Any], shown: Record | None) -> Record:
    """The whole record with its natural key, as the source would read it."""
    wrong: dict[str, list[str]] = {}
    merged = Merge(desk, given, said, shown, before, "$", wrong).merged()
    if wrong:
        raise InvalidBody(body.REFUSED, {place: [f"This {what}."] for place, (what, *_) in wrong.items()})
    return desk.dialect.completed(desk, merged, said, before)


def _nameless(record: Record) -> Record:
    return {name: value for name, value in record.items() if name != "id"}


def _inside(desk: Desk, record: Mapping[str, Any], row: int | None) -> bool:
    """Whether a record is, or would be, one that the consumer sees."""
    return Admission(desk.shown.faces, desk.entity, row).sees(record)


def _of_branch(desk: Desk, record: Mapping[str, Any]) -> bool:
    return all(record.get(name) in values for name, values in desk.shown.branch.where)


def _outside(desk: Desk, owners: list[str] | None = None) -> str:
    """Why a record is outside of what the consumer may write, in terms of the agreement alone."""
    about = owners[0] if owners else ASSOCIATES.get(desk.entity, "student")
    return f"{OUTSIDE} {HINTS.get(about, HINTS['student'])}"
