"""OpenAPI 3.0 and Swagger 2.0 documents of the Ed-Fi API, one per section, made of the standard's facts alone.

A document names the operations that a deployment is able to do. What one client is answered is what its agreements
release.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from standards.edfi.api.openapi import identities, operations
from standards.edfi.api.openapi.schemas import OPENAPI, SWAGGER, schemas, tracked
from standards.edfi.model.model import resources, version

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from standards.edfi.api.openapi.schemas import OpenApiVersion
    from standards.edfi.api.supported_operations import SupportedOperations
    from standards.edfi.model.model import Resource

Document = dict[str, Any]

SECTIONS = ("resources", "descriptors", "changeQueries", "identity")
OPENAPI_VERSIONS: Mapping[str, OpenApiVersion] = MappingProxyType({"2": SWAGGER, "3": OPENAPI})
TITLES = MappingProxyType(
    {
        "resources": "Ed-Fi Resources",
        "descriptors": "Ed-Fi Descriptors",
        "changeQueries": "Ed-Fi Change Queries",
        "identity": "Ed-Fi Identities",
    }
)
SCHEME = "oauth2_client_credentials"
API = "3"
ABOUT = (
    "The Ed-Fi API of this deployment, for Data Standard {version}. What a client is answered is what the data sharing "
    "agreements of the districts release to it: a member that is not released does not exist for it."
)
WORDS = re.compile(r"[A-Z]{2,}(?=[A-Z][a-z]|$)|[A-Z]?[a-z0-9]+|[A-Z]")


def document(
    section: str, edition: OpenApiVersion, able: SupportedOperations, server_url: str, token_url: str
) -> Document:
    """Make the document of a *section*, in one version of OpenAPI, with what the deployment is *able* to do.

    *server_url* is the absolute address below which the paths are, *token_url* that of the tokens.
    """
    return framed(section, edition, content(section, edition, able), server_url, token_url)


def content(section: str, edition: OpenApiVersion, able: SupportedOperations) -> Document:
    """Make the content of a section's document, wherever it is placed: its ``tags``, ``paths`` and ``schemas``."""
    if section == "changeQueries":
        return {"tags": [dict(operations.CHANGES)], "paths": _changes(edition), "schemas": dict(operations.VERSIONS)}
    if section == "identity":
        tags = [dict(tag) for tag in identities.TAGS]
        return {"tags": tags, "paths": identities.paths(edition), "schemas": identities.schemas(edition)}
    own = [one for one in of_section(section) if one.name in able.reads]
    found: Document = {}
    for one in own:
        found |= schemas(one, edition) | (tracked(one, edition) if one.name in able.feeds else {})
    tags = [{"name": one.collection, "description": description(one)} for one in own]
    return {"tags": tags, "paths": _paths(own, edition, able), "schemas": dict(sorted(found.items()))}


def framed(section: str, edition: OpenApiVersion, inner: Document, server_url: str, token_url: str) -> Document:
    """Wrap the *inner* content of a section into its document."""
    told = {
        "info": {"title": TITLES[section], "version": API, "description": ABOUT.format(version=version())},
        "tags": inner["tags"],
        "paths": inner["paths"],
    }
    frame = _swagger if edition is SWAGGER else _openapi
    return frame(told, inner["schemas"], server_url, token_url)


def of_section(section: str) -> tuple[Resource, ...]:
    """Return the resources that a *section* describes."""
    if section in {"changeQueries", "identity"}:
        return ()
    wanted = section == "descriptors"
    return tuple(sorted((one for one in resources().values() if one.is_descriptor is wanted), key=_address))


def description(resource: Resource) -> str:
    """Describe a resource in the words of its name, and by its natural key."""
    words = " ".join(word if word.isupper() else word.lower() for word in WORDS.findall(resource.name))
    if resource.is_descriptor:
        return f"The values of one vocabulary: {words.removesuffix(' descriptor')}."
    keys = ", ".join(dict.fromkeys(path.rpartition(".")[2] for path in resource.identity))
    return f"Records of the kind {words}; one is told from another by {keys}."


def _address(resource: Resource) -> str:
    return resource.endpoint


def _paths(own: Iterable[Resource], edition: OpenApiVersion, able: SupportedOperations) -> Document:
    return {path: item for one in own for path, item in operations.paths(one, edition, able).items()}


def _changes(edition: OpenApiVersion) -> Document:
    return {"/availableChangeVersions": operations.available(edition)}


def _openapi(told: Document, found: Document, server_url: str, token_url: str) -> Document:
    flow = {"tokenUrl": token_url, "scopes": {}}
    return {
        "openapi": OPENAPI.version,
        **told,
        "servers": [{"url": server_url}],
        "security": [{SCHEME: []}],
        "components": {
            "schemas": found,
            "parameters": operations.shared(OPENAPI),
            "responses": operations.failures(OPENAPI),
            "securitySchemes": {SCHEME: {"type": "oauth2", "flows": {"clientCredentials": flow}}},
        },
    }


def _swagger(told: Document, found: Document, server_url: str, token_url: str) -> Document:
    scheme, _, rest = server_url.partition("://")
    host, slash, path = rest.partition("/")
    return {
        "swagger": SWAGGER.version,
        **told,
        "host": host,
        "basePath": slash + path,
        "schemes": [scheme],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "security": [{SCHEME: []}],
        "parameters": operations.shared(SWAGGER),
        "responses": operations.failures(SWAGGER),
        "definitions": found,
        "securityDefinitions": {SCHEME: {"type": "oauth2", "flow": "application", "tokenUrl": token_url, "scopes": {}}},
    }
