"""Fetch the rows that views show: from the snapshot in the cache, or read from the source for one request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.contract import NO_HINTS
from gateway.cache.point_lookups import NO_LOOKUPS
from gateway.changes.tombstones import asks_for_deleted
from gateway.reads.pushdown import filter_conditions, lookup_entities, pushed_conditions

if TYPE_CHECKING:
    from adapters.contract import Hints
    from gateway.auth.authorization import Authorization
    from gateway.engine.view_rows import ViewRows
    from gateway.gateway import Gateway
    from gateway.request import PageRequest
    from standards.query import Query


def fetch(
    gateway: Gateway,
    authorization: Authorization,
    request: PageRequest,
    query: Query,
    identifier: str | None = None,
    sent: Hints = NO_HINTS,
) -> tuple[ViewRows, ...]:
    """Fetch the rows as they are now; *sent* says which of them the source needs to send where they are not cached.

    For the one record with an *identifier*, or for an address or a filter, a source need not send the rest.
    """
    parts: list[ViewRows] = []
    delta = request.view.api != "edfi" and asks_for_deleted(query)  # a deleted record is in no list any more
    within = () if delta else request.within
    for one in authorization.views:
        needed = gateway.views.entities(one.grant, one.view) | one.beside
        shown = gateway.districts[one.grant.district].adapter.manifest.ids_shown
        asked = sent or pushed_conditions(one.grant, one.view, needed, within, identifier, shown)
        asked = asked or (NO_HINTS if delta else filter_conditions(gateway, one.grant, one.view, needed, query))
        few = asked and not sent and not request.within
        point_lookups = lookup_entities(one.grant, one.view, needed) if few else NO_LOOKUPS
        parts += gateway.views.shown(one.grant, one.view, one.beside, asked, point_lookups)
    return tuple(parts)
