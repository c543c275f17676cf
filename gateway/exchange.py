"""One request, in a straight line: what a consumer may see of what it asked for, recorded before it leaves."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from gateway.disclosure import disclosure
from gateway.nesting import entities, members
from gateway.rows import index
from standards.errors import Forbidden, NotFound, StoreUnavailable, Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.assembly import Gateway
    from gateway.callers import Caller
    from gateway.rows import RowIndex, Shown
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
class Page:
    """What is sent: rendered *records*, how many there are in all, and the query they answer."""

    records: list[dict[str, Any]]
    total: int
    query: Query
    views: tuple[View, ...]


def serve_page(gateway: Gateway, caller: Caller, request: PageRequest) -> Page:
    """One page of what *caller* may see, recorded before it is returned.

    Raises:
        Forbidden: no scope of the caller's, or no agreement of its, covers the view.
        MalformedQuery, UnknownName: the query cannot be read, or names what does not exist for the caller.
    """
    shown, views = _authorize(gateway, caller, request)
    query = request.read(views)
    for part in shown:
        query = part.faces.grant.narrow(query)
    rows = gateway.walks.rows(caller, request, shown, query, partial(_index, gateway, request))
    records = rows.slice(query.offset, query.limit, request.base)
    _record(gateway, caller, request, rows, query, (query.offset, query.offset + len(records)))
    return Page(records, rows.total, query, views)


def serve_one(gateway: Gateway, caller: Caller, request: PageRequest, identifier: str) -> Page:
    """The one record that bears *identifier* for *caller*, recorded before it is returned."""
    shown, views = _authorize(gateway, caller, request)
    query = request.read(views)
    rows = _find(shown, identifier)
    records = rows.slice(0, 1, request.base) if rows else []
    _record(gateway, caller, request, rows, query, (0, len(records)))
    if not records:
        raise NotFound("There is nothing with this id.")
    return Page(records, 1, query, views)


def _index(gateway: Gateway, request: PageRequest, shown: tuple[Shown, ...], query: Query, base: str) -> RowIndex:
    return index(shown, query, base, members(gateway, shown, request.within))


def _authorize(gateway: Gateway, caller: Caller, request: PageRequest) -> tuple[tuple[Shown, ...], tuple[View, ...]]:
    """What of the view exists for the caller, in each district that an agreement opens."""
    if not request.scopes & caller.scopes:
        raise Forbidden("The token has no scope for this operation.")
    grants = grants_for(gateway, caller, request.district)
    views = [(grant, view) for grant in grants if (view := gateway.pruned(grant, request.view)) is not None]
    open_ways = [
        (grant, view, way) for grant, view in views if (way := _way(gateway, grant, view, request)) is not None
    ]
    if not open_ways:
        raise Forbidden("No active agreement releases this resource to this client.")
    able = [one for one in open_ways if request.view.api == "edfi" or gateway.districts[one[0].district].has(one[1])]
    if not able:
        raise Unsupported("No district's system here has this resource.")
    parts = [part for grant, view, way in able for part in gateway.shown(grant, view, way)]
    return tuple(parts), tuple(view for _, view, _ in able)


def _way(gateway: Gateway, grant: Grant, view: View, request: PageRequest) -> frozenset[str] | None:
    """What must be read beside the view to tell what belongs where; None where the agreement does not let it."""
    parents = [gateway.pruned(grant, one.view) for one in request.within]
    if None in parents:
        return None
    outer = [one for one in parents if one is not None]
    found = entities([*outer, view], grant)
    return found if found is None else found.union(*(gateway.entities(grant, one) for one in outer))


def grants_for(gateway: Gateway, caller: Caller, district: str | None) -> tuple[Grant, ...]:
    """The caller's active grants to read, of one district or of all; none is a refusal."""
    found = gateway.grants.of(caller.client)
    grants = tuple(g for g in found if "read" in g.operations and district in {None, g.district})
    if not grants:
        raise Forbidden("No active agreement covers this client here.")
    return grants


def _find(shown: tuple[Shown, ...], identifier: str) -> RowIndex | None:
    for part in shown:
        row = part.faces.row(part.branch.entity, identifier, part.view.api)
        if row is not None and row in part.members:
            return part.single(row)
    return None


def _record(
    gateway: Gateway, caller: Caller, request: PageRequest, rows: RowIndex | None, query: Query, span: tuple[int, int]
) -> None:
    """Write down, durably, what is about to be sent; an exception here sends nothing."""
    try:
        gateway.record.append(disclosure(gateway, caller, request, rows, query, span))
    except StoreUnavailable:
        with suppress(StoreUnavailable):
            gateway.record.reopen()
        raise
