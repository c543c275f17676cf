"""OneRoster metadata, for machines and for people: discovery documents, and the pages that show them.

Nothing here asks for a token, and nothing depends on what a district's records say: a document is made of the
standard's facts, the views, and what an adapter declares that its source has.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

import orjson
from flask import Blueprint, Response, request

from gateway.telemetry import about
from gateway.web.responses import base_url
from standards.errors import NotFound
from standards.oneroster import model
from standards.oneroster.api import openapi
from standards.oneroster.api.supported_operations import supported_operations

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.resources.abc import Traversable

    from adapters.contract import Manifest
    from gateway.districts.district import District
    from gateway.gateway import Gateway
    from standards.oneroster.model import Operation

# The binding names its file in one way, the certification guide in another; clients ask for either.
DISCOVERY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "rostering": ("onerosterv1p2rostersservice_openapi3_v1p0.json", "imsorv1p2_rostering_openapi3_v1p0.json"),
        "gradebook": ("onerosterv1p2gradebookservice_openapi3_v1p0.json", "imsorv1p2_gradebook_openapi3_v1p0.json"),
        "resources": ("onerosterv1p2resourcesservice_openapi3_v1p0.json", "imsorv1p2_resources_openapi3_v1p0.json"),
    }
)
SERVER, TOKEN = "urn:crossing:server", "urn:crossing:token"
"""The placeholders in a cached document for its server's address and the token endpoint's."""

PAGES = files("gateway.web").joinpath("pages")
SWAGGER = files("flask_swagger_ui").joinpath("dist")
ASSETS: Mapping[str, tuple[Traversable, str]] = MappingProxyType(
    {
        "docs.css": (PAGES.joinpath("docs.css"), "text/css"),
        "docs.js": (PAGES.joinpath("docs.js"), "text/javascript"),
        "swagger-ui.css": (SWAGGER.joinpath("swagger-ui.css"), "text/css"),
        "swagger-ui-bundle.js": (SWAGGER.joinpath("swagger-ui-bundle.js"), "text/javascript"),
        "favicon-32x32.png": (SWAGGER.joinpath("favicon-32x32.png"), "image/png"),
    }
)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": POLICY,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
)


@dataclass(frozen=True, slots=True)
class DocumentSection:
    """One document on the pages: its *title*, what it describes, and its address relative to the page."""

    version: str
    service: str
    title: str
    address: str


def _discovered(service: str, title: str) -> DocumentSection:
    return DocumentSection(
        "1.2", service, title, f"..{model.edition('1.2').base_path(service)}/discovery/{DISCOVERY[service][0]}"
    )


SECTIONS: Mapping[str, DocumentSection] = MappingProxyType(
    {
        "oneroster-1.2-rostering": _discovered("rostering", "OneRoster 1.2 Rostering"),
        "oneroster-1.2-gradebook": _discovered("gradebook", "OneRoster 1.2 Gradebook"),
        "oneroster-1.2-resources": _discovered("resources", "OneRoster 1.2 Resources"),
        "oneroster-1.1": DocumentSection("1.1", "", "OneRoster 1.1", "documents/oneroster-1.1.json"),
        "ed-fi-resources": DocumentSection(
            "3", "resources", "Ed-Fi Resources", "../metadata/data/v3/resources/swagger.json"
        ),
        "ed-fi-descriptors": DocumentSection(
            "3", "descriptors", "Ed-Fi Descriptors", "../metadata/data/v3/descriptors/swagger.json"
        ),
        "ed-fi-change-queries": DocumentSection(
            "3", "changeQueries", "Ed-Fi Change Queries", "../metadata/changeQueries/v1/swagger.json"
        ),
    }
)

ADMINISTRATION = """<section><h2>Administration</h2>
<p><a href="/admin/v1/openapi.json">OpenAPI document</a>: what the console does, for programs and people with a role of
administration. No data token opens it.</p></section>"""
"""The region's own section, which no district's page has."""


def blueprint(gateway: Gateway) -> Blueprint:
    """Build the discovery documents and the pages, with and without a district's name in front."""
    routes = Blueprint("metadata", __name__)

    def describe(version: str, service: str, district: str | None = None) -> Response:
        """Render the discovery document of a service."""
        return _described(version, service, _supported(gateway, version, district), district)

    def contents(district: str | None = None) -> Response:
        """Render the page that lists every document."""
        known(gateway, district)
        return published(_index(district), "text/html")

    def show(section: str, district: str | None = None) -> Response:
        """Render the page that shows one document, and lets its operations be tried."""
        known(gateway, district)
        if section not in SECTIONS:
            raise NotFound("There is no such address.")
        return published(_page(section), "text/html")

    def asset(file: str, district: str | None = None) -> Response:
        """Serve a script, style or picture of the pages."""
        known(gateway, district)
        if file not in ASSETS:
            raise NotFound("There is no such address.")
        return published(*_asset(file))

    for prefix in ("", "/<district>"):
        for service, names in DISCOVERY.items():
            root = model.edition("1.2").base_path(service)
            for name in names:
                given = {"version": "1.2", "service": service}
                routes.add_url_rule(
                    f"{prefix}{root}/discovery/{name}", f"{name[:-5]}{prefix}", describe, defaults=given
                )
        given = {"version": "1.1", "service": ""}
        routes.add_url_rule(
            f"{prefix}/docs/documents/oneroster-1.1.json", f"oneroster11{prefix}", describe, defaults=given
        )
        routes.add_url_rule(f"{prefix}/docs", f"docs{prefix}", contents)
        routes.add_url_rule(f"{prefix}/docs/<section>", f"section{prefix}", show)
        routes.add_url_rule(f"{prefix}/docs/assets/<file>", f"asset{prefix}", asset)
    return routes


