"""Bulk export of one consumer: the pipeline of a page for all collections at once, recorded before it leaves."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from gateway.auth.authorization import authorize
from gateway.auth.request_steps import DISTRICT_PACE, FACTS, ROWS, SCOPE, begin
from gateway.change_log.account import account_of
from gateway.change_log.skeletons import BASE
from gateway.changes.tombstones import asked_for, is_followed, is_remembered, once_each, tombstones_of
from gateway.disclosure import disclosure, write_down
from gateway.engine.filter_conditions import instant
from gateway.engine.row_index import RowIndex, index
from gateway.engine.rows import ROW_BITS, ROW_MASK
from gateway.reads.limits import spend
from gateway.reads.streamed_zip import pack
from gateway.request import PageRequest
from standards import registry
from standards.errors import Conflict, Forbidden, WalkInterrupted
from standards.oneroster.api.routes import APIS, routes
from standards.oneroster.csv.export import BULK, DELTA, ExportSheet, manifest
from standards.oneroster.csv.rows import BORROWED, told
from standards.oneroster.csv.specification import ID
from standards.query import Condition, Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from gateway.auth.authorization import Authorization
    from gateway.engine.view_rows import ViewRows
    from gateway.gateway import Gateway
    from policies.grant import Grant
    from standards.oneroster.csv.rows import ExportedFile
    from standards.view import View

CHUNK_ROWS = 1000
OPERATION = "bulk"
BULK_FILES = frozenset({OPERATION})
METADATA = "metadata"


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """A request for the files of a *version*, of one district or of all, complete or what changed after *since*."""

    version: str
    district: str | None = None
    since: str = ""
    trace: str = ""

    def mode(self, shown: Sequence[ViewRows]) -> str:
        """Return whether a file is bulk or delta: bulk where no change log reaches back to *since*."""
        known = bool(self.since) and all(map(is_followed, shown))
        return DELTA if known and is_remembered(shown, round(instant(self.since, "since") * 1000, 2)) else BULK

    def query(self, mode: str) -> Query:
        """Build the query of a collection whose file is of a *mode*."""
        changed = Condition("dateLastModified", ">", self.since, "since")
        return Query(filter=changed if mode == DELTA else None)


@dataclass(frozen=True, slots=True)
class ExportPart:
    """One file to be written, the rows of its collection, and whether they are all rows or the changed ones."""

    told: ExportedFile
    rows: RowIndex
    lent: Mapping[str, str]
    mode: str

    def complete(self, record: dict[str, Any]) -> dict[str, Any]:
        """Complete *record* with the fields of its file that only another collection has."""
        if self.lent:
            name, via, *_ = BORROWED[self.told.file.name]
            record[name] = self.lent.get(record.get(via, {}).get(ID))
        return record


@dataclass(frozen=True, slots=True)
class Export:
    """The files of one consumer, read from one snapshot of every district and recorded; *moment* is the time of it."""

    asked: ExportRequest
    parts: tuple[ExportPart, ...]
    moment: str
    still: Callable[[], None]

    @property
    def records(self) -> int:
        """Return how many records are rendered for it, one that appears in two files counted twice."""
        return sum(part.rows.total for part in self.parts)

    def archive(self, progress: Callable[[str, int], None] | None = None) -> Iterator[bytes]:
        """Yield the zip in pieces; its end, and with it its central directory, comes only if nothing failed."""
        modes = {part.told.file.name: part.mode for part in self.parts}
        files = chain(
            [("manifest.csv", iter((manifest(self.asked.version, modes),)))],
            ((part.told.file.name, self._file(part, progress)) for part in self.parts),
        )
        return pack(files)

    def _file(self, part: ExportPart, progress: Callable[[str, int], None] | None) -> Iterator[bytes]:
        sheet = ExportSheet(part.told, part.mode, () if part.told.derive else metadata_of(part.rows))
        yield sheet.heading()
        for offset in range(0, part.rows.total, CHUNK_ROWS):
            self.still()
            records = part.rows.slice(offset, CHUNK_ROWS, BASE)
            yield sheet.rows(map(part.complete, records))
            if progress is not None:
                progress(part.told.file.name, len(records))


def export(gateway: Gateway, authorization: Authorization, asked: ExportRequest) -> Export:
    """Prepare all that the caller may see as bulk files, recorded when this returns; nothing is rendered yet.

    Raises:
        Forbidden: no scope of the caller covers a file, or no agreement of it grants bulk export.
        Conflict: two districts use one sourcedId, which one set of files cannot tell apart.
    """
    views = _opened(asked.version, authorization)
    grants = authorization.of(BULK_FILES)
    begin(FACTS, authorization)
    released = {grant: pruned for grant in grants if (pruned := _released(gateway, grant, views))}
    if not released:
        raise Forbidden("No active agreement releases any file to this client.")
    begin(DISTRICT_PACE)
    gateway.limits.spend_districts(grant.district for grant in released)
    begin(ROWS, authorization)
    shown = _shown(gateway, released)
    moment = _moment(gateway, [part for some in shown.values() for part in some])
    modes = {name: asked.mode(parts) for name, parts in shown.items()}
    rows = {name: _rows(gateway, parts, asked.query(modes[name])) for name, parts in shown.items()}
    files = [one for one in told(asked.version) if _has(one, shown) and _tells(one, rows[one.collection])]
    parts = tuple(ExportPart(one, rows[one.collection], _lent(one, shown), modes[one.collection]) for one in files)
    spend(gateway, *((found, (0, found.total)) for found in rows.values()))
    _record(gateway, authorization, asked, views, rows, modes)
    return Export(asked, parts, moment, _guard(gateway, authorization, asked, grants))


def metadata_of(rows: RowIndex) -> frozenset[str]:
    """Return the names of all metadata members that *rows* show."""
    found: set[str] = set()
    for number, part in enumerate(rows.shown):
        if any(node.name == METADATA for node in part.branch.nodes):
            mine = [code & ROW_MASK for code in rows.codes if code >> ROW_BITS == number]
            for start in range(0, len(mine), CHUNK_ROWS):
                found.update(*filter(None, part.values(mine[start : start + CHUNK_ROWS], METADATA)))
    return frozenset(found)


def _opened(version: str, authorization: Authorization) -> tuple[View, ...]:
    """Return the views behind the files of *version* that the caller's scopes cover, as they cover the collections."""
    known, files = registry.views(APIS[version]), {one.collection for one in told(version)}
    plain = [
        one for one in routes(version) if (one.operation.method, one.operation.path) == ("GET", f"/{one.collection}")
    ]
    plain = [one for one in plain if one.collection in files & known.keys()]
    begin(SCOPE, authorization, frozenset[str]().union(*(one.scopes for one in plain)))
    views = tuple(known[one.collection] for one in plain if one.scopes & authorization.scopes)
    if not views:
        raise Forbidden("The token has no scope for any of the files.")
    return views


