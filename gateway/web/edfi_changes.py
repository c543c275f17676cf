"""The change queries of the Ed-Fi API: available change versions, deletes and key changes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from gateway.auth.request_steps import FORMAT, begin
from gateway.changes.feed import available
from gateway.reads.pipeline import serve_page
from gateway.request import PageRequest
from gateway.web.edfi import NO_SNAPSHOT, READ, admit, answer, base, refuse
from gateway.web.etags import conditional
from gateway.web.responses import arguments, authenticate, trace_id
from gateway.web.url_prefixes import ADDRESSES, PREFIXES
from standards.edfi.api.change_feeds import read_feed
from standards.edfi.api.media_types import wants_snapshot
from standards.errors import GatewayError, SnapshotNotFound

if TYPE_CHECKING:
    from gateway.gateway import Gateway
    from standards.edfi.api.change_feeds import Feed
    from standards.edfi.api.request import EdFiRequest
    from standards.query import Query
    from standards.view import View

VERSIONS = "/changeQueries/v1/availableChangeVersions"
FEEDS: tuple[Feed, ...] = ("deletes", "keyChanges")


def blueprint(gateway: Gateway) -> Blueprint:
    """Build the routes of change queries, with and without a district's name in front."""
    routes = Blueprint("edfi_changes", __name__)

    def versions(district: str | None = None) -> Response:
        """Return the oldest and the newest change version, whatever the parameters: none of them selects anything."""
        authorization = authenticate(gateway, district)
        begin(FORMAT)
        if wants_snapshot(request.headers.get("Use-Snapshot")):
            raise SnapshotNotFound(NO_SNAPSHOT)
        return answer(available(gateway, authorization))

    def read_feed_of(feed: Feed, schema: str, name: str, district: str | None = None) -> Response:
        """Read one page of deletes or of key changes."""
        authorization, view = admit(gateway, district, schema, name)
        wanted: list[EdFiRequest] = []

        def reader(_views: tuple[View, ...]) -> Query:
            wanted.append(read_feed(feed, arguments()))
            return wanted[-1].query

        page = serve_page(gateway, authorization, PageRequest(view, district, READ, reader, base(district), trace_id()))
        response = conditional(page.records)
        if wanted[-1].total_count and page.told is not None:
            response.headers["Total-Count"] = str(page.told)
        return response

    for prefix in PREFIXES:
        routes.add_url_rule(prefix + VERSIONS, f"versions{prefix}", versions)
    for feed in FEEDS:
        for address in ADDRESSES:
            routes.add_url_rule(f"{address}/<schema>/<name>/{feed}", f"{feed}{address}", partial(read_feed_of, feed))
    routes.register_error_handler(GatewayError, refuse)
    return routes
