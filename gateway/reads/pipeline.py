"""One request, in a straight line: what a consumer may see of what it asked for, recorded before it leaves."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from adapters.contract import NO_HINTS
from gateway.cache.point_lookups import NOTHING
from gateway.changes import feed
from gateway.changes.tombstones import (
    Below,
    absent,
    asked_for,
    asked_for_all,
    departed,
    followed,
    is_delta,
    once,
    refuse_unknown,
)
from gateway.disclosure import disclosure
from gateway.engine.row_index import Shown, index
from gateway.paging import page_tokens
from gateway.reads.nesting import entities, find, members, nothing
from gateway.reads.pushdown import filtered, hints, sought
from standards.errors import ActionForbidden, Forbidden, NoSuchRecord, NotFound, StoreUnavailable, Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from adapters.contract import Hints
    from gateway.auth.authorization import Authorization
    from gateway.changes.tombstones import Departed
    from gateway.engine.row_index import Part, RowIndex
    from gateway.gateway import Gateway
    from gateway.paging.page_tokens import Cursor
    from policies.grant import Grant
    from standards.query import Query
    from standards.view import View

    Reader = Callable[[tuple[View, ...]], Query]


@dataclass(frozen=True, slots=True)
class Within:
    """A record named in an address: the *view* that shows it, and the id the consumer knows it by."""

    view: View
    identifier: str


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What is asked: a view, of one district or of all, by a query still in its standard's language.

    *read* turns it into a `Query`, given the pruned views it may speak of; *scopes* are those of which the
    caller needs one; *base* is the address that outward addresses start with; *within* names the records,
    from the outside in, that what is asked for belongs to.
    """

    view: View
    district: str | None
    scopes: frozenset[str]
    read: Reader
    base: str
    trace: str = ""
    within: tuple[Within, ...] = ()


@dataclass(frozen=True, slots=True)
class Sight:
    """What one agreement shows of what is asked: the pruned *view*, and what must be read *beside* it."""

    grant: Grant
    view: View
    beside: frozenset[str]


@dataclass(frozen=True, slots=True)
class Page:
    """What is sent: rendered *records*, how many there are in all, and the query they answer.

    *following* is the token of the page behind this one, where pages have tokens.
    """

    records: list[dict[str, Any]]
    total: int
    query: Query
    following: str = ""


def serve_page(gateway: Gateway, authorization: Authorization, request: PageRequest) -> Page:
    """One page of what the caller may see, recorded before it is returned.

    Raises:
        Forbidden: no scope of the caller's, or no agreement of its, covers the view.
        Unsupported: no district's system here has anything of the view.
        MalformedQuery, UnknownName: the query cannot be read, or names what does not exist for the caller.
    """
    authorization, query, cursor, rows = _asked(gateway, authorization, request)
    first, last = cursor.span(rows, query.limit) if query.token else (query.offset, query.offset + query.limit)
    records = rows.slice(first, last - first, request.base)
    last = first + len(records)
    _record(gateway, authorization, request, rows, query, (first, last))
    if not records or request.view.api != "edfi" or (query.window and query.window.feed):
        return Page(records, rows.total, query)
    following = gateway.cursors.seal(authorization.caller, request, query, cursor.behind(rows, last - 1))
    return Page(records, rows.total, query, following)


def serve_partitions(gateway: Gateway, authorization: Authorization, request: PageRequest, number: int) -> list[str]:
    """Page tokens for at most *number* ranges that together hold all of what the caller may see, each record once."""
    authorization, query, _, rows = _asked(gateway, authorization, request)
    _record(gateway, authorization, request, rows, query, (0, 0))
    return [
        gateway.cursors.seal(authorization.caller, request, query, part)
        for part in page_tokens.partitions(rows, number)
    ]


