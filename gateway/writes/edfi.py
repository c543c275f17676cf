"""The writes of Ed-Fi: what a consumer sends, as far as it may write it, sent to the source."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from gateway.writes import steps
from gateway.writes.context import CHANGED_MEANWHILE, WriteContext
from gateway.writes.descriptors import spelt, unknown_descriptors
from gateway.writes.merge import Merge
from gateway.writes.natural_keys import dialect
from gateway.writes.one_at_a_time import tried
from gateway.writes.references import Resolver, natives
from gateway.writes.row_rules import Admission
from standards.edfi.api import body
from standards.edfi.model.cascading_keys import CASCADING_KEYS
from standards.edfi.model.model import natural_key, resources
from standards.errors import (
    CallerError,
    ConcurrentChange,
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
    from collections.abc import Iterable, Mapping

    from adapters.contract import Tagged
    from gateway.writes.steps import Match
    from standards.edfi.api.ignored_members import Ignored
    from standards.edfi.model.model import Resource

    Record = dict[str, Any]

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
    """The outcome of a write: the source's *own* id of the record, and whether it is *new*, if the writer may know.

    The *etag* is that of the record as the writer sees it now; empty where it sees none.
    """

    own: str
    new: bool
    etag: str


def post(context: WriteContext, document: Any, ignored: Ignored | None, match: Match | None = None) -> Saved:
    """Create the record that *document* describes, or update the one that has its natural key.

    Members that are not there for the writer are *ignored*, or refused (None). *match* refuses by the record that has
    the key, as it is seen now, or by none.
    """
    known = body.shape(context.shown.branch.nodes)
    resource = _resource(context)
    given, identifier = body.read(resource, document, known, ignored)
    if identifier is not None:
        raise InvalidBody(ASSIGNED)
    if body.identity_hidden(resource, known):
        raise PolicyEnforced("The agreement does not release the natural key of this resource.")
    given = spelt(context, given)
    context.allow_unread(told=match is not None)
    context = context.naming(given)
    try:
        context, said = _said(context, given, {})
    except UnresolvedReference:
        shown = dialect(context).seen(context, given) if context.reads else {}
        if not shown:
            raise
        context, said = _said(context, given, body.plain(resource, shown))
    if not context.reads:
        _creatable(context, given, said, known)
    write = partial(_upsert, context, given, said, known, match)
    try:
        return tried(write)
    except NonUniqueIdentity:  # one that was created elsewhere after it was looked for
        return tried(write)


def _upsert(context: WriteContext, given: Record, said: Record, known: body.Shape, match: Match | None) -> Saved:
    """Update the record that has the natural key of a body, or create it where nobody else does."""
    context = context.caught_up()
    before = dialect(context).existing(context, said, given)
    if before is not None:
        with context.holding(before["id"]):
            return _update_or_refuse(context, given, said, known, match, before)
    with context.holding_keys([dialect(context).identity(context, said)]):
        if context.is_old and dialect(context).existing(context.caught_up(), said, given) is not None:
            raise ConcurrentChange(CHANGED_MEANWHILE)
        return _create(context, given, said, known, match, taken=None)


def _update_or_refuse(
    context: WriteContext, given: Record, said: Record, known: body.Shape, match: Match | None, before: Record
) -> Saved:
    """Update the record that has the key of a body, as it was *before*, if the writer sees it."""
    own: str = before["id"]
    context = context.caught_up(own)
    current = context.adapter.find_tagged(context.entity, own)
    if current is None or current.record.get("key") != before.get("key"):
        raise ConcurrentChange(CHANGED_MEANWHILE)
    row = context.row_of(own)
    if not _inside(context, current.record, row):
        return _create(context, given, said, known, match, taken=current.record)
    if not _of_branch(context, current.record):
        raise NonUniqueIdentity("Another kind of resource has these identifying values.")
    if match is not None:
        context.wrote([own])
        context = context.for_record(own)
        row = context.row_of(own)
        match(context.tagged(row))
    return _update(context, given, current, row)


def put(
    context: WriteContext, identifier: str, document: Any, ignored: Ignored | None, match: Match | None = None
) -> Saved:
    """Replace the record with *identifier*; *match* refuses (If-Match) by the record as it is seen now.

    Members that are not there for the writer are *ignored*, or refused (None).
    """
    context.allow("update")
    context.allow_unread(told=True)
    known = body.shape(context.shown.branch.nodes)
    given, stated = body.read(_resource(context), document, known, ignored)
    if stated is not None and stated.replace("-", "").lower() != identifier:
        raise CallerError(OTHER)
    given = spelt(context, given)
    context, before = _found(context.naming(given, identifier), identifier, match)
    row = context.row_of(before.record["id"])
    if not _inside(context, before.record, row):
        raise NoSuchRecord("There is nothing with this id.")
    return _update(context, given, before, row)


def delete(context: WriteContext, identifier: str, match: Match | None = None) -> None:
    """Delete the record with *identifier*."""
    context.allow("delete")
    context.allow_unread(told=True)
    context, before = _found(context, identifier, match)
    row = context.row_of(before.record["id"])
    if row is None or not _inside(context, before.record, row):
        raise NoSuchRecord("There is nothing with this id.")
    steps.remove(context, before)


def _resource(context: WriteContext) -> Resource:
    return resources()[context.request.view.model]


def _found(context: WriteContext, identifier: str, match: Match | None) -> tuple[WriteContext, Tagged]:
    """Find the record with *identifier*, and check its condition.

    Raises:
        NoSuchRecord: no record has this id for the consumer.
    """
    if context.row(identifier) is None:
        raise NoSuchRecord("There is nothing with this id.")
    context, before = steps.matched(context, identifier, match, WriteContext.tagged, must_exist=True)
    if before is None:
        raise NoSuchRecord("There is nothing with this id.")
    return context, before


def _create(
    context: WriteContext, given: Record, said: Record, known: body.Shape, match: Match | None, *, taken: Record | None
) -> Saved:
    """Create a record, unless one that the consumer does not see has its key: *taken* is refused last of all.

    Any other mistake in a body is answered first, so that only who could create a record meets a hidden one.
    """
    context.allow("create")
    if match is not None:
        match(None)
    record = _new(context, given, said, known)
    if taken is not None:
        context.record(
            "update", context.students_of([taken])
        )  # attempts to learn which keys are taken are recorded too
    if taken is not None or not _inside(context, record, None):
        raise OutsidePopulation(_outside(context))
    return _saved(context, steps.create(context, _nameless(record)), new=True)


def _new(context: WriteContext, given: Record, said: Record, known: body.Shape) -> Record:
    """Build the record that a body describes, if that has all that a new one needs."""
    if body.hidden(_resource(context), known):
        raise PolicyEnforced("The agreement does not release everything that a new record needs.")
    return _merged(context, given, said, {}, {})


def _creatable(context: WriteContext, given: Record, said: Record, known: body.Shape) -> None:
    """Refuse what a client without read could not create, so that an update of an existing record tells it nothing."""
    if not _inside(context, _new(context, given, said, known), None):
        raise OutsidePopulation(_outside(context))


def _update(context: WriteContext, given: Record, current: Tagged, row: int | None) -> Saved:
    context.allow("update")
    before = current.record
    shown = body.plain(_resource(context), context.tagged(row) or {}) if context.reads and row is not None else None
    own: str = before["id"]
    fixed = _resource(context).name not in CASCADING_KEYS
    try:
        context, said = _said(context, given, shown or {})
    except UnresolvedReference:
        if fixed and _differ(*(natural_key(_resource(context), one) for one in (given, shown or given))):
            raise KeyChangeUnsupported(FIXED.format(_resource(context).name)) from None
        raise
    row = context.row_of(own)
    merged = _merged(context, given, said, before, shown)
    if fixed and _rekeyed(context, given, shown, merged, before):
        raise KeyChangeUnsupported(FIXED.format(_resource(context).name))
    if not _inside(context, merged, row):
        raise OutsidePopulation(_outside(context))
    steps.update(context, _nameless(merged), current, rekeyed=merged.get("key") != before.get("key"))
    return _saved(context, own, new=not context.reads)


def _saved(context: WriteContext, own: str, *, new: bool) -> Saved:
    """Return the outcome of a write, read while nobody else here writes the record."""
    if not context.reads:
        return Saved(own, new, "")
    now = context.naming({}, context.outward(own)) if context.lean else context.refreshed()
    record = now.tagged(now.row(now.outward(own)))
    return Saved(own, new, record["_etag"] if record else "")


def _rekeyed(
    context: WriteContext, given: Record, shown: Record | None, merged: Record, before: Mapping[str, Any]
) -> bool:
    """Tell whether a write changes a record's natural key: the source's own, or, where it has none, the one shown."""
    resource = _resource(context)
    if dialect(context).keyed(context, before):
        now, then = merged["key"], before["key"]
    else:
        now, then = natural_key(resource, given), natural_key(resource, given if shown is None else shown)
    return _differ(now, then)


def _differ(now: Iterable[Any], then: Iterable[Any]) -> bool:
    return [str(part).casefold() for part in now] != [str(part).casefold() for part in then]


def _said(context: WriteContext, given: Record, shown: Record) -> tuple[WriteContext, Record]:
    """Read a body, as `_resolved`; and return the context over what it refers to, by its very key or as it is shown."""
    try:
        return context, _resolved(context, given, shown)
    except (UnresolvedReference, OutsidePopulation):
        if not context.lean:
            raise
    context = context.whole()
    return context, _resolved(context, given, shown)


def _resolved(context: WriteContext, given: Record, shown: Record) -> Record:
    """Read a body as a record of the vocabulary, its references by the source's own keys.

    Raises:
        UnresolvedReference: something it refers to does not exist for the consumer.
        OutsidePopulation: it could not exist either, by what the agreement says of whom a record may be about.
    """
    if unknown := unknown_descriptors(context, given, shown):
        raise InvalidBody(body.REFUSED, unknown)
    try:
        said = context.lens.read_partial(given)
    except MappingError as error:
        raise InvalidBody(error.message) from None
    resolver = Resolver(context, frozenset(name for name, value in given.items() if shown.get(name) == value))
    found = resolver.resolve(said)
    if resolver.owners and not context.grant.unrestricted(context.entity):
        raise OutsidePopulation(_outside(context, resolver.owners))
    missing = resolver.missing
    if not missing and dialect(context).keyed(context, found):
        missing = natives(context, context.lens.write(found), shown)
    if missing:
        raise UnresolvedReference(missing)
    return found


def _merged(
    context: WriteContext, given: Record, said: Record, before: Mapping[str, Any], shown: Record | None
) -> Record:
    """Merge the body into the whole record with its natural key, as the source would read it."""
    wrong: dict[str, list[str]] = {}
    merged = Merge(context, given, said, shown, before, "$", wrong).merged()
    if wrong:
        raise InvalidBody(body.REFUSED, {place: [f"This {what}."] for place, (what, *_) in wrong.items()})
    return dialect(context).completed(context, merged, said, before)


def _nameless(record: Record) -> Record:
    return {name: value for name, value in record.items() if name != "id"}


def _inside(context: WriteContext, record: Mapping[str, Any], row: int | None) -> bool:
    """Tell whether a record is, or would be, one that the consumer sees."""
    return Admission(context.shown.visibility, context.entity, row).sees(record)


def _of_branch(context: WriteContext, record: Mapping[str, Any]) -> bool:
    return all(record.get(name) in values for name, values in context.shown.branch.where)


def _outside(context: WriteContext, owners: list[str] | None = None) -> str:
    """Return why a record is outside of what the consumer may write, in terms of the agreement alone."""
    about = owners[0] if owners else ASSOCIATES.get(context.entity, "student")
    return f"{OUTSIDE} {HINTS.get(about, HINTS['student'])}"
