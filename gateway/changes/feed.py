"""The change feed: the rows in a window of change versions, and its deletes and keyChanges."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from gateway.auth.request_steps import DISTRICT_PACE, OPERATION, ROWS, SCOPE, SYSTEM, begin
from gateway.change_versions.compared import CurrentRows
from gateway.change_versions.journal import key_of
from gateway.changes import pass_through
from gateway.changes.rows_of_view import RowsOfView
from gateway.engine.data_subjects import students
from gateway.engine.row_index import RowIndex, index
from gateway.engine.rows import ROW_BITS
from gateway.engine.view_rows import ViewRows
from policies.permission import covering
from standards import registry
from standards.edfi.api.change_feeds import key_members
from standards.edfi.model.cascading_keys import followers
from standards.errors import ActionForbidden, FeatureDisabled, MalformedQuery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from adapters.contract import Hint, Hints
    from gateway.auth.authorization import Authorization
    from gateway.change_versions.journal import RemovedEntry
    from gateway.engine.rows import SearchableRows
    from gateway.gateway import Gateway
    from policies.grant import Grant
    from standards.query import Query, Window
    from standards.view import View

READ_CHANGES = "edfi:readchanges"
CHANGES = frozenset({"changes"})
NO_SCOPE = f"The action 'ReadChanges' needs the scope {READ_CHANGES}, which the token has not."
TAG_DIGITS = 16
ONE_DISTRICT = "Change versions belong to one district: ask below /{district}/ for each of them."
NOT_TOLD = (
    "This resource is read from the district's system on each request, and what has changed can only be told where the "
    "system tells it and an agreement shows the whole resource: leave minChangeVersion and maxChangeVersion out, and "
    "compare whole lists."
)


def available(gateway: Gateway, authorization: Authorization) -> dict[str, int]:
    """Return the oldest and newest change versions for a client at the one district of its agreements.

    Raises:
        OperationMissing, ActionForbidden: no agreement, or no scope, lets the client read changes.
        FeatureDisabled: there are several districts.
    """
    agreed = authorization.of()
    begin(OPERATION, authorization, CHANGES)
    able = covering(agreed, CHANGES)
    begin(SCOPE, authorization, frozenset({READ_CHANGES}))
    if READ_CHANGES not in authorization.scopes:
        raise ActionForbidden(NO_SCOPE)
    begin(SYSTEM)
    if len({one.district for one in able}) > 1:
        raise FeatureDisabled(ONE_DISTRICT)
    grant = able[0]
    begin(DISTRICT_PACE)
    gateway.limits.spend_districts([grant.district])
    begin(ROWS, authorization)
    follow(gateway, grant)
    own = pass_through.newest_version(gateway, grant)
    _record_all_differences(gateway, grant)
    newest = gateway.client_logs.report(grant.client, grant.district, own, grant.purpose)
    oldest = gateway.client_logs.oldest(grant.client, grant.district, grant.purpose)
    return {"oldestChangeVersion": max(0, min(oldest, newest)), "newestChangeVersion": newest}


def follow(gateway: Gateway, grant: Grant) -> None:
    """Follow from now on what the client of *grant* is shown."""
    district = gateway.districts[grant.district]
    district.freshen()
    if district.cached_entities:
        district.cached_snapshot()  # first, so that the version reported covers a snapshot made for this request
    gateway.client_logs.follow(grant.client, grant.district, grant.epoch, grant.purpose)


def _record_all_differences(gateway: Gateway, grant: Grant) -> None:
    """Record all differences before a version is reported, so that no hidden change affects which one."""
    for name in sorted(gateway.client_logs.places(grant.client, grant.district, grant.purpose)):
        whole = registry.views("edfi").get(name)  # None for a removed extension
        view = gateway.views.pruned(grant, whole) if whole is not None else None
        if view is not None and not pass_through.is_uncached(gateway, grant, view):
            for one in gateway.views.shown(grant, view):
                gateway.client_logs.record_differences(_present(gateway, one))


def permit(gateway: Gateway, authorization: Authorization, whole: View, window: Window) -> None:
    """Check that the caller may read changes, and that they can be reported; *whole* is the view before pruning.

    Raises:
        ActionForbidden: the token has no scope for it.
        MalformedQuery, FeatureDisabled: there are several districts, or one whose system cannot report changes.
    """
    begin(SCOPE, authorization, frozenset({READ_CHANGES}))
    if READ_CHANGES not in authorization.scopes:
        raise ActionForbidden(NO_SCOPE)
    begin(SYSTEM)
    if len({one.grant.district for one in authorization.views}) > 1:
        raise _refusal(window, ONE_DISTRICT)
    for one in authorization.views:
        live = pass_through.is_uncached(gateway, one.grant, one.view)
        if live and not pass_through.can_report(gateway, one.grant, one.view, whole):
            raise _refusal(window, NOT_TOLD)


def prepare(gateway: Gateway, authorization: Authorization, window: Window) -> Hints:
    """Follow the changes of every district; return the conditions to push down for what is read uncached."""
    hints: dict[str, tuple[Hint, ...]] = {}
    for one in authorization.views:
        follow(gateway, one.grant)
        if pass_through.is_uncached(gateway, one.grant, one.view):
            hints |= pass_through.pushed_conditions(gateway, one.grant, one.view, window)
    return hints


def keep(gateway: Gateway, parts: Sequence[ViewRows]) -> None:
    """Record what clients that follow changes are shown, where it differs from before."""
    for one in parts:
        grant, snapshot = one.visibility.grant, one.visibility.snapshot
        held = snapshot.base is None and snapshot.number
        if one.view.api == "edfi" and held and gateway.client_logs.follows(grant.client, grant.district, grant.purpose):
            gateway.client_logs.record_differences(_present(gateway, one))


def note(gateway: Gateway, district: str, entity: str, own: str, *, rekeyed: bool) -> None:
    """Record what clients see of a record about to be deleted or to get another key, so that this is reported.

    Of one that is *rekeyed*, also record the resources whose keys cascade, where they have no log yet.
    """
    views = [one for one in registry.views("edfi").values() if any(part.entity == entity for part in one.branches)]
    names = frozenset().union(*(followers(one.model) for one in views)) if rekeyed else frozenset()
    for grant in gateway.grants.every(district):
        if not gateway.in_force(grant) or not gateway.client_logs.follows(grant.client, district, grant.purpose):
            continue
        for one in _cached(gateway, grant, views):
            row = one.visibility.snapshot.table(entity).row_of(own)
            if one.branch.entity == entity and row is not None and row in one.members:
                gateway.client_logs.note(_present(gateway, one), row)
        for one in _cached(gateway, grant, [one for one in registry.views("edfi").values() if one.model in names]):
            gateway.client_logs.begin(_present(gateway, one))


def _cached(gateway: Gateway, grant: Grant, views: Iterable[View]) -> Iterator[ViewRows]:
    """Yield what a *grant* shows of those *views* that are read from the cache."""
    for whole in views:
        view = gateway.views.pruned(grant, whole)
        if view is not None and not pass_through.is_uncached(gateway, grant, view):
            yield from gateway.views.shown(grant, view)


def note_all(gateway: Gateway, district: str) -> None:
    """Record what clients see of everything, before a key changes that is part of the keys of other records."""
    for grant in gateway.grants.every(district):
        if gateway.in_force(grant) and gateway.client_logs.follows(grant.client, district, grant.purpose):
            _record_all_differences(gateway, grant)


def rows(gateway: Gateway, parts: tuple[SearchableRows, ...], query: Query, base: str) -> RowIndex:
    """Return the rows that answer a *query* with a window."""
    window = query.window
    assert window is not None
    shown = [part for part in parts if isinstance(part, ViewRows)]
    for one in shown:
        if not _live(gateway, one):
            gateway.client_logs.record_differences(_present(gateway, one), window.since)
    if not window.feed:
        return index(parts, query, base, [_changed(gateway, one, window) for one in shown])
    told = tuple(_told(gateway, one, window) for one in shown)
    order = [
        (entry.version, entry.id, number << ROW_BITS | row)
        for number, part in enumerate(told)
        for row, (entry, _, _) in enumerate(part.entries)
    ]
    return RowIndex(told, array("Q", [code for _, _, code in sorted(order)]))


def _present(gateway: Gateway, shown: ViewRows) -> CurrentRows:
    grant = shown.visibility.grant
    entities = gateway.views.entities(grant, shown.view)
    return CurrentRows(shown, entities, lambda one: students(one, gateway))


def _told(gateway: Gateway, shown: ViewRows, window: Window) -> FeedEntries:
    if _live(gateway, shown):
        return FeedEntries(shown, window.feed, pass_through.entries(gateway, shown, window, _tag(gateway, shown)))
    find = gateway.client_logs.gone if window.feed == "deletes" else gateway.client_logs.rekeyed
    return FeedEntries(shown, window.feed, find(shown, window))


def _changed(gateway: Gateway, shown: ViewRows, window: Window) -> frozenset[int]:
    """Return the rows in a *window*; of an uncached resource the source has sent no others."""
    return shown.members if _live(gateway, shown) else gateway.client_logs.changed(shown, window)


def _tag(gateway: Gateway, shown: ViewRows) -> Callable[[Any], tuple[bytes, ...]]:
    """Return a function from a student's unique id to its tag, where the student is still there."""
    tags, known = gateway.tags(shown.visibility), shown.visibility.snapshot.table("student").unique or ()
    rows = {unique: row for row, unique in enumerate(known)}
    return lambda unique: (tags(rows[unique]),) if unique in rows else ()