def _released(gateway: Gateway, grant: Grant, views: tuple[View, ...]) -> list[View]:
    """Return what of each view *grant* releases, where the district's source has such records."""
    pruned = [kept for view in views if (kept := gateway.views.pruned(grant, view)) is not None]
    return [view for view in pruned if gateway.districts[grant.district].has(view)]


def _shown(gateway: Gateway, released: Mapping[Grant, list[View]]) -> dict[str, tuple[ViewRows, ...]]:
    """Return the rows of each view that exist for the caller, over one snapshot of every district."""
    found: dict[str, tuple[ViewRows, ...]] = {}
    for grant, views in released.items():
        for view, some in zip(views, gateway.views.shown_together(grant, views), strict=True):
            found[view.name] = found.get(view.name, ()) + some
    return found


def _has(one: ExportedFile, shown: Mapping[str, tuple[ViewRows, ...]]) -> bool:
    """Tell whether the consumer has the collections, and the member of them, that a file needs."""
    parts = shown.get(one.collection, ())
    if not parts or (one.other and one.other not in shown):
        return False
    return not one.member or any(node.name == one.member for part in parts for node in part.branch.nodes)


def _tells(one: ExportedFile, rows: RowIndex) -> bool:
    """Tell whether a file would have any row: for one about a member of records, whether any record has it."""
    if one.derive is None:
        return rows.total > 0
    for number, part in enumerate(rows.shown):
        mine = [code & ROW_MASK for code in rows.codes if code >> ROW_BITS == number]
        for start in range(0, len(mine), CHUNK_ROWS):
            some = mine[start : start + CHUNK_ROWS]
            having = [row for row, value in zip(some, part.values(some, one.member), strict=True) if value]
            if any(any(one.derive(record)) for record in part.render(having, BASE)):
                return True
    return False


