"""The pipeline of a read: permit, read the query, fetch, index, cut a page, record, return; one straight line."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from gateway.auth.request_steps import QUERY, ROWS, begin
from gateway.disclosure import disclosure, write_down
from gateway.paging import page_tokens
from gateway.reads.authorized_views import permit, read_query, refuse_unseen
from gateway.reads.fetch import fetch
from gateway.reads.limits import spend, told_total
from gateway.reads.modes import mode_of
from gateway.reads.nesting import nothing
from gateway.request import Page
from standards.errors import NoSuchRecord

if TYPE_CHECKING:
    from gateway.auth.authorization import Authorization
    from gateway.engine.row_index import RowIndex
    from gateway.engine.view_rows import ViewRows
    from gateway.gateway import Gateway
    from gateway.paging.page_tokens import Cursor
    from gateway.request import PageRequest
    from standards.query import Query


def serve_page(gateway: Gateway, authorization: Authorization, request: PageRequest) -> Page:
    """Serve one page of what the caller may see, recorded before it is returned.

    Raises:
        Forbidden: no scope of the caller, or no agreement of it, covers the view.
        Unsupported: no source of a district here has anything of the view.
        MalformedQuery, UnknownName: the query cannot be parsed, or names what does not exist for the caller.
    """
    authorization, query, cursor, rows, told = _answer(gateway, authorization, request)
    first, last = page_tokens.span(cursor, rows, query)
    records = rows.slice(first, last - first, request.base)
    last = first + len(records)
    spend(gateway, (rows, (first, last)))
    write_down(gateway, disclosure(gateway, authorization, request, rows, query, (first, last)))
    following = cursor.behind(rows, last - 1) if records and _has_tokens(request, query) else None
    return Page(records, rows.total, query, _sealed(gateway, authorization, request, query, following), told)


def serve_partitions(gateway: Gateway, authorization: Authorization, request: PageRequest, number: int) -> list[str]:
    """Serve page tokens for at most *number* ranges that together cover all that the caller may see, each record once.

    Raises:
        GatewayError: as `serve_page`.
    """
    authorization, query, _, rows, told = _answer(gateway, authorization, request)
    write_down(gateway, disclosure(gateway, authorization, request, rows, query, (0, 0)))
    ranges = page_tokens.partitions(rows, 1 if told is None else number)
    return [_sealed(gateway, authorization, request, query, one) for one in ranges]


def serve_one(gateway: Gateway, authorization: Authorization, request: PageRequest, identifier: str) -> Page:
    """Serve the one record with *identifier* for the caller, recorded before it is returned.

    Raises:
        NoSuchRecord: the caller sees no such record.
        GatewayError: as `serve_page`.
    """
    authorization = permit(gateway, authorization, request)
    query = read_query(authorization, request)
    begin(ROWS, authorization, request, identifier)
    rows = _find(fetch(gateway, authorization, request, query, identifier), identifier)
    records = rows.slice(0, 1, request.base) if rows else []
    spend(gateway, (rows, (0, len(records))))
    write_down(gateway, disclosure(gateway, authorization, request, rows, query, (0, len(records))))
    begin(ROWS)
    if not records:
        raise NoSuchRecord(nothing(request.view))
    return Page(records, 1, query, told=1)


def _answer(
    gateway: Gateway, authorization: Authorization, request: PageRequest
) -> tuple[Authorization, Query, Cursor, RowIndex, int | None]:
    """Return the agreements that answer, the query, where it begins, every row that answers it, and the told total."""
    authorization = permit(gateway, authorization, request)
    query = read_query(authorization, request)
    mode = mode_of(gateway, authorization, request, query)
    mode.permit()
    begin(QUERY)
    cursor = gateway.cursors.open(authorization.caller, request, query)
    begin(ROWS, authorization, request)
    refuse_unseen(gateway, authorization, request)
    shown = mode.fetch()
    page_tokens.check(cursor, shown)
    answering = mode.answering(shown)
    rows = gateway.walks.rows(authorization.caller, request, answering, query, mode.index)
    everything = partial(mode.index, answering, replace(query, filter=None), request.base)
    told = told_total(rows, (lambda: everything().total) if query.filter is not None else None)
    return authorization, query, cursor, rows, told


def _find(shown: tuple[ViewRows, ...], identifier: str) -> RowIndex | None:
    """Find the row with *identifier*, in whichever branch shows it."""
    for part in shown:
        row = part.visibility.row(part.branch.entity, identifier, part.view.api)
        if row is not None and row in part.members:
            return part.single(row)
    return None


def _has_tokens(request: PageRequest, query: Query) -> bool:
    """Tell whether pages of the query have page tokens: those of Ed-Fi resources do, those of change feeds do not."""
    return request.view.api == "edfi" and not (query.window and query.window.feed)


def _sealed(
    gateway: Gateway, authorization: Authorization, request: PageRequest, query: Query, cursor: Cursor | None
) -> str:
    return "" if cursor is None else gateway.cursors.seal(authorization.caller, request, query, cursor)
