"""The Ed-Fi documents are whole in both editions, name every operation, and accept what the standard accepts."""

from __future__ import annotations

import json
import re
from functools import cache

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from standards.edfi.api.openapi import documents as openapi
from standards.edfi.api.openapi.schemas import IDENTITY, OPENAPI, SWAGGER, camel, key_members, schema_name
from standards.edfi.api.request import names, parameters
from standards.edfi.api.supported_operations import SupportedOperations, all_operations
from standards.edfi.model.cascading_keys import CASCADING_KEYS
from standards.edfi.model.model import resources
from tests.standards.edfi.documents import documents

SERVER, TOKEN = "https://gateway.example/maple/data/v3", "https://gateway.example/maple/oauth/token"
EVERY = [(section, edition) for section in openapi.SECTIONS for edition in openapi.OPENAPI_VERSIONS.values()]
WAYS = {"": {"get", "post"}, "/{id}": {"get", "put", "delete"}, "/deletes": {"get"}, "/keyChanges": {"get"},
        "/partitions": {"get"}}  # fmt: skip


@cache
def told(section, edition):
    return openapi.document(section, edition, all_operations(), SERVER, TOKEN)


@pytest.mark.parametrize("edition", openapi.OPENAPI_VERSIONS.values())
def test_only_what_a_deployment_is_able_to_do_is_listed(edition):
    able = SupportedOperations(frozenset({"Student", "School"}), frozenset({"School"}), frozenset({"Student"}))
    document = openapi.document("resources", edition, able, SERVER, TOKEN)
    whole = told("resources", edition)
    assert {path: set(item) for path, item in document["paths"].items()} == {
        "/ed-fi/schools": {"get", "post"}, "/ed-fi/schools/{id}": {"get", "put", "delete"},
        "/ed-fi/schools/partitions": {"get"}, "/ed-fi/students": {"get"}, "/ed-fi/students/{id}": {"get"},
        "/ed-fi/students/partitions": {"get"}, "/ed-fi/students/deletes": {"get"}, "/ed-fi/students/keyChanges": {"get"},
    }  # fmt: skip
    for path, item in document["paths"].items():
        assert item == {method: whole["paths"][path][method] for method in item}
    assert [one["name"] for one in document["tags"]] == ["schools", "students"]
    pointers = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)))
    assert all(pointed(document, one) for one in pointers)
    assert {f"{edition.root}{name}" for name in schemas_of(document)} <= pointers


@pytest.mark.parametrize("edition", openapi.OPENAPI_VERSIONS.values())
def test_pages_are_asked_for_as_the_ods_documents_it(edition):
    """As in the document of ODS/API 7.3: a generated client sends every default, and an offset beside a size is wrong."""
    document = told("resources", edition)
    shared = document["parameters"] if edition is SWAGGER else document["components"]["parameters"]
    defaults = {name: (shared[name].get("schema") or shared[name]).get("default") for name in
                ("offset", "limit", "totalCount", "pageToken", "pageSize", "Use-Snapshot")}  # fmt: skip
    assert defaults == {"offset": None, "limit": 25, "totalCount": False, "pageToken": None, "pageSize": 25,
                        "Use-Snapshot": False}  # fmt: skip
    pointers = [one["$ref"].rpartition("/")[2] for one in document["paths"]["/ed-fi/students"]["get"]["parameters"]
                if "$ref" in one]  # fmt: skip
    assert pointers[:5] == ["offset", "limit", "totalCount", "pageToken", "pageSize"]


def schemas_of(document):
    return document.get("definitions") or document["components"]["schemas"]


def operations(document):
    return [one for item in document["paths"].values() for one in item.values()]


def pointed(document, reference):
    for step in reference.removeprefix("#/").split("/"):
        document = document[step]
    return document


