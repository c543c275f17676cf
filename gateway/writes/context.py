"""The context of a write: what the writer may do and see, and how a change is recorded before it is made."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.auth.authorization import AuthorizedView
from gateway.auth.request_steps import DISTRICT_PACE, FACTS, OPERATION, ROWS, SCOPE, SYSTEM, begin
from gateway.cache.point_lookups import references
from gateway.changes import feed
from gateway.disclosure import change, write_down
from gateway.districts.guarded_adapter import NOT_ACCEPTED
from gateway.engine.data_subjects import students
from gateway.engine.plan import decides
from gateway.reads.pushdown import lookup_entities, pushed_conditions
from gateway.request_slots import approach
from gateway.writes.native_targets import OF_SCHOOL, SESSION, native_targets
from standards import registry
from standards.errors import (
    ActionForbidden,
    CallerError,
    ConcurrentChange,
    Forbidden,
    InvalidBody,
    MappingError,
    NoSuchRecord,
    OperationMissing,
    OutcomeUnknown,
    PreconditionFailed,
    SourceUnavailable,
    Unsupported,
)
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from adapters.contract import Adapter, Tagged
    from gateway.auth.authorization import Authorization
    from gateway.engine.view_rows import ViewRows
    from gateway.gateway import Gateway
    from gateway.request import PageRequest
    from policies.grant import Grant
    from standards.lenses.lens import Lens
    from standards.view import View

    Record = dict[str, Any]

WRITE_OPERATIONS = frozenset({"create", "update", "delete"})
READ_NOT_ALLOWED = (
    "The agreement does not let this client read, so it may do nothing that tells whether a record is there."
)
CHANGED_MEANWHILE = "The record was changed at the same time."
OUTCOME_NOT_KNOWN = "The district's system did not answer: whether the change was made is not known."


@dataclass(frozen=True, slots=True)
class WriteContext:
    """The one district that a write is for, and what the consumer sees of the view there.

    A *lean* context has of the view the record with an *identifier* only, and beside it only what that record and
    what is *named* refer to, or all that may be referred to (None). It was read when so many writes here had *ended*.
    """

    gateway: Gateway
    authorization: Authorization
    request: PageRequest
    grant: Grant
    shown: ViewRows
    lens: Lens
    identifier: str | None = None
    named: Record | None = None
    lean: bool = False
    ended: int = 0

    @property
    def entity(self) -> str:
        """The entity that is written."""
        return self.shown.branch.entity

    @property
    def adapter(self) -> Adapter:
        """The adapter of the district's source."""
        return self.gateway.districts[self.grant.district].adapter

    @property
    def members(self) -> frozenset[str]:
        """The members that exist for this consumer."""
        return frozenset(path.partition(".")[0] for path in self.shown.chains)

    @property
    def reads(self) -> bool:
        """Tell whether the consumer may see anything of a record as it is."""
        return "read" in self.grant.operations

    def row(self, identifier: str) -> int | None:
        """Return the row with *identifier* for the consumer."""
        ids = self.shown.ids
        row = ids.index(identifier) if identifier in ids else None
        return row if row is not None and self.shown.shows(row) else None

    def own_id(self, row: int) -> str:
        """Return the source's own id of the record in *row*."""
        return self.shown.visibility.snapshot.table(self.entity).ids[row]

    def row_of(self, own: str) -> int | None:
        """Return the row of the record with the source's id *own*, visible or not."""
        return self.shown.visibility.snapshot.table(self.entity).row_of(own)

    def rendered(self, row: int | None) -> Record | None:
        """Render the record in *row* as the consumer sees it now."""
        if row is None:
            return None
        (record,) = self.shown.single(row).slice(0, 1, self.request.base)
        return record

    def tagged(self, row: int | None) -> Record | None:
        """Render the record in *row* as the consumer sees it now, without its time of change, which takes longer."""
        if row is None:
            return None
        (record,) = self.shown.render([row], self.request.base)
        self.shown.ledger.tag(self.shown, record, self.request.base)
        return record

    def current(self, own: str) -> Tagged:
        """Read the whole record with the source's id *own* as the source has it now, and its tag there.

        Raises:
            NoSuchRecord: the source has no such record any more.
        """
        found = self.adapter.find_tagged(self.entity, own)
        if found is None:
            raise NoSuchRecord("There is nothing with this id.")
        return found

    def outward(self, own: str) -> str:
        """Return the id by which the consumer knows the record with the source's id *own*."""
        visibility, api = self.shown.visibility, self.request.view.api
        pseudonymous = visibility.pseudonymous(self.entity)
        if api != "edfi" and not pseudonymous:
            return own
        blocks = visibility.keyring.blocks(visibility.snapshot.district, self.entity, [own])
        return visibility.keyring.pseudonyms(visibility.grant.client, blocks)[0] if pseudonymous else blocks.hex()

    def allow(self, operation: str) -> None:
        """Refuse what the agreement, or the token, does not let the consumer do."""
        begin(OPERATION)
        if operation not in self.grant.operations:
            raise OperationMissing([operation])
        if self.request.view.api == "edfi" and f"edfi:{operation}" not in self.authorization.scopes:
            raise ActionForbidden(f"The token has no scope to {operation} here.")

    def allow_unread(self, *, told: bool) -> None:
        """Refuse a client without read what would tell it whether a record exists, before that is looked up.

        It may still create or replace; *told* says that the response differs between the two all the same.
        """
        if self.reads:
            return
        if told:
            raise ActionForbidden(READ_NOT_ALLOWED)
        self.allow("create")
        self.allow("update")

    def record(self, operation: str, students: Iterable[bytes], rows: int = 1) -> None:
        """Record, durably, what is about to be done to as many *rows* about *students* (their tags)."""
        tags = tuple(dict.fromkeys(students))
        event = change(self.gateway, self.authorization, self.request, self.shown, operation, tags, rows)
        write_down(self.gateway, event)

    def save(self, record: Record, *, before: Tagged | None, rekeyed: bool = False) -> str:
        """Save a record in the district's source; return the source's id of it.

        A record that existed *before* has to be unchanged, as far as the source can tell. A *rekeyed* one may change
        what refers to it.

        Raises:
            ConcurrentChange: somebody else has changed it meanwhile.
            InvalidBody: the source does not accept it; the error names only paths that exist for the consumer.
        """
        own = record.get("id")
        if rekeyed and own is not None:
            feed.note_all(self.gateway, self.grant.district)
            feed.note(self.gateway, self.grant.district, self.entity, own, rekeyed=True)
        try:
            own = self.adapter.save(self.entity, record, new=before is None, before=before)
        except PreconditionFailed:
            raise ConcurrentChange(CHANGED_MEANWHILE) from None
        except InvalidBody as error:
            heads = {place.removeprefix("$.").partition(".")[0].partition("[")[0] for place in error.places}
            told = {f"$.{head}": [NOT_ACCEPTED] for head in sorted(heads & self.members)}
            raise type(error)(error.message, told) from None
        except SourceUnavailable as error:
            raise OutcomeUnknown(OUTCOME_NOT_KNOWN, error.retry_after) from None
        finally:
            if own is not None:
                self.wrote([own], rekeyed=rekeyed)
        if before is None:
            self.gateway.ledger.wrote(self.shown, self.outward(own))
        return own

    def remove(self, own: str, before: Tagged | None = None) -> None:
        """Delete a record in the district's source, which has to be as it was *before*.

        Raises:
            ConcurrentChange: somebody else has changed it meanwhile.
        """
        feed.note(self.gateway, self.grant.district, self.entity, own, rekeyed=False)
        try:
            self.adapter.delete(self.entity, own, before=before)
        except PreconditionFailed:
            raise ConcurrentChange(CHANGED_MEANWHILE) from None
        except SourceUnavailable as error:
            raise OutcomeUnknown(OUTCOME_NOT_KNOWN, error.retry_after) from None
        finally:
            self.wrote([own])

    def holding(self, own: str) -> AbstractContextManager[None]:
        """Lock the record with the source's id *own* against other writes here."""
        block = self.gateway.keyring.blocks(self.grant.district, self.entity, [own]).hex()
        return self.gateway.record_locks.hold(self.grant.district, self.entity, block)

    @contextmanager
    def holding_keys(self, keys: Iterable[tuple[str, ...]]) -> Iterator[None]:
        """Lock these natural *keys*, in any case, against other records created here."""
        with ExitStack() as stack:
            for folded in sorted({tuple(part.casefold() for part in key) for key in keys}):
                stack.enter_context(self.gateway.record_locks.hold(self.grant.district, self.entity, "key", *folded))
            yield

    @property
    def is_old(self) -> bool:
        """Tell whether a write of the entity has ended here since the context was made."""
        return self.ended != self.gateway.record_locks.ended(self.grant.district, self.entity)

    def caught_up(self, own: str | None = None) -> WriteContext:
        """Return this context, or a new one where a write has ended since, or where it lacks the record *own*."""
        has = own is None or self.row_of(own) is not None
        if has and not self.is_old:
            return self
        return self.refreshed() if own is None else self.for_record(own)

    def wrote(self, identifiers: Iterable[str], *, rekeyed: bool = False) -> None:
        """Show in every later response what the source has under these ids now."""
        self.gateway.districts[self.grant.district].note_written(self.entity, tuple(identifiers), rekeyed=rekeyed)

    def refreshed(self) -> WriteContext:
        """Make a context over the present data."""
        return self._over(self.identifier, self.named)

    def for_record(self, own: str) -> WriteContext:
        """Make a context over the present data, for the record with the source's id *own*."""
        return self._over(self.outward(own), self.named)

    def naming(self, given: Mapping[str, Any], identifier: str = "") -> WriteContext:
        """Make a context for the record with an *identifier* and what a body refers to by the very keys it gives.

        One that is not lean has all of it already.
        """
        if not self.lean:
            return self
        try:
            said = self.lens.read_partial(given)
        except MappingError:  # the caller of `read` reports it
            said = {}
        return self._over(identifier, said)

    def whole(self) -> WriteContext:
        """Make a context over all that a body may refer to, whatever key it is shown under."""
        return self._over(self.identifier, None)

    def _over(self, identifier: str | None, named: Record | None) -> WriteContext:
        return context_of(self.gateway, self.authorization, self.request, identifier, named)

    def students_in(self, row: int | None) -> Iterable[bytes]:
        """Return the tags of the students that the record in *row* is about."""
        found: Iterable[bytes] = () if row is None else students(self.shown, self.gateway)(row)
        return found

    def students_of(self, records: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
        """Return the tags of the students that *records* are about; a new student has one only if its id is given."""
        snapshot = self.shown.visibility.snapshot
        table, tag = snapshot.table("student"), self.gateway.tags(self.shown.visibility)
        names = [name for name, one in fields_of(self.entity).items() if one.to == "student" and not one.many]
        for one in records:
            keys = [one[name] for name in names if name in one]
            if self.entity == "student" and "key" in one:
                keys.append(one["key"])
            yield from (tag(table.rows[key]) for key in keys if key in table.rows)
            if self.entity == "student" and "id" in one:
                yield self.gateway.logs.tagger(self.shown.visibility)(one["id"])


def open_context(
    gateway: Gateway,
    authorization: Authorization,
    request: PageRequest,
    identifier: str | None = None,
    named: Record | None = None,
) -> WriteContext:
    """Open the context of a write, if scopes, agreement and the district's source allow one, within the limits.

    It is lean where it may be, if an *identifier* is given.

    Raises:
        Forbidden: no scope, or no agreement, of the caller covers it.
        Unsupported: the district's source accepts no such changes.
        CallerError: several districts could be meant.
    """
    return context_of(gateway, permit_write(gateway, authorization, request), request, identifier, named)


def permit_write(gateway: Gateway, authorization: Authorization, request: PageRequest) -> Authorization:
    """Permit a write, by one grant and in one view, once the audit log and the registry can be written.

    Raises:
        GatewayError: as `open_context`.
    """
    begin(SCOPE, authorization, request.scopes)
    if not request.scopes & authorization.scopes:
        raise Forbidden("The token has no scope for this operation.")
    able = _able(gateway, request, authorization.of(WRITE_OPERATIONS))
    begin(FACTS)
    _outer(gateway, able.grant, request)
    begin(DISTRICT_PACE)
    gateway.limits.spend_districts([able.grant.district])
    begin(ROWS, authorization, request)
    approach(gateway.districts[able.grant.district].adapter)  # before anything of the write is recorded
    return authorization.over([able])


def context_of(
    gateway: Gateway,
    authorization: Authorization,
    request: PageRequest,
    identifier: str | None = None,
    named: Record | None = None,
) -> WriteContext:
    """Make the context of a permitted write, over the district's present data."""
    (able,) = authorization.views
    grant, view = able.grant, able.view
    entity, district = written_entity(gateway, able), gateway.districts[grant.district]
    ended = gateway.record_locks.ended(grant.district, entity)
    needed = gateway.views.entities(grant, view) | (beside := _beside(gateway, request, grant, entity))
    sent = pushed_conditions(grant, view, needed, (), identifier, district.adapter.manifest.ids_shown)
    lean = bool(sent) and entity not in district.cached_entities
    point_lookups = lookup_entities(grant, view, needed) if lean and named is not None else {}
    point_lookups |= {to: keys for to, keys in references(entity, named or {}).items() if to in point_lookups}
    every = gateway.views.shown(grant, view, beside, sent, point_lookups)
    shown = next(one for one in every if one.branch.entity == entity)
    lens = registry.lens(request.view.api, request.view.name, entity)
    return WriteContext(gateway, authorization, request, grant, shown, lens, identifier, named, lean, ended)


def _beside(gateway: Gateway, request: PageRequest, grant: Grant, entity: str) -> frozenset[str]:
    """Return the entities that a written record may refer to, and those that decide whether the writer sees them."""
    found = frozenset(field.to for field in fields_of(entity).values() if field.type == "ref")
    found = found.union(*(gateway.views.entities(grant, one) for one in _outer(gateway, grant, request)))
    found = found.union(*(decides(one, grant) for one in native_targets(request.view)))
    return found | {OF_SCHOOL} if SESSION in found and request.view.api == "edfi" else found


def _able(gateway: Gateway, request: PageRequest, grants: Sequence[Grant]) -> AuthorizedView:
    """Return the one grant, and the part of the view, by which records can be written."""
    begin(FACTS)
    pruned = [(grant, view) for grant in grants if (view := gateway.views.pruned(grant, request.view)) is not None]
    if not pruned:
        raise Forbidden("No active agreement lets this client change this resource.")
    begin(SYSTEM)
    able = [one for one in (AuthorizedView(*both) for both in pruned) if written_entity(gateway, one)]
    if not able:
        raise Unsupported("No district's system here takes changes of this resource.")
    if len(able) > 1:
        raise CallerError("Several districts could be meant: name one at the beginning of the address.")
    return able[0]


def _outer(gateway: Gateway, grant: Grant, request: PageRequest) -> list[View]:
    """Return what the consumer sees of the views of the records in the address."""
    outer = [pruned for one in request.within if (pruned := gateway.views.pruned(grant, one.view)) is not None]
    if len(outer) < len(request.within):
        raise Forbidden("No active agreement lets this client change this resource.")
    return outer


def written_entity(gateway: Gateway, able: AuthorizedView) -> str:
    """Return the entity of a view that the source accepts changes of; empty where it accepts none."""
    writes = gateway.districts[able.grant.district].adapter.manifest.writes
    return next((branch.entity for branch in able.view.branches if branch.entity in writes), "")