def serve_one(gateway: Gateway, authorization: Authorization, request: PageRequest, identifier: str) -> Page:
    """The one record that bears *identifier* for the caller, recorded before it is returned."""
    sights = _authorize(gateway, authorization, request)
    authorization = authorization.by(one.grant for one in sights)
    query = _read(sights, request)
    rows = _find(_shown(gateway, sights, request, query, identifier), identifier)
    records = rows.slice(0, 1, request.base) if rows else []
    _record(gateway, authorization, request, rows, query, (0, len(records)))
    if not records:
        raise NoSuchRecord(nothing(request.view))
    return Page(records, 1, query)


def _asked(
    gateway: Gateway, authorization: Authorization, request: PageRequest
) -> tuple[Authorization, Query, Cursor, RowIndex]:
    """By which agreements it is answered, what is asked for, from where on, and every row that answers it."""
    sights = _authorize(gateway, authorization, request)
    query = _read(sights, request)
    _refuse_unseen(gateway, sights, request)
    cursor = gateway.cursors.open(authorization.caller, request, query)
    if query.window is None:
        shown = _shown(gateway, sights, request, query)
        feed.keep(gateway, shown)
    else:
        sent = feed.prepare(gateway, authorization, sights, request.view, query.window)
        shown = _shown(gateway, sights, request, query, sent=sent)
    parts: tuple[Part, ...] = shown
    page_tokens.check(cursor, parts)
    if request.view.api != "edfi":
        refuse_unknown(query, shown, _outer(request))
        _look(gateway, request, shown, query)
        if asked_for(query):
            parts += _departed(gateway, request, shown)
            refuse_unknown(query, shown, _outer(request))  # to look at a list, or another, may let forget some of it
    rows = gateway.walks.rows(authorization.caller, request, parts, query, partial(_index, gateway, request))
    return authorization.by(one.grant for one in sights), query, cursor, rows


def _refuse_unseen(gateway: Gateway, sights: tuple[Sight, ...], request: PageRequest) -> None:
    """Refuse an address that names a record that is held and not seen, before anything is read for it.

    Whether what belongs to such a record could be read would tell that it is there.
    """
    for one in request.within:
        held = [
            gateway.held(sight.grant)
            for sight in sights
            if all(branch.entity in gateway.districts[sight.grant.district].holds for branch in one.view.branches)
        ]
        if len(held) == len(sights) and all(find(gateway, faces, one) is None for faces in held):
            raise NotFound(nothing(one.view))


def _index(gateway: Gateway, request: PageRequest, parts: tuple[Part, ...], query: Query, base: str) -> RowIndex:
    if query.window is not None:
        return feed.rows(gateway, parts, query, base)
    shown = [part for part in parts if isinstance(part, Shown)]
    chosen = members(gateway, shown, request.within)
    if chosen is not None:  # of what is gone only that is there which belonged
        chosen += [frozenset(part.rows) for part in parts[len(shown) :]]
    return index(parts, query, base, chosen)


def _outer(request: PageRequest) -> tuple[tuple[str, str], ...]:
    return tuple((one.view.name, one.identifier) for one in request.within)


def _look(gateway: Gateway, request: PageRequest, shown: tuple[Shown, ...], query: Query) -> None:
    """Keep in mind what a list shows that is read for this one request, where nothing of it is left out."""
    delta = is_delta(query)
    if all(map(followed, shown)) or not (delta or asked_for_all(query)):
        return
    chosen = members(gateway, shown, request.within)
    for number, part in enumerate(shown):
        if not followed(part):
            rows = part.members if chosen is None else part.members & chosen[number]
            part.ledger.look(part, rows, _outer(request), whole=delta or not request.within)


def _departed(gateway: Gateway, request: PageRequest, shown: tuple[Shown, ...]) -> tuple[Departed, ...]:
    """What is gone from each of *shown*, or from the list of it below the record that is named."""
    chosen = members(gateway, shown, request.within) or [part.members for part in shown]
    beside = dict(zip(shown, chosen, strict=True))
    found = [absent(part, _outer(request), beside[part]) for part in shown if not followed(part)]
    if not request.within:
        return once([*found, *(departed(gateway.logs, part, beside) for part in shown)])
    for part in shown:
        place = find(gateway, part.faces, request.within[-1])
        if place is not None:
            below = Below(place[0], part.faces.ids(place[0])[place[1]], beside[part])
            found.append(departed(gateway.logs, part, beside, below))
    return once(found)