def _lent(one: ExportedFile, shown: Mapping[str, tuple[ViewRows, ...]]) -> Mapping[str, str]:
    """Return the fields that another collection adds to a file, by record id; empty where it is not released."""
    if one.file.name not in BORROWED:
        return {}
    *_, collection, name = BORROWED[one.file.name]
    found: dict[str, str] = {}
    for part in shown.get(collection, ()):
        values = part.values(part.rows, f"{name}.{ID}")
        found |= {part.ids[row]: value for row, value in zip(part.rows, values, strict=True) if value}
    return found


def _rows(gateway: Gateway, shown: tuple[ViewRows, ...], query: Query) -> RowIndex:
    """Return the rows of a file by id. Changes include tombstones, unless the record exists again as another kind."""
    gone = once_each([tombstones_of(gateway.logs, part) for part in shown]) if asked_for(query) else ()
    rows = index((*shown, *gone), query, BASE)
    kept, last = array("Q"), ""
    for code in rows.codes:
        part = rows.shown[code >> ROW_BITS]
        identifier = part.ids[code & ROW_MASK]
        if identifier != last:
            kept.append(code)
        elif code >> ROW_BITS < len(shown):
            raise Conflict("Two records have one sourcedId; ask for the files of each district by itself.")
        last = identifier
    return RowIndex(rows.shown, kept)


def _record(
    gateway: Gateway,
    authorization: Authorization,
    asked: ExportRequest,
    views: tuple[View, ...],
    rows: Mapping[str, RowIndex],
    modes: Mapping[str, str],
) -> None:
    """Record, durably, what is about to be sent of each collection; an exception here sends nothing."""
    for view in views:
        if found := rows.get(view.name):
            query = asked.query(modes[view.name])
            request = PageRequest(view, asked.district, frozenset(), partial(_same, query), BASE, asked.trace)
            served = authorization.by(dict.fromkeys(part.visibility.grant for part in found.shown))
            event = disclosure(gateway, served, request, found, query, (0, found.total))
            write_down(gateway, {**event, "operation": OPERATION})


def _same(query: Query, _views: tuple[View, ...]) -> Query:
    return query


def _guard(
    gateway: Gateway, authorization: Authorization, asked: ExportRequest, grants: tuple[Grant, ...]
) -> Callable[[], None]:
    """Return a check that ends the files when their agreements have changed since."""
    before = _terms(gateway, grants)

    def still() -> None:
        present = gateway.present()  # which a reload may have changed
        now = authorize(present.grants, authorization.caller, asked.district)
        if _terms(present, now.of(BULK_FILES)) != before:
            raise WalkInterrupted("What this client may see has changed meanwhile; ask again.")

    return still


def _terms(gateway: Gateway, grants: tuple[Grant, ...]) -> Any:
    return [(grant.epoch, gateway.views.today(grant), gateway.views.registered(grant)) for grant in grants]


def _moment(gateway: Gateway, shown: Sequence[ViewRows]) -> str:
    """Return the moment from which the next request for changes loses nothing of *shown*, and repeats little.

    It is that of the last change reported of any district; where a clock was set back, of the earliest district.
    """
    visibility = {part.visibility.snapshot.district: part.visibility for part in shown if is_followed(part)}
    moments = [account.newest(one) for one in visibility.values() if (account := account_of(one)) is not None]
    now = int(gateway.clock() * 1000)
    newest = max(moments, default=now)
    chosen = newest if newest <= now + 1 else min(moments)
    return datetime.fromtimestamp(chosen / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
