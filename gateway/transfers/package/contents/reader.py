"""The reader of one student's released record: the views of the engine over a population of exactly one student.

Row rules, registers and overlays are those of every other exit. All of it is read from one state of the district's
data, cached and uncached entities alike, and whatever fails on the way fails all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from adapters.contract import NO_HINTS, Hint
from gateway.cache.point_lookups import NO_LOOKUPS
from gateway.districts.uncached_reads import with_targets
from gateway.engine.laid_over import laid_over
from gateway.engine.plan import entities_of
from gateway.engine.view_rows import ViewRows
from gateway.engine.visibility import Visibility
from gateway.transfers.package.contents import references, roster
from gateway.transfers.package.contents.narrowing import of_one_student, without_places
from gateway.transfers.package.contents.record import OtherStudentFound, RecordContents, StudentNotCovered
from standards import registry
from standards.edfi.model.model import by_collection, natural_key
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from adapters.contract import Hints
    from gateway.cache.snapshot import Snapshot
    from gateway.gateway import Gateway
    from gateway.transfers.package.contents.record import Document, WantedContents
    from policies.grant import Grant
    from standards.view import View

API: Final = "edfi"
STUDENT: Final = "student"
CONTACT: Final = "contact"
LINKED_TO_STUDENT: Final = frozenset({STUDENT, CONTACT})
"""The entities without a reference to a student of which those visible are the student's all the same."""


@dataclass(frozen=True, slots=True)
class GatewayRecord:
    """The record of the *student*, by the id that the district's source gives it, as *grant* releases it.

    Where the single part of its natural *key* is known already, nothing is read for that.
    """

    gateway: Gateway
    grant: Grant
    student: str
    key: str = ""

    def read(self, wanted: WantedContents) -> RecordContents:
        """Read all that is *wanted* of one state of the district's data, or fail.

        Raises:
            StudentNotCovered: the grant shows no such student.
            SourceError: the source cannot be read whole.
        """
        base = self.grant if wanted.places else without_places(self.grant)
        resources = (*wanted.own, *wanted.referred)
        views = self._released(base, resources)
        sheets = roster.views_of(wanted.roster, lambda view: self.gateway.views.pruned(base, view))
        visibility = self._visibility(base, self._key(), (*views.values(), *sheets.values()))
        row = _row_of(visibility, self.student)
        documents, shown = self._rows(views, visibility), self._rows(sheets, visibility)
        found = _documents(wanted, documents, row)
        unique = str(visibility.unique_ids(STUDENT)[row])
        _refuse_others(found, unique)
        files = roster.files(wanted.roster, shown, row)
        telling = [documents[name] for name, some in found.items() if some] + (list(shown.values()) if files else [])
        facts = tuple(part.facts for parts in telling for part in parts)
        lacking = self._lacking((*resources, *wanted.present))
        return RecordContents(unique, found, lacking, files, self.gateway.tags(visibility)(row), facts)

    def _released(self, grant: Grant, resources: Iterable[str]) -> dict[str, View]:
        known, district = registry.views(API), self.gateway.districts[grant.district]
        pruned = {name: self.gateway.views.pruned(grant, known[name]) for name in resources}
        return {name: view for name, view in pruned.items() if view is not None and district.has(view)}

    def _lacking(self, resources: Iterable[str]) -> frozenset[str]:
        """Return those of the *resources* of which the district's source has no record, whatever is released."""
        known, district = registry.views(API), self.gateway.districts[self.grant.district]
        return frozenset(name for name in resources if not district.has(known[name]))

    def _key(self) -> str:
        """Return the single part of the student's natural key, by which it is told from all others."""
        if self.key:
            return self.key
        asked: Hints = {STUDENT: (Hint("id", "=", self.student),)}
        snapshot = self.gateway.districts[self.grant.district].snapshot(frozenset({STUDENT}), self.grant, asked)
        table = snapshot.table(STUDENT)
        row = table.row_of(self.student)
        key = table.key(row) if row is not None else None
        if key is None or len(key) != 1:
            raise StudentNotCovered
        return key[0]

    def _visibility(self, base: Grant, key: str, views: Sequence[View]) -> Visibility:
        """Return what *base* shows of the student with a *key* in one state of the data; nothing of it is kept."""
        grant = of_one_student(base, key)
        district = self.gateway.districts[grant.district]
        entities = frozenset({STUDENT}).union(*(entities_of(view, grant) for view in views))
        there = district.adapter.manifest.entities
        live = with_targets((entities & there) - district.cached_entities, there)
        by = ("", self.student) if not district.adapter.manifest.bulk else (".key", key)  # files know no ids
        alone = {STUDENT: ((key,),), CONTACT: ()} if STUDENT in live else NO_LOOKUPS
        snapshot = district.snapshot(entities, grant, _conditions(live, entities, *by), alone)
        below = self._over(snapshot.base, grant) if snapshot.base is not None else None
        return self._over(snapshot, grant, below)

    def _over(self, snapshot: Snapshot, grant: Grant, below: Visibility | None = None) -> Visibility:
        raw = Visibility(snapshot, grant, self.gateway.keyring, self.gateway.views.today(grant))
        return laid_over(raw, below)

    def _rows(self, views: Mapping[str, View], visibility: Visibility) -> dict[str, tuple[ViewRows, ...]]:
        ledger = self.gateway.ledger
        return {
            name: tuple(ViewRows(branch, view, visibility, ledger) for branch in view.branches)
            for name, view in views.items()
        }