@pytest.mark.parametrize(("section", "edition"), EVERY)
def test_every_pointer_leads_somewhere_and_every_schema_is_used(section, edition):
    document = told(section, edition)
    pointers = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)))
    assert all(pointed(document, one) for one in pointers)
    assert {f"{edition.root}{name}" for name in schemas_of(document)} <= pointers


@pytest.mark.parametrize(("section", "edition"), EVERY)
def test_every_operation_has_a_name_of_its_own_and_a_tag_that_is_described(section, edition):
    document = told(section, edition)
    named = [one["operationId"] for one in operations(document)]
    assert len(named) == len(set(named))
    tags = {one["name"]: one["description"] for one in document["tags"]}
    assert {tag for one in operations(document) for tag in one["tags"]} == tags.keys()
    assert all(tags.values())


def test_the_documents_name_every_endpoint_of_the_standard_and_everything_it_answers_to():
    found = {}
    for section in ("resources", "descriptors"):
        paths = told(section, OPENAPI)["paths"]
        assert paths.keys() == told(section, SWAGGER)["paths"].keys()
        found |= {path: set(item) for path, item in paths.items()}
    assert found == {one.endpoint + way: set(verbs) for one in resources().values() for way, verbs in WAYS.items()}
    assert len(resources()) == 349


def test_operations_are_named_as_the_standard_names_them():
    item = told("resources", OPENAPI)["paths"]
    root = "/ed-fi/localEducationAgencies"
    assert {verb: one["operationId"] for way in WAYS for verb, one in item[root + way].items() if way in {"", "/{id}"}
            for verb in [verb + way]} == {
        "get": "getLocalEducationAgencies", "post": "postLocalEducationAgency",
        "get/{id}": "getLocalEducationAgenciesById", "put/{id}": "putLocalEducationAgency",
        "delete/{id}": "deleteLocalEducationAgencyById",
    }  # fmt: skip
    assert item[f"{root}/deletes"]["get"]["operationId"] == "deletesLocalEducationAgencies"
    assert item[f"{root}/keyChanges"]["get"]["operationId"] == "keyChangesLocalEducationAgencies"


@pytest.mark.parametrize("name", sorted(resources()))
def test_the_filters_of_a_resource_are_exactly_those_it_is_asked_by(name):
    one = resources()[name]
    item = told("descriptors" if one.is_descriptor else "resources", SWAGGER)["paths"][one.endpoint]["get"]
    own = [given for given in item["parameters"] if "name" in given]
    assert {given["name"].lower() for given in own} == names(one.collection).keys()
    keys = {given["name"] for given in own if given.get(IDENTITY)}
    assert keys == key_members(one).keys()
    covered = {path for member in keys for path in parameters(one.collection)[member]}
    assert set(one.identity) <= covered


@pytest.mark.parametrize("edition", openapi.OPENAPI_VERSIONS.values(), ids=openapi.OPENAPI_VERSIONS)
def test_key_members_are_marked_in_resources_references_and_items(edition):
    schemas = schemas_of(told("resources", edition))

    def marked(name):
        return {member for member, one in schemas[name]["properties"].items() if one.get(IDENTITY)}

    assert marked("edFi_studentSchoolAssociation") == {"entryDate"}
    assert marked("edFi_schoolReference") == {"schoolId"}
    assert marked("edFi_studentIdentificationDocument") == {
        "identificationDocumentUseDescriptor", "personalInformationVerificationDescriptor",
    }  # fmt: skip
    for name, schema in schemas.items():
        if name.endswith("Reference"):
            assert marked(name) == schema["properties"].keys() - {"link"}
            assert set(schema["required"]) == marked(name)