def _authorize(gateway: Gateway, authorization: Authorization, request: PageRequest) -> tuple[Sight, ...]:
    """What of the view exists for the caller, in each district that an agreement opens, within their limits."""
    if not request.scopes & authorization.scopes:
        needed = " or ".join(sorted(request.scopes))
        raise ActionForbidden(f"Reading {request.view.name} needs the scope {needed}, which the token has not.")
    grants = authorization.of()
    views = [(grant, view) for grant in grants if (view := gateway.pruned(grant, request.view)) is not None]
    sights = [Sight(grant, view, way) for grant, view in views
              if (way := _way(gateway, grant, view, request)) is not None]  # fmt: skip
    if not sights:
        raise Forbidden(f"No active agreement releases {request.view.name} to this client.")
    edfi = request.view.api == "edfi"  # whose addresses all exist, whatever a district has
    able = [one for one in sights if edfi or gateway.districts[one.grant.district].has(one.view)]
    if not able:
        raise Unsupported("No district's system here has this resource.")
    gateway.limits.spend_districts(one.grant.district for one in able)
    return tuple(able)


def _read(sights: tuple[Sight, ...], request: PageRequest) -> Query:
    """The query, as far as every agreement lets it go."""
    query = request.read(tuple(one.view for one in sights))
    for one in sights:
        query = one.grant.narrow(query)
    return query


def _shown(
    gateway: Gateway,
    sights: tuple[Sight, ...],
    request: PageRequest,
    query: Query,
    identifier: str | None = None,
    sent: Hints = NO_HINTS,
) -> tuple[Shown, ...]:
    """The data as they are now, held or read for this one request; *sent* tells what the source is to send."""
    parts: list[Shown] = []
    delta = request.view.api != "edfi" and is_delta(query)  # to which belongs what is in no list any more
    within = () if delta else request.within
    for one in sights:
        needed = gateway.entities(one.grant, one.view) | one.beside
        shown = gateway.districts[one.grant.district].adapter.manifest.ids_shown
        asked = sent or hints(one.grant, one.view, needed, within, identifier, shown)
        asked = asked or (NO_HINTS if delta else filtered(gateway, one.grant, one.view, needed, query))
        few = asked and not sent and not request.within
        seek = sought(one.grant, one.view, needed) if few else NOTHING
        parts += gateway.shown(one.grant, one.view, one.beside, asked, seek)
    return tuple(parts)


def _way(gateway: Gateway, grant: Grant, view: View, request: PageRequest) -> frozenset[str] | None:
    """What must be read beside the view to tell what belongs where; None where the agreement does not let it."""
    parents = [gateway.pruned(grant, one.view) for one in request.within]
    if None in parents:
        return None
    outer = [one for one in parents if one is not None]
    found = entities([*outer, view], grant)
    return found if found is None else found.union(*(gateway.entities(grant, one) for one in outer))


def _find(shown: tuple[Shown, ...], identifier: str) -> RowIndex | None:
    for part in shown:
        row = part.faces.row(part.branch.entity, identifier, part.view.api)
        if row is not None and row in part.members:
            return part.single(row)
    return None


def _record(
    gateway: Gateway,
    authorization: Authorization,
    request: PageRequest,
    rows: RowIndex | None,
    query: Query,
    span: tuple[int, int],
) -> None:
    write_down(gateway, disclosure(gateway, authorization, request, rows, query, span))


def write_down(gateway: Gateway, event: Mapping[str, Any]) -> None:
    """Write down, durably, what is about to be sent or done; an exception here sends and does nothing."""
    try:
        gateway.record.append(event)
    except StoreUnavailable:
        with suppress(StoreUnavailable):
            gateway.record.reopen()
        raise
