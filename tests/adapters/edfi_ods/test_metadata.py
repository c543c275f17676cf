"""A description in either edition tells the same model; one that is none is refused."""

from __future__ import annotations

import pytest

from adapters.edfi_ods.metadata import beyond
from standards.errors import SourceBroken

KEY = {"type": "string", "maxLength": 32, "x-Ed-Fi-isIdentity": True}
SCHEMAS = {
    "tpdm_candidate": {
        "required": ["candidateIdentifier", "personReference"],
        "properties": {
            "id": {"type": "string"},
            "candidateIdentifier": KEY,
            "birthDate": {"type": "string", "format": "date"},
            "birthCountryDescriptor": {"type": "string", "maxLength": 306},
            "score": {"type": "number", "format": "double"},
            "personReference": {"$ref": "#/definitions/edFi_personReference"},
            "languages": {"type": "array", "items": {"$ref": "#/definitions/tpdm_candidateLanguage"}},
            "_etag": {"type": "string"},
        },
    },
    "tpdm_candidateLanguage": {"properties": {"languageDescriptor": KEY, "fluent": {"type": "boolean"}}},
    "edFi_personReference": {
        "properties": {"personId": KEY, "sourceSystemDescriptor": KEY, "link": {"$ref": "#/definitions/link"}}
    },
    "edFi_student": {"properties": {"_ext": {"$ref": "#/definitions/edFi_studentExtensions"}}},
    "edFi_studentExtensions": {"properties": {"TPDM": {"$ref": "#/definitions/tpdm_studentExtension"}}},
    "tpdm_studentExtension": {"properties": {"hometown": {"type": "string"}}},
}
SWAGGER = {
    "swagger": "2.0",
    "paths": {
        "/ed-fi/students": {"get": {}},
        "/tpdm/candidates": {
            "get": {"parameters": [{"name": "candidateIdentifier", "in": "query", "x-Ed-Fi-isIdentity": True}]},
            "post": {"parameters": [{"in": "body", "schema": {"$ref": "#/definitions/tpdm_candidate"}}]},
        },
        "/tpdm/candidates/{id}": {"get": {}},
    },
    "definitions": SCHEMAS,
}
BODY = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/tpdm_candidate"}}}}
OPENAPI = {
    "openapi": "3.0.1",
    "paths": {
        "/tpdm/candidates": {"get": SWAGGER["paths"]["/tpdm/candidates"]["get"], "post": {"requestBody": BODY}},
    },
    "components": {"schemas": SCHEMAS},
}


@pytest.mark.parametrize("document", [SWAGGER, OPENAPI], ids=["swagger", "openapi"])
def test_resources_and_members_beyond_the_standard_are_found(document):
    found = beyond([document, {"paths": {}}])
    assert found.keys() == {"Candidate", "Student"}
    candidate = found["Candidate"]
    assert (candidate.endpoint, candidate.collection) == ("/tpdm/candidates", "tpdm/candidates")
    assert candidate.identity == ("candidateIdentifier",)
    known = candidate.properties
    assert (known["candidateIdentifier"].required, known["candidateIdentifier"].max_length) == (True, 32)
    assert (known["birthDate"].format, known["score"].type) == ("date", "number")
    assert known["birthCountryDescriptor"].descriptor == "CountryDescriptor"
    assert (known["personReference"].reference, set(known["personReference"].properties)) == (
        "Person", {"personId", "sourceSystemDescriptor"},
    )  # fmt: skip
    assert (known["languages"].collection, known["languages"].item_key) == (True, ("languageDescriptor",))
    assert set(found["Student"].properties["_ext"].properties["TPDM"].properties) == {"hometown"}
    assert "studentUniqueId" in found["Student"].properties


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"paths": []},
        {"paths": {"/tpdm/candidates": {"post": 1}}},
        {"paths": {"/tpdm/candidates": {}}},
        {"paths": SWAGGER["paths"], "definitions": {"tpdm_candidate": {"properties": {"x": {"type": "file"}}}}},
        {
            "paths": SWAGGER["paths"],
            "definitions": {"tpdm_candidate": {"properties": {"x": {"$ref": "#/definitions/tpdm_candidate"}}}},
        },
    ],
)
def test_what_is_no_description_is_refused(document):
    with pytest.raises(SourceBroken):
        beyond([document])