def _live(gateway: Gateway, shown: ViewRows) -> bool:
    return pass_through.is_uncached(gateway, shown.visibility.grant, shown.view)


def _refusal(window: Window, message: str) -> FeatureDisabled | MalformedQuery:
    return FeatureDisabled(message) if window.feed else MalformedQuery("minChangeVersion", message)


@dataclass(slots=True)
class FeedEntries(RowsOfView):
    """The entries of a feed, which are paged, recorded and sent as rows are."""

    feed: str
    entries: Sequence[tuple[RemovedEntry, bytes, bytes]]
    _tags: list[tuple[bytes, ...]] = field(default_factory=list)

    @property
    def ids(self) -> Sequence[str]:
        """The ids of the records."""
        return [entry.id.hex() for entry, _, _ in self.entries]

    @property
    def facts(self) -> tuple[str, ...]:
        """The fields that entries show: those of the natural key, and the id."""
        paths = {"id", *(path for _, path in key_members(self.shown.view.name))}
        return tuple(line for line in self.shown.facts if line.split("\t")[1] in paths)

    @property
    def subjects(self) -> Sequence[tuple[bytes, ...]]:
        """The tags of the students that each entry is about."""
        if not self._tags:
            self._tags = [_tags(old) for _, old, _ in self.entries]
        return self._tags

    def render(self, numbers: Sequence[int], base: str) -> list[dict[str, Any]]:  # noqa: ARG002  as in `Rows`
        """Render the entries in the form of the Ed-Fi change query feed."""
        return [self._entry(*self.entries[number]) for number in numbers]

    def _entry(self, entry: RemovedEntry, old: bytes, new: bytes) -> dict[str, Any]:
        told: dict[str, Any] = {"id": entry.id.hex(), "changeVersion": entry.version}
        if self.feed == "deletes":
            return told | {"keyValues": orjson.loads(key_of(old))}
        return told | {"oldKeyValues": orjson.loads(key_of(old)), "newKeyValues": orjson.loads(key_of(new))}


def _tags(line: bytes) -> tuple[bytes, ...]:
    digits = line.rpartition(b"\t")[2].decode()
    return tuple(bytes.fromhex(digits[at : at + TAG_DIGITS]) for at in range(0, len(digits), TAG_DIGITS))
