"""Ed-Fi metadata, open to anyone: discovery, the OpenAPI documents of its sections, and resource dependencies.

Nothing here asks for a token, and nothing depends on what a district's records say.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import orjson
from flask import Blueprint, Response, request

from gateway.web.metadata.oneroster import DISCOVERY, known, manifests, published
from gateway.web.responses import base_url
from gateway.web.url_prefixes import PREFIXES, place
from standards import registry
from standards.edfi.api.graphml import graphml
from standards.edfi.api.openapi import documents as openapi
from standards.edfi.api.supported_operations import SupportedOperations
from standards.edfi.model import dependencies
from standards.edfi.model.model import version
from standards.oneroster.model import edition as oneroster

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.gateway import Gateway
    from standards.edfi.api.openapi.schemas import OpenApiVersion

MAX_DOCUMENTS = 64
"""The number of documents kept in memory; any other is rendered again when it is asked for."""

API, RELEASE, SUITE = "7.3", "7.3.2", "3"
GRAPH, JSON = "application/graphml", "application/json"
DATA, CHANGES, IDENTITY = "/data/v3", "/changeQueries/v1", "/identity/v2"
ROOTS = {"resources": DATA, "descriptors": DATA, "changeQueries": CHANGES, "identity": IDENTITY}
ADDRESSES = {
    "resources": "/metadata/data/v3/resources/swagger.json",
    "descriptors": "/metadata/data/v3/descriptors/swagger.json",
    "changeQueries": "/metadata/changeQueries/v1/swagger.json",
    "identity": "/metadata/identity/v2/swagger.json",
}
# The same documents at the addresses of version 8 of the Ed-Fi API.
NEWER = {
    "resources": "/metadata/specifications/resources-spec.json",
    "descriptors": "/metadata/specifications/descriptors-spec.json",
    "changeQueries": ADDRESSES["changeQueries"],
    "identity": ADDRESSES["identity"],
}
LISTED = {
    "resources": ("Resources", ""),
    "descriptors": ("Descriptors", ""),
    "changeQueries": ("Change-Queries", "Other"),
    "identity": ("Identity", "Other"),
}


def blueprint(gateway: Gateway) -> Blueprint:
    """Build discovery and the documents, with and without a district's name in front."""
    routes = Blueprint("edfi_metadata", __name__)

    def discover(district: str | None = None) -> Response:
        """Render the discovery document: version, data models and addresses."""
        known(gateway, district)
        return _json(_discovery(_base(district), _roster(district)))

    def contents(district: str | None = None) -> Response:
        """List the OpenAPI documents."""
        known(gateway, district)
        return _json(_contents(_base(district), ADDRESSES, _roster(district)))

    def newer_contents(district: str | None = None) -> Response:
        """List the OpenAPI documents at the addresses of version 8."""
        known(gateway, district)
        return _json(_contents(_base(district), NEWER, _roster(district)))

    def describe(section: str, district: str | None = None) -> Response:
        """Render one OpenAPI document."""
        known(gateway, district)
        base = _base(district)
        edition = openapi.OPENAPI_VERSIONS["2" if _asked_version() == "2" else "3"]
        inner = _content(section, edition, _abilities(gateway, district))
        return _json(openapi.framed(section, edition, inner, base + ROOTS[section], f"{base}/oauth/token"))

    def depend(district: str | None = None) -> Response:
        """List the order in which to write resources; as GraphML for clients that accept it."""
        known(gateway, district)
        media = request.accept_mimetypes.best_match((JSON, GRAPH), JSON)
        response = published(_order(media), media)
        response.vary.add("Accept")
        return response

    told = {
        "/": discover,
        "/metadata": contents,
        "/metadata/": contents,
        "/metadata/specifications": newer_contents,
        "/metadata/data/v3/dependencies": depend,
        "/metadata/dependencies": depend,
    }
    documents = {address: section for places in (ADDRESSES, NEWER) for section, address in places.items()}
    for prefix in PREFIXES:
        for address, view in told.items():
            routes.add_url_rule(prefix + address, f"{address}{prefix}", view)
        for address, section in documents.items():
            label = f"{address[:-5]}{prefix}"
            routes.add_url_rule(prefix + address, label, describe, defaults={"section": section})
    for prefix in PREFIXES[1:]:
        routes.add_url_rule(prefix, f"plain{prefix}", discover)
    return routes


def _base(district: str | None) -> str:
    return base_url() + place(district)


def _roster(district: str | None) -> str:
    """Return the OneRoster address of the same district, which has no school years."""
    return base_url() + (f"/{district}" if district else "") + oneroster("1.2").base_path("rostering")


def _asked_version() -> str:
    """Return the version of OpenAPI asked for, whatever the case of the parameter's name."""
    return next((value for name, value in request.args.items() if name.lower() == "version"), "")


def _discovery(base: str, roster: str) -> dict[str, Any]:
    return {
        "version": API,
        "applicationName": "Ed-Fi Alliance ODS/API",
        "informationalVersion": RELEASE,
        "suite": SUITE,
        "build": f"{RELEASE}-crossing-guard",
        "dataModels": [
            {"name": "Ed-Fi", "version": version(), "informationalVersion": f"Ed-Fi Data Standard {version()}"}
        ],
        "urls": {
            "dependencies": f"{base}/metadata/data/v3/dependencies",
            "openApiMetadata": f"{base}/metadata/",
            "oauth": f"{base}/oauth/token",
            "oauthTokenIntrospection": f"{base}/oauth/token_info",
            "dataManagementApi": f"{base}{DATA}/",
            "changeQueries": f"{base}{CHANGES}/",
            "identity": f"{base}{IDENTITY}/",
            "oneRoster": f"{roster}/",
        },
    }


def _contents(base: str, places: Mapping[str, str], roster: str) -> list[dict[str, str]]:
    asked = "?version=2" if _asked_version() == "2" else ""
    found = [
        {"name": name, "endpointUri": f"{base}{places[section]}{asked}", "prefix": prefix}
        for section, (name, prefix) in LISTED.items()
    ]
    discovery = f"{roster}/discovery/{DISCOVERY['rostering'][0]}"
    return [*found, {"name": "OneRoster", "endpointUri": discovery, "prefix": "Ed-Fi OneRoster"}]


def _abilities(gateway: Gateway, district: str | None) -> SupportedOperations:
    """Return the operations of the district's source, or of all sources."""
    reads, writes, feeds = set[str](), set[str](), set[str]()
    for one, manifest in manifests(gateway, district):
        followed = one.cached_entities | manifest.delta
        for view in registry.views("edfi").values():
            entities = {branch.entity for branch in view.branches} & manifest.entities
            reads |= {view.model} if entities else set()
            writes |= {view.model} if entities & manifest.writes else set()
            feeds |= {view.model} if entities and entities <= followed else set()
    return SupportedOperations(frozenset(reads), frozenset(writes), frozenset(feeds))


@lru_cache(maxsize=MAX_DOCUMENTS)
def _content(section: str, edition: OpenApiVersion, able: SupportedOperations) -> dict[str, Any]:
    """Build the parts of a document that do not depend on its address, once."""
    return {name: orjson.Fragment(orjson.dumps(part)) for name, part in openapi.content(section, edition, able).items()}


@cache
def _order(media: str) -> bytes:
    if media == GRAPH:
        return graphml(dependencies.orders(), dependencies.edges())
    return orjson.dumps([
        {"resource": step.resource, "order": step.order, "operations": step.operations}
        for step in dependencies.steps()
    ])  # fmt: skip


def _json(body: Any) -> Response:
    return published(orjson.dumps(body), JSON)
