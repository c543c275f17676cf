"""The identity section of the Ed-Fi documents: `/identity/v2`, as the ODS and its successor publish it.

Members are spelt as in those documents, with a capital; readers of requests take any case.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standards.edfi.api.openapi.schemas import OpenApiVersion

Document = dict[str, Any]

TAG: Final = "Identities"
MEDIA: Final = "application/json"
NAMES: Final = ("LastSurname", "FirstName", "MiddleName", "GenerationCodeSuffix", "SexType")
PLACE: Final = ("City", "StateAbbreviation", "InternationalProvince", "Country")
TAGS: Final = (MappingProxyType({"name": TAG, "description": "Find the unique ids of a district's own students."}),)
REFUSALS: Final = ("BadRequest", "Unauthorized", "Forbidden", "NotFound", "Error")
ACCEPTED: Final = "It was asked with Prefer: respond-async; Location is where the result is, for ten minutes."


def schemas(edition: OpenApiVersion) -> Document:
    """Return the schemas of the section."""
    text = {"type": "string", edition.null: True}
    person: Document = dict.fromkeys(NAMES, text)
    person |= {
        "BirthDate": {"type": "string", "format": "date-time", edition.null: True},
        "BirthOrder": {"type": "integer", "format": "int32", edition.null: True},
        "BirthLocation": edition.ref("Location"),
    }
    scored = {"type": "number", "format": "double", "minimum": 0, "maximum": 100}
    identity = {"UniqueId": {"type": "string"}, **person, "Score": scored}
    groups = {"type": "array", "items": edition.ref("IdentitySearchResponses")}
    found = {"Status": {"type": "string", "enum": ["Incomplete", "Complete"]}, "SearchResponses": groups}
    return {
        "IdentityResponse": _object(identity, tuple(identity)),
        "IdentitySearchRequest": _object(person),
        "IdentitySearchResponse": _object(found, tuple(found)),
        "IdentitySearchResponses": _object(
            {"Responses": {"type": "array", "items": edition.ref("IdentityResponse")}}, ("Responses",)
        ),
        "Location": _object(dict.fromkeys(PLACE, text)),
    }


def paths(edition: OpenApiVersion) -> Document:
    """Return the operations of the section; nothing creates an identity here, so none is described."""
    one, many = edition.ref("IdentityResponse"), edition.ref("IdentitySearchResponse")
    word = {"type": "string"}
    asked = {"type": "array", "items": edition.ref("IdentitySearchRequest")}
    found = {"200": _success(edition, many), "202": {"description": ACCEPTED}}
    later, single = {"200": _success(edition, many)}, {"200": _success(edition, one)}
    return {
        "/identities/find": {
            "post": _operation(edition, "Identities_Find", "Students by their unique ids.", found)
            | _body(edition, "uniqueIds", {"type": "array", "items": word})
        },
        "/identities/search": {
            "post": _operation(edition, "Identities_Search", "Students who may be those described.", found)
            | _body(edition, "criteria", asked)
        },
        "/identities/results/{id}": {
            "get": _operation(edition, "Identities_Result", "What came of a find or search.", later)
            | {"parameters": [_part(edition)]}
        },
        "/identities/{id}": {
            "get": _operation(edition, "Identities_GetById", "One student, by the unique id.", single)
            | {"parameters": [_part(edition)]}
        },
    }  # fmt: skip


def _object(members: Mapping[str, Any], required: tuple[str, ...] = ()) -> Document:
    return {"type": "object", "properties": dict(members)} | ({"required": list(required)} if required else {})


def _operation(edition: OpenApiVersion, name: str, summary: str, found: Mapping[str, Any]) -> Document:
    root = "#/responses/" if edition.version == "2.0" else "#/components/responses/"
    codes = {"BadRequest": "400", "Unauthorized": "401", "Forbidden": "403", "NotFound": "404", "Error": "500"}
    refused = {codes[one]: {"$ref": root + one} for one in REFUSALS}
    return {"operationId": name, "tags": [TAG], "summary": summary, "responses": {**found, **refused}}


def _success(edition: OpenApiVersion, schema: Document) -> Document:
    if edition.version == "2.0":
        return {"description": "What was found.", "schema": schema}
    return {"description": "What was found.", "content": {MEDIA: {"schema": schema}}}


def _body(edition: OpenApiVersion, name: str, schema: Document) -> Document:
    if edition.version == "2.0":
        return {"parameters": [{"name": name, "in": "body", "required": True, "schema": schema}]}
    return {"requestBody": {"required": True, "content": {MEDIA: {"schema": schema}}}}


def _part(edition: OpenApiVersion) -> Document:
    word: Document = {"type": "string"} if edition.version == "2.0" else {"schema": {"type": "string"}}
    return {"name": "id", "in": "path", "required": True, **word}
