"""The OneRoster facts are whole, and a document that breaks them is told so without its values."""

from __future__ import annotations

import pytest

from standards.oneroster.api import model

REF = {"href": "https://gateway.example/ims/oneroster/rostering/v1p2/orgs/1", "sourcedId": "1", "type": "org"}
CATEGORY = {"sourcedId": "1", "status": "active", "dateLastModified": "2026-09-01T08:00:00.000Z", "title": "Homework"}
USER = {
    "sourcedId": "1",
    "status": "active",
    "dateLastModified": "2026-09-01T08:00:00Z",
    "enabledUser": "true",
    "givenName": "María",
    "familyName": "Lee",
    "roles": [{"roleType": "primary", "role": "student", "org": REF}],
}


@pytest.mark.parametrize(("version", "count", "services"), [("1.1", 61, 3), ("1.2", 81, 3)])
def test_every_operation_is_there(version, count, services):
    operations = model.operations(version)
    assert len(operations) == count
    assert len({operation.service for operation in operations}) == services
    scopes = set(model.edition(version).scopes)
    assert all(set(operation.scopes) <= scopes for operation in operations)


def test_a_version_knows_where_its_services_live():
    assert model.edition("1.1").base_path("gradebook") == "/ims/oneroster/v1p1"
    assert model.edition("1.2").base_path("gradebook") == "/ims/oneroster/gradebook/v1p2"


@pytest.mark.parametrize("version", model.VERSIONS)
def test_every_class_that_a_field_names_exists(version):
    classes = model.classes(version)
    for members in classes.values():
        for member in members.values():
            assert member.class_name in {"", *classes}
            assert member.type in {"enum", "guidRef", "object", "metadata", *model.SCALARS}


def test_every_collection_answers_with_a_class():
    assert set(model.collections().values()) <= model.classes("1.2").keys()
    assert model.grades()[0] == "IT"


@pytest.mark.parametrize(("class_name", "document"), [("category", CATEGORY), ("user", USER)])
def test_a_right_document_has_no_problem(class_name, document):
    assert model.validate("1.2", class_name, document) == []


def test_metadata_is_open():
    assert model.validate("1.2", "category", {**CATEGORY, "metadata": {"vendor.colour": {"red": 1}}}) == []


def test_a_credential_is_open():
    profile = {
        "profileId": "urn:x:1",
        "profileType": "x",
        "vendorId": "1",
        "credentials": [{"type": "x", "username": "x", "password": "x", "token": "x"}],
    }
    assert model.validate("1.2", "user", {**USER, "userProfiles": [profile]}) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"nickname": "x"}, "$.nickname: is not a member"),
        ({"givenName": None}, "$.givenName: is null"),
        ({"givenName": 1}, "$.givenName: is not a string"),
        ({"enabledUser": True}, "$.enabledUser: is not a boolString"),
        ({"status": "inactive"}, "$.status: is not one of its listed values"),
        ({"dateLastModified": "2026-09-01"}, "$.dateLastModified: is not a dateTime"),
        ({"dateLastModified": "2026-09-31T08:00:00Z"}, "$.dateLastModified: is not a dateTime"),
        ({"dateLastModified": "2026-09-01T08:00:00"}, "$.dateLastModified: is not a dateTime"),
        ({"roles": []}, "$.roles: has fewer than 1 items"),
        ({"roles": "x"}, "$.roles: is not an array"),
        ({"roles": ["x"]}, "$.roles[0]: is not an object"),
        ({"grades": [None]}, "$.grades[0]: is null"),
        ({"metadata": []}, "$.metadata: is not an object"),
        ({"metadata": {"x": None}}, "$.metadata.x: is null"),
        ({"primaryOrg": "1"}, "$.primaryOrg: is not an object"),
        ({"primaryOrg": {**REF, "href": "/orgs/1"}}, "$.primaryOrg.href: is not an absolute address"),
        ({"primaryOrg": {**REF, "type": "wizard"}}, "$.primaryOrg.type: is not one of its listed values"),
        ({"primaryOrg": {**REF, "href": "http://["}}, "$.primaryOrg.href: is not an absolute address"),
        ({"primaryOrg": {**REF, "type": ["org"]}}, "$.primaryOrg.type: is not one of its listed values"),
        ({"primaryOrg": {**REF, "sourcedId": 1}}, "$.primaryOrg.sourcedId: is not a string"),
        ({"primaryOrg": {**REF, "name": "x"}}, "$.primaryOrg.name: is not a member"),
        ({"primaryOrg": {"href": REF["href"], "type": "org"}}, "$.primaryOrg.sourcedId: is missing"),
    ],
)
def test_a_wrong_user_is_told_where_and_why(changes, problem):
    assert model.validate("1.2", "user", {**USER, **changes}) == [problem]


def test_a_missing_field_is_told():
    assert "$.title: is missing" in model.validate("1.2", "category", {})


def test_an_enumeration_takes_its_extensions_where_the_version_has_them():
    role = {"roleType": "primary", "role": "ext:librarian", "org": REF}
    assert model.validate("1.2", "role", role) == []
    assert model.validate("1.2", "role", {**role, "role": "ext:"}) == ["$.role: is not one of its listed values"]
    assert model.validate("1.2", "role", {**role, "roleType": "ext:x"}) == [
        "$.roleType: is not one of its listed values"
    ]


def test_version_1_1_takes_both_kinds_of_booleans_and_years_of_four_digits():
    session = {**CATEGORY, "type": "term", "startDate": "2021-08-23", "endDate": "2021-12-17", "schoolYear": "2022"}
    assert model.validate("1.1", "academicSession", session) == []
    assert model.validate("1.1", "academicSession", {**session, "schoolYear": "22"}) == ["$.schoolYear: is not a year"]
    assert model.validate("1.1", "academicSession", {**session, "startDate": "x"}) == ["$.startDate: is not a date"]
    demographics = {name: CATEGORY[name] for name in ("sourcedId", "status", "dateLastModified")}
    for value in (True, "true"):
        assert model.validate("1.1", "demographics", {**demographics, "asian": value}) == []


def test_no_message_repeats_a_value():
    document = {name: ["SECRET"] for name in model.classes("1.2")["user"]}
    found = model.validate("1.2", "user", document)
    assert found
    assert not any("SECRET" in problem for problem in found)
