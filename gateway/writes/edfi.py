"""The line of an Ed-Fi request run backwards: what a consumer writes, as far as it may, handed to the source."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from gateway.writes.context import CHANGED
from gateway.writes.descriptors import spelt, unknown_descriptors
from gateway.writes.merge import Merge
from gateway.writes.one_at_a_time import tried
from gateway.writes.references import Resolver, natives
from gateway.writes.row_rules import Admission
from standards.edfi.api import body
from standards.edfi.model.cascading_keys import CASCADING
from standards.edfi.model.model import natural_key, resources
from standards.errors import (
    CallerError,
    ConcurrentChange,
    Forbidden,
    InvalidBody,
    KeyChangeUnsupported,
    MappingError,
    NonUniqueIdentity,
    NoSuchRecord,
    OutsidePopulation,
    PolicyEnforced,
    UnresolvedReference,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from adapters.contract import Tagged
    from gateway.writes.context import Desk
    from standards.edfi.api.ignored_members import Ignored
    from standards.edfi.model.model import Resource

    Record = dict[str, Any]
    Match = Callable[[Record | None], None]

ASSIGNED = (
    "Resource identifiers cannot be assigned by the client. The 'id' property should not be included in the request"
    " body."
)
OTHER = "Request body id must match the id in the url."
FIXED = "Identifying values for the {} item cannot be changed. Delete and recreate the item instead."
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
    """What a write came to: the source's *own* id of the record, and whether it is *new*, as far as that is told.

    The *etag* is that of the record as the writer sees it now; empty where it sees none.
    """

    own: str
    new: bool
    etag: str


def post(desk: Desk, document: Any, ignored: Ignored | None, match: Match | None = None) -> Saved:
    """Create the record that *document* describes, or update the one that has its natural key.

    Members that are not there for the writer are *ignored*, or refused (None). *match* refuses by the record that has
    the key, as it is seen now, or by none.
    """
    known = body.shape(desk.shown.branch.nodes)
    resource = _resource(desk)
    given, identifier = body.read(resource, document, known, ignored)
    if identifier is not None:
        raise InvalidBody(ASSIGNED)
    if body.identity_hidden(resource, known):
        raise PolicyEnforced("The agreement does not release the natural key of this resource.")
    given = spelt(desk, given)
    desk.allow_unread(told=match is not None)
    desk = desk.naming(given)
    try:
        desk, said = _said(desk, given, {})
    except UnresolvedReference:
        shown = desk.dialect.seen(desk, given) if desk.reads else {}
        if not shown:
            raise
        desk, said = _said(desk, given, body.plain(resource, shown))
    if not desk.reads:
        _creatable(desk, given, said, known)
    write = partial(_upsert, desk, given, said, known, match)
    try:
        return tried(write)
    except NonUniqueIdentity:  # one that was created elsewhere after it was looked for
        return tried(write)


def _upsert(desk: Desk, given: Record, said: Record, known: body.Shape, match: Match | None) -> Saved:
    """Update the record that has the natural key of a body, or create it where nobody else does."""
    desk = desk.caught_up()
    before = desk.dialect.existing(desk, said, given)
    if before is not None:
        with desk.holding(before["id"]):
            return _update_or_refuse(desk, given, said, known, match, before)
    with desk.holding_keys([desk.dialect.identity(desk, said)]):
        if desk.is_old and desk.dialect.existing(desk.caught_up(), said, given) is not None:
            raise ConcurrentChange(CHANGED)
        return _create(desk, given, said, known, match, taken=None)


def _update_or_refuse(
    desk: Desk, given: Record, said: Record, known: body.Shape, match: Match | None, before: Record
) -> Saved:
    """Update the record that has the key of a body, as it was *before*, if the writer sees it."""
    own: str = before["id"]
    desk = desk.caught_up(own)
    current = desk.adapter.find_tagged(desk.entity, own)
    if current is None or current.record.get("key") != before.get("key"):
        raise ConcurrentChange(CHANGED)
    row = desk.row_of(own)
    if not _inside(desk, current.record, row):
        return _create(desk, given, said, known, match, taken=current.record)
    if not _of_branch(desk, current.record):
        raise NonUniqueIdentity("Another kind of resource has these identifying values.")
    if match is not None:
        desk.wrote([own])
        desk = desk.fresh(own)
        row = desk.row_of(own)
        match(desk.tagged(row))
    return _update(desk, given, current, row)


def put(desk: Desk, identifier: str, document: Any, ignored: Ignored | None, match: Match | None = None) -> Saved:
    """Replace the record that bears *identifier*; *match* refuses (If-Match) by the record as it is seen now.

    Members that are not there for the writer are *ignored*, or refused (None).
    """
    desk.allow("update")
    desk.allow_unread(told=True)
    known = body.shape(desk.shown.branch.nodes)
    given, stated = body.read(_resource(desk), document, known, ignored)
    if stated is not None and stated.replace("-", "").lower() != identifier:
        raise CallerError(OTHER)
    given = spelt(desk, given)
    desk, before = _found(desk.naming(given, identifier), identifier, match)
    row = desk.row_of(before.record["id"])
    if not _inside(desk, before.record, row):
        raise NoSuchRecord("There is nothing with this id.")
    return _update(desk, given, before, row)


def delete(desk: Desk, identifier: str, match: Match | None = None) -> None:
    """Delete the record that bears *identifier*."""
    desk.allow("delete")
    desk.allow_unread(told=True)
    desk, before = _found(desk, identifier, match)
    own: str = before.record["id"]
    row = desk.row_of(own)
    if row is None or not _inside(desk, before.record, row):
        raise NoSuchRecord("There is nothing with this id.")
    desk.record("delete", desk.students_in(row))
    desk.remove(own, before)


def _resource(desk: Desk) -> Resource:
    return resources()[desk.request.view.model]


def _found(desk: Desk, identifier: str, match: Match | None) -> tuple[Desk, Tagged]:
    """The record that bears *identifier*, and the desk over what there is now where a condition is made.

    The condition is judged on a reading that is not older than the record's tag, so that it holds for the state with
    that tag or for none.

    Raises:
        NoSuchRecord: nothing bears this id for the consumer.
    """
    row = desk.row(identifier)
    if row is None:
        raise NoSuchRecord("There is nothing with this id.")
    if match is not None and not desk.reads:
        raise Forbidden("The agreement does not let this client read, so it can make no conditions.")
    own = desk.own_id(row)
    before = desk.current(own)
    if match is not None:
        desk.wrote([own])
        desk = desk.fresh(own)
        row = desk.row(identifier)
        match(desk.tagged(row))
        if row is None:
            raise NoSuchRecord("There is nothing with this id.")
    return desk, before


def _create(
    desk: Desk, given: Record, said: Record, known: body.Shape, match: Match | None, *, taken: Record | None
) -> Saved:
    """Create a record, unless one that the consumer does not see has its key: *taken* is refused last of all.

    Whatever else is wrong with a body is told first, so that only who could create a record meets a hidden one.
    """
    desk.allow("create")
    if match is not None:
        match(None)
    record = _new(desk, given, said, known)
    if taken is not None:
        desk.record("update", desk.students_of([taken]))  # who tries keys to learn which are taken is on record too
    if taken is not None or not _inside(desk, record, None):
        raise OutsidePopulation(_outside(desk))
    desk.record("create", desk.students_of([record]))
    return _saved(desk, desk.save(_nameless(record), before=None), new=True)


def _new(desk: Desk, given: Record, said: Record, known: body.Shape) -> Record:
    """The record that a body describes, if that has all that a new one needs."""
    if body.hidden(_resource(desk), known):
        raise PolicyEnforced("The agreement does not release everything that a new record needs.")
    return _merged(desk, given, said, {}, {})


def _creatable(desk: Desk, given: Record, said: Record, known: body.Shape) -> None:
    """Refuse what a client that may not read could not create, so that a change of what is there tells it nothing."""
    if not _inside(desk, _new(desk, given, said, known), None):
        raise OutsidePopulation(_outside(desk))


def _update(desk: Desk, given: Record, current: Tagged, row: int | None) -> Saved:
    desk.allow("update")
    before = current.record
    shown = body.plain(_resource(desk), desk.tagged(row) or {}) if desk.reads and row is not None else None
    own: str = before["id"]
    fixed = _resource(desk).name not in CASCADING
    try:
        desk, said = _said(desk, given, shown or {})
    except UnresolvedReference:
        if fixed and _differ(*(natural_key(_resource(desk), one) for one in (given, shown or given))):
            raise KeyChangeUnsupported(FIXED.format(_resource(desk).name)) from None
        raise
    row = desk.row_of(own)
    merged = _merged(desk, given, said, before, shown)
    if fixed and _rekeyed(desk, given, shown, merged, before):
        raise KeyChangeUnsupported(FIXED.format(_resource(desk).name))
    if not _inside(desk, merged, row):
        raise OutsidePopulation(_outside(desk))
    desk.record("update", (*desk.students_in(row), *desk.students_of([merged])))
    rekeyed = merged.get("key") != before.get("key")
    desk.save(_nameless(merged) | {"id": own}, before=current, rekeyed=rekeyed)
    return _saved(desk, own, new=not desk.reads)


def _saved(desk: Desk, own: str, *, new: bool) -> Saved:
    """What a write came to, told while nobody else here writes the record."""
    if not desk.reads:
        return Saved(own, new, "")
    now = desk.naming({}, desk.outward(own)) if desk.lean else desk.fresh()
    record = now.tagged(now.row(now.outward(own)))
    return Saved(own, new, record["_etag"] if record else "")


def _rekeyed(desk: Desk, given: Record, shown: Record | None, merged: Record, before: Mapping[str, Any]) -> bool:
    """Whether a write gives a record another natural key: the source's own, or, where that has none, the one shown."""
    resource = _resource(desk)
    if desk.dialect.keyed(desk, before):
        now, then = merged["key"], before["key"]
    else:
        now, then = natural_key(resource, given), natural_key(resource, given if shown is None else shown)
    return _differ(now, then)


def _differ(now: Iterable[Any], then: Iterable[Any]) -> bool:
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
    if unknown := unknown_descriptors(desk, given, shown):
        raise InvalidBody(body.REFUSED, unknown)
    try:
        said = desk.lens.said(given)
    except MappingError as error:
        raise InvalidBody(error.message) from None
    resolver = Resolver(desk, frozenset(name for name, value in given.items() if shown.get(name) == value))
    found = resolver.resolve(said)
    if resolver.owners and not desk.grant.unrestricted(desk.entity):
        raise OutsidePopulation(_outside(desk, resolver.owners))
    missing = resolver.missing
    if not missing and desk.dialect.keyed(desk, found):
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