def test_each_edition_says_null_and_lengths_in_its_own_way():
    for edition, word, other in ((SWAGGER, "x-nullable", "nullable"), (OPENAPI, "nullable", "x-nullable")):
        student = schemas_of(told("resources", edition))["edFi_student"]
        assert {"studentUniqueId", "birthDate", "firstName", "lastSurname"} == set(student["required"])
        assert student["properties"]["firstName"] == {"type": "string", "maxLength": 75}
        assert student["properties"]["middleName"] == {"type": "string", "maxLength": 75, word: True}
        assert student["properties"]["birthDate"] == {"type": "string", "format": "date"}
        assert student["properties"]["_lastModifiedDate"]["format"] == "date-time"
        assert student["properties"]["birthSexDescriptor"]["maxLength"] == 306
        assert other not in student["properties"]["middleName"]


def test_a_put_says_where_the_key_may_change():
    marked = {one["tags"][0] for one in operations(told("resources", OPENAPI)) if one.get("x-Ed-Fi-isUpdatable")}
    assert marked == {resources()[name].collection for name in CASCADING_KEYS}


def test_what_is_tracked_is_told_by_flat_keys():
    schemas = schemas_of(told("resources", OPENAPI))
    key = schemas["trackedChanges_edFi_studentSectionAssociationKey"]["properties"]
    assert key.keys() == {"beginDate", "localCourseCode", "schoolId", "schoolYear", "sectionIdentifier", "sessionName",
                          "studentUniqueId"}  # fmt: skip
    gone = schemas["trackedChanges_edFi_studentSectionAssociationDelete"]["properties"]
    assert gone.keys() == {"id", "changeVersion", "keyValues"}


def test_each_edition_says_where_it_lies_and_where_tokens_are_given():
    new, old = (told("resources", edition) for edition in (OPENAPI, SWAGGER))
    flow = new["components"]["securitySchemes"]["oauth2_client_credentials"]["flows"]["clientCredentials"]
    assert ([one["url"] for one in new["servers"]], flow["tokenUrl"]) == ([SERVER], TOKEN)
    assert (old["schemes"], old["host"], old["basePath"]) == (["https"], "gateway.example", "/maple/data/v3")
    assert old["securityDefinitions"]["oauth2_client_credentials"]["tokenUrl"] == TOKEN


@pytest.mark.parametrize(
    ("name", "spelt"),
    [("Student", "student"), ("CTEProgramServiceDescriptor", "cteProgramServiceDescriptor"), ("School", "school"),
     ("IDEAPartDescriptor", "ideaPartDescriptor"), ("StudentCTEProgramAssociation", "studentCTEProgramAssociation")],
)  # fmt: skip
def test_names_begin_in_small_letters(name, spelt):
    assert camel(name) == spelt


def test_a_descriptor_is_numbered_by_the_singular_of_its_address():
    for one in resources().values():
        if one.is_descriptor:
            assert one.descriptor_id == f"{camel(one.name)}Id"


@pytest.mark.parametrize("edition", openapi.OPENAPI_VERSIONS.values(), ids=openapi.OPENAPI_VERSIONS)
@given(st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
def test_whatever_the_standard_accepts_the_schema_accepts(edition, data):
    one = data.draw(st.sampled_from(sorted(resources().values(), key=lambda found: found.name)))
    document = told("descriptors" if one.is_descriptor else "resources", edition)
    judge = jsonschema.Draft4Validator({**document, "$ref": f"{edition.root}{schema_name(one)}"})
    assert [error.json_path for error in judge.iter_errors(data.draw(documents(one)))] == []


def test_a_reference_schema_accepts_what_every_place_of_it_accepts():
    told_schemas = told("resources", openapi.OPENAPI_VERSIONS["3"])["components"]["schemas"]
    checked = 0
    for one in resources().values():
        for known in one.properties.values():
            if known.reference:
                members = told_schemas[f"edFi_{camel(known.reference)}Reference"]["properties"]
                for leaf in known.properties.values():
                    assert members[leaf.name].get("minLength", 0) <= (leaf.min_length or 0), (one.name, leaf.name)
                    assert members[leaf.name].get("maxLength", 10**6) >= (leaf.max_length or 0), (one.name, leaf.name)
                    checked += 1
    assert checked > 200
