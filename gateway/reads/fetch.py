"""Fetch the rows that views show: from the snapshot in the cache, or read from the source for one request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.contract import NO_HINTS
from gateway.cache.point_lookups import NOTHING
from gateway.changes.tombstones import is_delta
from gateway.reads.pushdown import filtered, hints, sought

if TYPE_CHECKING:
    from adapters.contract import Hints
    from gateway.auth.authorization import Authorization
    from gateway.engine.view_rows import Shown
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
) -> tuple[Shown, ...]:
    """Fetch the data as they are now; *sent* says what the source is to send of what is read for this one request.

    Of the one record with an *identifier*, and of what an address or a filter names, a source need not send the rest.
    """
    parts: list[Shown] = []
    delta = request.view.api != "edfi" and is_delta(query)  # to which belongs what is in no list any more
    within = () if delta else request.within
    for one in authorization.views:
        needed = gateway.views.entities(one.grant, one.view) | one.beside
        shown = gateway.districts[one.grant.district].adapter.manifest.ids_shown
        asked = sent or hints(one.grant, one.view, needed, within, identifier, shown)
        asked = asked or (NO_HINTS if delta else filtered(gateway, one.grant, one.view, needed, query))
        few = asked and not sent and not request.within
        seek = sought(one.grant, one.view, needed) if few else NOTHING
        parts += gateway.views.shown(one.grant, one.view, one.beside, asked, seek)
    return tuple(parts)