def _documents(
    wanted: WantedContents, rows: Mapping[str, tuple[ViewRows, ...]], student: int
) -> dict[str, tuple[Document, ...]]:
    """Return the student's own documents, then what they refer to, by resource."""
    found = {resource: _own(rows.get(resource, ()), student) for resource in wanted.own}
    for resource in wanted.referred:
        found[resource] = _referred(rows.get(resource, ()), resource, found)
    return found


def _own(parts: Sequence[ViewRows], student: int) -> tuple[Document, ...]:
    """Return the student's own documents of a view: those whose records belong to the student's row."""
    found: list[Document] = []
    for part in parts:
        found += part.render([row for row in part.rows if _belongs(part, row, student)], "")
    return _in_order(parts, found)


def _referred(
    parts: Sequence[ViewRows], resource: str, found: Mapping[str, Sequence[Document]]
) -> tuple[Document, ...]:
    """Return those documents of a view that any document *found* so far refers to."""
    every = ((name, one) for name, some in found.items() for one in some)
    keys = references.named_keys(every, resource) if parts else frozenset()
    shown: list[Document] = []
    for part in parts if keys else ():
        rows = part.rows
        columns = [part.values(rows, path) for path in references.key_paths(resource)]
        chosen = [row for row, *key in zip(rows, *columns, strict=True) if references.texts(key) in keys]
        shown += part.render(chosen, "")
    return _in_order(parts, shown)


def _conditions(live: frozenset[str], entities: frozenset[str], by: str, student: str) -> Hints:
    """Return what a source need not send of *live* entities: records of other students, which nothing left refers to.

    Everybody else is outside the population, so leaving them out changes nothing that could be shown.
    """
    owners = {entity: owner for entity in live if (owner := _owner(entity)) is not None}
    while kept := owners.keys() & _referred_to((entities | live) - owners.keys()):
        owners = {entity: owner for entity, owner in owners.items() if entity not in kept}
    return {entity: (Hint(f"{owner}{by}", "=", student),) for entity, owner in owners.items()} or NO_HINTS


def _referred_to(entities: Iterable[str]) -> frozenset[str]:
    return frozenset(field.to for one in entities for field in fields_of(one).values() if field.type == "ref")


def _owner(entity: str) -> str | None:
    """Return the name of the reference by which a record belongs to a student."""
    owners = (name for name, field in fields_of(entity).items() if field.owner and field.to == STUDENT)
    return next(owners, None)


def _belongs(part: ViewRows, row: int, student: int) -> bool:
    """Tell whether a visible *row* is the student's own, or of a contact, of whom only the student's are visible."""
    entity = part.branch.entity
    if entity in LINKED_TO_STUDENT:
        return entity != STUDENT or row == student
    owner = _owner(entity)
    refs = part.visibility.judged.table(entity).refs.get(owner) if owner is not None else None
    return refs is not None and refs[row] == student


def _row_of(visibility: Visibility, student: str) -> int:
    row = visibility.snapshot.table(STUDENT).row_of(student)
    visible = visibility.visible(STUDENT)
    if row is None or (visible is not None and not visible[row]):
        raise StudentNotCovered
    return row


def _in_order(parts: Sequence[ViewRows], documents: Iterable[Document]) -> tuple[Document, ...]:
    """Order documents by their natural keys, without what belongs to the server."""
    resource = by_collection(parts[0].view.name) if parts else None
    if resource is None:
        return ()
    plain: list[Any] = [references.without_links(one) for one in documents]
    return tuple(sorted(plain, key=lambda one: ([str(part) for part in natural_key(resource, one)], repr(one))))


def _refuse_others(found: Mapping[str, Iterable[Document]], unique: str) -> None:
    """Refuse documents that name any other student.

    Raises:
        OtherStudentFound: one does.
    """
    for resource, documents in found.items():
        if any(name != unique for one in documents for name in references.students_named(one)):
            raise OtherStudentFound(resource)
