"""The OpenAPI documents are whole, closed, and say what the gateway answers."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from standards.errors import Forbidden, InvalidBody, NotFound, TooManyRequests, Unsupported
from standards.oneroster import model
from standards.oneroster.api import body, schemas
from standards.oneroster.api.envelope import PLURALS, status_info, status_info_set
from standards.oneroster.api.openapi import document
from standards.oneroster.api.supported_operations import collections_of, supported_operations

SERVER, TOKEN = "https://gateway.example/maple/ims/oneroster/x", "https://gateway.example/oauth/token"
SERVICES = [("1.2", "rostering"), ("1.2", "gradebook"), ("1.2", "resources"), ("1.1", "")]
GOLDEN = Path(__file__).parents[3] / "gateway" / "web" / "golden"
CLASSES = {"student": "user", "teacher": "user", "contact": "user"}
REFERENCE = {
    "type": "object",
    "required": ["$ref"],
    "additionalProperties": False,
    "properties": {"$ref": {"type": "string"}},
}
SHAPE = {  # what OpenAPI 3.0.3 asks of the parts that these documents use, every object closed
    "type": "object",
    "required": ["openapi", "info", "servers", "tags", "paths", "components"],
    "additionalProperties": False,
    "properties": {
        "openapi": {"const": "3.0.3"},
        "info": {"type": "object", "required": ["title", "version", "description"]},
        "servers": {
            "type": "array",
            "minItems": 1,
            "items": {"required": ["url"], "properties": {"url": {"pattern": "^https://"}}},
        },
        "tags": {"type": "array", "items": {"required": ["name"]}},
        "paths": {
            "type": "object",
            "additionalProperties": False,
            "patternProperties": {
                "^/": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "parameters": {"type": "array", "items": {"$ref": "#/$defs/parameter"}},
                        "get": {"$ref": "#/$defs/operation"},
                        "put": {"$ref": "#/$defs/operation"},
                        "post": {"$ref": "#/$defs/operation"},
                        "delete": {"$ref": "#/$defs/operation"},
                    },
                }
            },
        },
        "components": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "schemas": {"type": "object", "propertyNames": {"pattern": r"^[A-Za-z0-9._-]+$"}},
                "parameters": {"type": "object", "additionalProperties": {"$ref": "#/$defs/parameter"}},
                "headers": {"type": "object", "additionalProperties": {"required": ["description", "schema"]}},
                "responses": {"type": "object", "additionalProperties": {"$ref": "#/$defs/response"}},
                "securitySchemes": {"type": "object", "minProperties": 1},
            },
        },
    },
    "$defs": {
        "parameter": {
            "type": "object",
            "required": ["name", "in", "required", "schema"],
            "additionalProperties": False,
            "properties": {
                "name": {"type": "string"},
                "in": {"enum": ["query", "path", "header"]},
                "required": {"type": "boolean"},
                "description": {"type": "string"},
                "style": {"const": "form"},
                "explode": {"const": False},
                "schema": {"type": "object"},
            },
        },
        "content": {
            "type": "object",
            "required": ["application/json"],
            "additionalProperties": {"required": ["schema"], "properties": {"schema": {"type": "object"}}},
        },
        "response": {
            "type": "object",
            "required": ["description"],
            "additionalProperties": False,
            "properties": {
                "description": {"type": "string"},
                "headers": {"type": "object", "additionalProperties": REFERENCE},
                "content": {"$ref": "#/$defs/content"},
            },
        },
        "operation": {
            "type": "object",
            "required": ["operationId", "summary", "tags", "security", "responses"],
            "additionalProperties": False,
            "properties": {
                "operationId": {"type": "string"},
                "summary": {"type": "string"},
                "tags": {"type": "array", "minItems": 1},
                "security": {
                    "type": "array",
                    "minItems": 1,
                    "items": {"type": "object", "minProperties": 1, "maxProperties": 1},
                },
                "parameters": {"type": "array", "items": REFERENCE},
                "requestBody": {
                    "required": ["content", "required"],
                    "additionalProperties": False,
                    "properties": {"required": {"const": True}, "content": {"$ref": "#/$defs/content"}},
                },
                "responses": {
                    "type": "object",
                    "required": ["default"],
                    "additionalProperties": {"anyOf": [REFERENCE, {"$ref": "#/$defs/response"}]},
                    "propertyNames": {"pattern": "^([1-5][0-9]{2}|default)$"},
                },
            },
        },
    },
}


def written(version, service, operations=None):
    """The document as it goes over the wire; of every operation unless some are given."""
    every = model.operations(version) if operations is None else operations
    return json.loads(json.dumps(document(version, service, every, SERVER, TOKEN)))


@pytest.fixture(scope="module", params=SERVICES, ids=str)
def told(request):
    """A version, a service, its operations, and the document about all of them."""
    version, service = request.param
    operations = [one for one in model.operations(version) if service in {"", one.service}]
    return version, service, operations, written(version, service)


def references(node):
    if isinstance(node, dict):
        yield from [node["$ref"]] if "$ref" in node else []
        for inner in node.values():
            yield from references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from references(inner)


def operation_in(doc, operation):
    return doc["paths"][operation.path][operation.method.lower()]


def validator(doc, name):
    schema = {"$ref": f"#/components/schemas/{name}", "components": doc["components"]}
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())


def test_a_document_has_the_shape_that_openapi_asks(told):
    jsonschema.Draft202012Validator(SHAPE).validate(told[3])


def test_every_schema_is_one(told):
    for schema in told[3]["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere(told):
    doc = told[3]
    for reference in set(references(doc)):
        place = doc
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_every_operation_is_there_under_its_own_name_and_no_other(told):
    _, _, operations, doc = told
    there = {
        (path, method, body["operationId"])
        for path, item in doc["paths"].items()
        for method, body in item.items()
        if method != "parameters"
    }
    assert there == {(one.path, one.method.lower(), one.name) for one in operations}
    assert len({name for _, _, name in there}) == len(there)


def test_only_the_operations_given_are_told_of():
    some = supported_operations("1.2", {"organization"}, ())
    doc = written("1.2", "rostering", some)
    assert set(doc["paths"]) == {"/orgs", "/orgs/{sourcedId}", "/schools", "/schools/{sourcedId}"}
    assert [name for name in doc["components"]["schemas"] if "User" in name] == []
    scopes = doc["components"]["securitySchemes"]["OAuth2Security"]["flows"]["clientCredentials"]["scopes"]
    assert not any("demographics" in scope for scope in scopes)


def test_an_operation_of_another_service_is_left_out():
    assert set(written("1.2", "resources")["paths"]).isdisjoint(written("1.2", "rostering")["paths"])


def test_an_operation_needs_any_one_of_its_scopes(told):
    version, _, operations, doc = told
    prefix = model.edition(version).scope_prefix
    ((name, scheme),) = doc["components"]["securitySchemes"].items()
    flow = scheme["flows"]["clientCredentials"]
    assert flow["tokenUrl"] == TOKEN
    for operation in operations:
        assert operation_in(doc, operation)["security"] == [{name: [prefix + scope]} for scope in operation.scopes]
        assert {prefix + scope for scope in operation.scopes} <= flow["scopes"].keys()


def test_a_path_declares_its_ids_and_an_operation_its_parameters(told):
    _, _, operations, doc = told
    for operation in operations:
        ids = [one["name"] for one in doc["paths"][operation.path].get("parameters", ())]
        assert ids == re.findall(r"\{(\w+)\}", operation.path)
        asked = [one["$ref"].rpartition("/")[2] for one in operation_in(doc, operation).get("parameters", ())]
        conditions = {"PUT": ["If-Match", "If-None-Match"], "DELETE": ["If-Match"]}
        assert asked == (list(operation.query) or conditions.get(operation.method, []))


def test_numbers_have_their_least_value_and_their_default(told):
    parameters = told[3]["components"]["parameters"]
    assert {
        name: (parameters[name]["schema"]["default"], parameters[name]["schema"]["minimum"])
        for name in ("limit", "offset")
    } == {"limit": (100, 1), "offset": (0, 0)}
    assert parameters["orderBy"]["schema"]["enum"] == ["asc", "desc"]


def test_every_status_of_the_standard_is_answered_with(told):
    _, _, operations, doc = told
    for operation in operations:
        responses = operation_in(doc, operation)["responses"]
        assert {str(status) for status in (*operation.statuses, *operation.errors)} <= responses.keys()
        for status, response in responses.items():
            if status.startswith(("4", "5")):
                assert list(references(response["content"])) == [f"#/components/schemas/{schemas.STATUS}"]


def test_a_collection_tells_its_total_and_its_links_and_every_record_its_tag(told):
    _, _, operations, doc = told
    for operation in operations:
        if operation.method == "GET":
            headers = operation_in(doc, operation)["responses"]["200"]["headers"].keys()
            assert headers == ({"ETag"} if operation.path.endswith("}") else {"X-Total-Count", "Link", "ETag"})


def test_a_body_is_wrapped_as_one_or_as_a_set(told):
    _, _, operations, doc = told
    for operation in operations:
        kind = model.collections()[collections_of(operation)[-1]]
        sent = operation_in(doc, operation).get("requestBody")
        wrapper = {"PUT": kind, "POST": PLURALS[kind]}.get(operation.method)
        found = [*sent["content"]["application/json"]["schema"]["properties"]] if sent else [None]
        assert found == [wrapper]


def test_every_object_is_closed_but_metadata_and_credentials(told):
    def openings(node, place=""):
        if isinstance(node, dict):
            if node.get("type") == "object" and node["additionalProperties"]:
                yield place
            for name, inner in node.items():
                yield from openings(inner, f"{place}/{name}")

    opened = set(openings(told[3]["components"]["schemas"]))
    assert {place for place in opened if not place.endswith(("/metadata", "/CredentialDType"))} == set()


@pytest.mark.parametrize("version", model.VERSIONS)
def test_a_member_that_no_view_shows_is_in_no_schema(version):
    schema = schemas.read_schemas(version, ["user"])["UserDType"]
    assert "password" in model.classes(version)["user"]
    assert "password" not in schema["properties"]
    assert schema["properties"].keys() == schemas.shown(version)["user"]
    assert "password" not in schemas.read_schemas("1.2", ["user"])["CredentialDType"]["properties"]


@pytest.mark.parametrize("version", model.VERSIONS)
def test_what_is_shown_of_a_class_holds_all_that_it_cannot_be_without(version):
    for name, members in schemas.shown(version).items():
        assert {one.name for one in model.classes(version)[name].values() if one.required} - members == set()


def golden():
    for path in sorted(GOLDEN.glob("oneroster*-*.json")):
        api, name, *_ = path.stem.split("-")
        version = "1.1" if api == "oneroster11" else "1.2"
        yield pytest.param(version, CLASSES.get(name, name), json.loads(path.read_text("utf-8")), id=path.stem)


RECORDS = list(golden())


def judge(version, kind):
    name = schemas.schema_name(kind)
    return validator({"components": {"schemas": schemas.read_schemas(version, [kind])}}, name)


@pytest.mark.parametrize(("version", "kind", "record"), RECORDS)
def test_a_record_that_the_gateway_answers_with_is_valid(version, kind, record):
    judge(version, kind).validate(record)


@pytest.mark.parametrize(("version", "kind", "record"), RECORDS)
@given(data=st.data())
def test_a_record_that_the_facts_refuse_is_refused(version, kind, record, data):
    spoilt = deepcopy(record)
    name = data.draw(st.sampled_from(sorted(spoilt)))
    match data.draw(st.sampled_from(("gone", "null", "number", "more"))):
        case "gone":
            del spoilt[name]
        case "null":
            spoilt[name] = None
        case "number":
            spoilt[name] = 7
        case "more":
            spoilt["shoeSize"] = "7"
    assert judge(version, kind).is_valid(spoilt) == (model.validate(version, kind, spoilt) == [])


@pytest.mark.parametrize(
    "error", [NotFound("x"), Forbidden("x"), Unsupported("x"), TooManyRequests("x", 1)], ids=lambda error: error.code
)
def test_an_error_has_the_shape_that_is_told(told, error):
    version, _, _, doc = told
    said = status_info(error)[1] if version == "1.2" else status_info_set(error, "getAllOrgs")[1]
    validator(doc, schemas.STATUS).validate(said)


LINE_ITEM = {
    "sourcedId": "1",
    "title": "Fractions",
    "assignDate": "2026-09-01T08:00:00.000Z",
    "dueDate": "2026-09-02T08:00:00.000Z",
    "class": {"sourcedId": "2"},
    "category": {"sourcedId": "3"},
}


def taken(operation, sent):
    """Whether the document, and whether the reader of bodies, accept what is *sent*."""
    doc = written("1.2", "gradebook")
    found = next(one for one in model.operations("1.2") if one.name == operation)
    schema = operation_in(doc, found)["requestBody"]["content"]["application/json"]["schema"]
    told = jsonschema.Draft202012Validator({**schema, "components": doc["components"]}).is_valid(sent)
    kind, known = model.collections()[collections_of(found)[-1]], schemas.shown("1.2")["lineItem"]
    derived = body.DERIVED[kind]
    try:
        if found.method == "PUT":
            body.single("1.2", kind, sent, known, derived)
        else:
            body.several("1.2", kind, sent, known, derived | {"class", "sourcedId"})
    except InvalidBody:
        return told, False
    return told, True


@pytest.mark.parametrize(
    ("change", "put", "post"),
    [
        ({}, True, True),
        ({"class": None}, False, True),
        ({"sourcedId": None}, False, True),
        ({"title": None}, False, False),
        ({"status": "active"}, True, True),
        ({"shoeSize": 7}, False, False),
        ({"category": {"sourcedId": "3", "name": "x"}}, False, False),
        ({"category": {"href": "https://x.example/3"}}, False, False),
        ({"school": {"sourcedId": "4", "href": "https://x.example/4", "type": "org"}}, True, True),
    ],
    ids=str,
)
def test_what_a_client_must_send_is_what_the_gateway_asks_for(change, put, post):
    sent = {name: value for name, value in (LINE_ITEM | change).items() if value is not None}
    assert taken("putLineItem", {"lineItem": sent}) == (put, put)
    assert taken("postLineItemsForClass", {"lineItems": [sent]}) == (post, post)


def test_a_set_that_is_sent_holds_something():
    assert taken("postLineItemsForClass", {"lineItems": []}) == (False, False)
    assert taken("postLineItemsForClass", {"lineItem": LINE_ITEM}) == (False, False)