def known(gateway: Gateway, district: str | None) -> None:
    """Refuse an address below a district that does not exist.

    Raises:
        NotFound: there is no such district.
    """
    about(view="documentation")
    if district is not None and district not in gateway.districts:
        raise NotFound("There is no such address.")
    about(district=district or "*")


def _supported(gateway: Gateway, version: str, district: str | None) -> tuple[Operation, ...]:
    """Return the operations that the district's source, or any source, supports."""
    known(gateway, district)
    found = {
        one
        for _, manifest in manifests(gateway, district)
        for one in supported_operations(version, manifest.entities, manifest.writes)
    }
    return tuple(operation for operation in model.operations(version) if operation in found)


def manifests(gateway: Gateway, district: str | None) -> list[tuple[District, Manifest]]:
    """Return the manifests of the district asked about, or of all; without those that are not available now."""
    asked = gateway.districts.values() if district is None else (gateway.districts[district],)
    return [(one, manifest) for one in asked if (manifest := one.manifest()) is not None]


def _described(version: str, service: str, operations: tuple[Operation, ...], district: str | None) -> Response:
    base = base_url()
    root = base + (f"/{district}" if district else "") + model.edition(version).base_path(service or "all")
    document = _document(version, service, operations)
    for mark, address in ((SERVER, root), (TOKEN, f"{base}/oauth/token")):
        document = document.replace(orjson.dumps(mark), orjson.dumps(address))
    return published(document, "application/json")


@lru_cache(maxsize=64)
def _document(version: str, service: str, operations: tuple[Operation, ...]) -> bytes:
    """Render a document independent of its address, with placeholders for the addresses that it names."""
    return orjson.dumps(openapi.document(version, service, operations, SERVER, TOKEN))


@lru_cache
def _asset(file: str) -> tuple[bytes, str]:
    place, media = ASSETS[file]
    return place.read_bytes(), media


@lru_cache
def _page(section: str) -> bytes:
    found = SECTIONS[section]
    page = PAGES.joinpath("document.html").read_text("utf-8")
    return page.replace("{title}", found.title).replace("{address}", found.address).encode()


@lru_cache
def _index(district: str | None) -> bytes:
    items = (
        f'<section><h2><a href="docs/{name}">{found.title}</a></h2>\n'
        f'<p><a href="docs/{found.address}">OpenAPI document</a></p></section>'
        for name, found in SECTIONS.items()
    )
    page = PAGES.joinpath("index.html").read_text("utf-8")
    return (
        page.replace("{sections}", "\n".join(items))
        .replace("{administration}", "" if district else ADMINISTRATION)
        .encode()
    )


def published(body: bytes, media: str) -> Response:
    """Answer with a body that anyone may see and a strong ETag; 304 for who has it."""
    response = Response(body, 200, content_type=f"{media}; charset=utf-8" if media.startswith("text/") else media)
    response.set_etag(sha256(body).hexdigest())
    response.headers["Cache-Control"] = "public, no-cache"
    response.headers.update(HEADERS)
    response.make_conditional(request)
    return response
