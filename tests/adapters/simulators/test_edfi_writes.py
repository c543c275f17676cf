"""The simulated ODS takes and refuses documents as an ODS does."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from adapters.simulators.edfi import Extension
from standards.edfi.model import model
from tests.adapters.edfi_ods.worlds import DESCRIPTORS, ENROLLMENT, SCHOOL, SMALL, STUDENT, URI, asked, kind
from tests.adapters.simulators.test_edfi import bare
from tests.standards.edfi.complete import complete

NOBODY = "0123456789abcdef0123456789abcdef"
TPDM = Extension(
    "tpdm",
    "TPDM",
    {
        "Candidate": {
            "endpoint": "/tpdm/candidates", "isDescriptor": False, "identity": ["$.candidateIdentifier"],
            "properties": {
                "candidateIdentifier": {"type": "string", "maxLength": 32, "required": True, "identity": True},
                "firstName": {"type": "string", "maxLength": 75, "required": True},
                "sexDescriptor": {"type": "string", "descriptor": "SexDescriptor"},
                "studentReference": {
                    "type": "object", "reference": "Student",
                    "properties": {"studentUniqueId": {"type": "string", "required": True, "maxLength": 32}},
                },
            },
        },
        "CredentialStatusDescriptor": {
            "endpoint": "/tpdm/credentialStatusDescriptors", "isDescriptor": True,
            "identity": ["$.namespace", "$.codeValue"],
            "properties": {
                "namespace": {"type": "string", "required": True}, "codeValue": {"type": "string", "required": True},
                "shortDescription": {"type": "string", "required": True},
            },
        },
    },
    {"School": {"accreditationYear": {"type": "integer", "format": "int32"},
                "postSecondarySchoolReference": {
                    "type": "object", "reference": "School",
                    "properties": {"schoolId": {"type": "integer", "format": "int64", "required": True}}}}},
)  # fmt: skip


@pytest.fixture
def small():
    with asked(SMALL) as client:
        yield client


def only(client, collection):
    """The one document of a collection."""
    (row,) = client.rows(collection)
    return row


def test_a_document_of_every_endpoint_is_taken_and_shown_unchanged():
    """All 349 endpoints, strictly: created, read back, put back unchanged, and at the end deleted in reverse."""
    with asked([]) as client:
        made = []
        for collection, document in complete(1, seed=1):
            answer = client.post(collection, document)
            assert answer.status_code == 201, (collection, answer.text)
            assert answer.content == b""
            made.append(answer.headers["Location"])
            resource = model.by_collection(collection)
            if not resource.is_descriptor:
                row = client.rows(made[-1])
                assert bare(row, resource) == document
                assert answer.headers["ETag"] == f'"{row["_etag"]}"'
                assert client.ask(made[-1], "PUT", json=row).status_code == 204
        for location in reversed(made):
            assert client.ask(location, "DELETE").status_code == 204, location
        assert not any(client.running.ods.state.rows.values())


def test_a_second_post_of_the_same_key_changes_the_document(small):
    row = only(small, "students")
    answer = small.post("students", {**STUDENT, "firstName": "Anna"})
    assert (answer.status_code, answer.headers["Location"].rpartition("/")[2]) == (200, row["id"])
    after = only(small, "students")
    assert (after["firstName"], after["id"]) == ("Anna", row["id"])
    assert after["_etag"] != row["_etag"]
    assert after["_lastModifiedDate"] > row["_lastModifiedDate"]


def test_what_the_system_does_not_know_or_gives_itself_is_ignored(small):
    given = {**STUDENT, "shoeSize": 43, "_etag": "1", "_lastModifiedDate": "then", "middleName": None, "addresses": []}
    assert small.post("students", given).status_code == 200
    assert "shoeSize" not in only(small, "students")


def test_members_have_no_case(small):
    assert small.post("students", {name.upper(): value for name, value in STUDENT.items()}).status_code == 200
    assert only(small, "students")["firstName"] == "Ana"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"id": NOBODY}, "$.id"),
        ({"firstName": None}, "$.firstName"),
        ({"firstName": "x" * 76}, "$.firstName"),
        ({"birthDate": "yesterday"}, "$.birthDate"),
        ({"firstName": 3}, "$.firstName"),
        ({"birthSexDescriptor": f"{URI}/SexDescriptor#Nothing"}, "$.birthSexDescriptor"),
    ],
)
def test_a_document_that_breaks_the_model_is_refused_with_the_place(small, change, place):
    answer = small.post("students", {**STUDENT, **change})
    assert (answer.status_code, kind(answer)) == (400, "bad-request:data-validation-failed")
    assert list(answer.json()["validationErrors"]) == [place]


@pytest.mark.parametrize(
    ("body", "problem"), [(b"", "bad-request"), (b"{", "bad-request:data-validation-failed"),
                          (b"[]", "bad-request:data-validation-failed"),
                          (b"[" * 100_000, "bad-request:data-validation-failed")],
)  # fmt: skip
def test_a_body_that_is_no_document_is_refused(small, body, problem):
    answer = small.ask("students", "POST", data=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, kind(answer)) == (400, problem)


def test_a_body_that_is_no_json_is_not_read(small):
    answer = small.ask("students", "POST", data="<a/>", headers={"Content-Type": "text/xml"})
    assert (answer.status_code, kind(answer)) == (415, "unsupported-media-type")


def test_a_descriptor_is_known_in_any_case_and_shown_in_its_own(small):
    value = ENROLLMENT["entryGradeLevelDescriptor"]
    shouted = value.replace("Ninth grade", "NINTH GRADE")
    assert (
        small.post("studentSchoolAssociations", {**ENROLLMENT, "entryGradeLevelDescriptor": shouted}).status_code == 200
    )
    assert only(small, "studentSchoolAssociations")["entryGradeLevelDescriptor"] == value


def test_a_descriptor_is_a_resource_whose_key_has_no_case(small):
    again = {**DESCRIPTORS[0][1], "codeValue": "NINTH GRADE", "shortDescription": "9"}
    assert small.post("gradeLevelDescriptors", again).status_code == 200
    assert len(small.rows("gradeLevelDescriptors")) == 2


def test_an_unknown_descriptor_value_is_taken_where_the_system_is_lenient():
    with asked([], lenient=True) as client:
        assert client.post("schools", SCHOOL).status_code == 201


def test_a_reference_to_nothing_is_refused(small):
    answer = small.post("studentSchoolAssociations", {**ENROLLMENT, "schoolReference": {"schoolId": 1}})
    assert (answer.status_code, kind(answer)) == (409, "data-conflict:unresolved-reference")
    assert "School" in answer.json()["detail"]


def test_a_reference_to_any_organization_means_every_kind(small):
    given = {"educationOrganizationReference": {"educationOrganizationId": 255901001},
             "studentReference": {"studentUniqueId": "604822"}}  # fmt: skip
    assert small.post("studentEducationOrganizationAssociations", given).status_code == 201
    elsewhere = {**given, "educationOrganizationReference": {"educationOrganizationId": 7}}
    assert kind(small.post("studentEducationOrganizationAssociations", elsewhere)).endswith("unresolved-reference")


def test_two_organizations_never_share_a_number():
    with asked(SMALL, lenient=True) as client:
        given = {"communityOrganizationId": SCHOOL["schoolId"], "nameOfInstitution": "Club",
                 "categories": SCHOOL["educationOrganizationCategories"]}  # fmt: skip
        answer = client.post("communityOrganizations", given)
    assert (answer.status_code, kind(answer)) == (409, "data-conflict:non-unique-identity")


@pytest.mark.parametrize("collection", ["schools", "students", "gradeLevelDescriptors"])
def test_what_is_referred_to_is_not_deleted(small, collection):
    row = small.rows(collection, params={"codeValue": "Ninth grade"})[0]
    answer = small.ask(f"{collection}/{row['id']}", "DELETE")
    assert (answer.status_code, kind(answer)) == (409, "data-conflict:dependent-item-exists")
    enrollment = only(small, "studentSchoolAssociations")
    assert small.ask(f"studentSchoolAssociations/{enrollment['id']}", "DELETE").status_code == 204
    if collection == "students":
        assert small.ask(f"{collection}/{row['id']}", "DELETE").status_code == 204
        assert small.ask(f"{collection}/{row['id']}").status_code == 404
        assert small.ask(f"{collection}/{row['id']}", "DELETE").status_code == 404


def test_a_put_replaces_the_whole_document(small):
    small.post("students", {**STUDENT, "middleName": "Maria"})
    row = only(small, "students")
    answer = small.ask(f"students/{row['id']}", "PUT", json=STUDENT)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Location"].endswith(row["id"])
    assert "middleName" not in only(small, "students")


def test_a_put_without_a_change_keeps_the_tag(small):
    row = only(small, "students")
    answer = small.ask(f"students/{row['id']}", "PUT", json=STUDENT)
    assert answer.headers["ETag"] == f'"{row["_etag"]}"'


def test_a_put_to_an_unknown_id_finds_nothing_or_creates():
    given = {**STUDENT, "studentUniqueId": "new"}
    with asked(SMALL) as client:
        assert client.ask(f"students/{NOBODY}", "PUT", json=given).status_code == 404
    with asked(SMALL, creates_by_put=True) as client:
        assert client.ask(f"students/{NOBODY}", "PUT", json=given).status_code == 201
        assert client.rows(f"students/{NOBODY}")["studentUniqueId"] == "new"
        assert client.ask(f"students/{NOBODY[::-1]}", "PUT", json=given).status_code == 409


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_if_match_wants_the_tag_of_now(small, method):
    row = only(small, "studentSchoolAssociations")
    place = f"studentSchoolAssociations/{row['id']}"
    wrong = small.ask(place, method, json=ENROLLMENT, headers={"If-Match": '"1"'})
    assert (wrong.status_code, kind(wrong)) == (412, "optimistic-lock-failed")
    for tag in ("*", row["_etag"], f'"{row["_etag"]}"'):
        answer = small.ask(place, method, json=ENROLLMENT, headers={"If-Match": tag})
        assert answer.status_code == 204
        if method == "DELETE":
            break


def test_post_heeds_if_match_too(small):
    answer = small.ask("students", "POST", json=STUDENT, headers={"If-Match": "1"})
    assert answer.status_code == 412


def test_a_key_that_the_model_does_not_let_change_is_kept(small):
    row = only(small, "students")
    answer = small.ask(f"students/{row['id']}", "PUT", json={**STUDENT, "studentUniqueId": "other"})
    assert (answer.status_code, kind(answer)) == (400, "bad-request:data-validation-failed:key-change-not-supported")


def test_a_key_changes_with_everything_that_refers_to_it():
    """A session's name changes; what refers to it, and what refers to that, does too, and so on."""
    with asked() as client:
        session = client.rows("sessions")[0]
        document = {**bare(session, model.by_collection("sessions")), "sessionName": "Autumn"}
        assert client.ask(f"sessions/{session['id']}", "PUT", json=document).status_code == 204
        assert client.rows(f"sessions/{session['id']}")["sessionName"] == "Autumn"
        followed = 0
        for collection in ("courseOfferings", "sections", "studentSectionAssociations", "grades",
                           "studentSchoolAttendanceEvents", "staffSectionAssociations", "reportCards"):  # fmt: skip
            rows = [str(row) for row in client.rows(collection)]
            assert not any(session["sessionName"] in row and "Autumn" not in row for row in rows[:1])
            followed += "'sessionName': 'Autumn'" in rows[0]
        assert followed == 7
        for resource in model.resources().values():
            for row in client.rows(resource.collection, params={"limit": 500}):
                assert model.validate(resource, row) == []


def test_a_key_does_not_become_that_of_another():
    with asked() as client:
        first, second = client.rows("locations")[:2]
        answer = client.ask(f"locations/{first['id']}", "PUT", json=bare(second, model.by_collection("locations")))
    assert (answer.status_code, kind(answer)) == (409, "data-conflict:non-unique-identity")


@pytest.mark.parametrize(
    ("method", "item"), [("PUT", False), ("DELETE", False), ("PATCH", False), ("POST", True), ("PATCH", True)]
)
def test_a_method_that_is_none_here_is_refused(small, method, item):
    path = f"students/{only(small, 'students')['id']}" if item else "students"
    answer = small.ask(path, method, json=STUDENT)
    assert (answer.status_code, kind(answer)) == (405, "method-not-allowed")


def test_ids_are_hexadecimal_and_the_same_for_the_same_seed():
    with asked(SMALL) as one, asked(SMALL) as other:
        first, second = only(one, "students")["id"], only(other, "students")["id"]
    assert first == second
    assert re.fullmatch("[0-9a-f]{32}", first)


@pytest.fixture
def tpdm():
    with asked([*SMALL, ("sexDescriptors", {"namespace": f"{URI}/SexDescriptor", "codeValue": "F",
                                            "shortDescription": "F"})], extension=TPDM) as client:  # fmt: skip
        yield client


CANDIDATE = {"candidateIdentifier": "c1", "firstName": "Ana", "sexDescriptor": f"{URI}/SexDescriptor#F",
             "studentReference": {"studentUniqueId": "604822"}}  # fmt: skip


def test_a_resource_of_an_extension_is_a_resource(tpdm):
    base = f"{tpdm.base}/data/v3/tpdm/candidates"
    assert tpdm.post(base, CANDIDATE).status_code == 201
    (row,) = tpdm.rows(base, params={"STUDENTUNIQUEID": "604822"})
    assert bare(row, tpdm.running.ods.shape.resources["Candidate"]) == CANDIDATE
    assert row["studentReference"]["link"]["rel"] == "Student"
    assert tpdm.rows(base, params={"candidateIdentifier": "c2"}) == []
    assert tpdm.post(base, {**CANDIDATE, "firstName": None}).status_code == 400
    assert tpdm.ask(f"{base}/{row['id']}", "DELETE").status_code == 204
    assert tpdm.ask("candidates").status_code == 404


def test_members_of_an_extension_are_members(tpdm):
    ext = {"TPDM": {"accreditationYear": 2020, "postSecondarySchoolReference": {"schoolId": 255901001}}}
    assert tpdm.post("schools", {**SCHOOL, "_ext": ext}).status_code == 200
    row = only(tpdm, "schools")
    assert unlinked_ext(row) == ext
    wrong = {"TPDM": {"accreditationYear": "x"}}
    assert list(tpdm.post("schools", {**SCHOOL, "_ext": wrong}).json()["validationErrors"]) == [
        "$._ext.TPDM.accreditationYear"
    ]


def unlinked_ext(row):
    return bare({"_ext": row["_ext"]}, model.resources()["School"])["_ext"]


def test_an_extension_is_announced(tpdm):
    root = tpdm.rows(f"{tpdm.base}/")
    assert root["dataModels"][1]["name"] == "TPDM"
    sections = {one["name"]: one["endpointUri"] for one in tpdm.rows(f"{tpdm.base}/metadata")}
    assert list(sections) == ["Resources", "Descriptors", "TPDM", "Change-Queries"]
    for name in ("Resources", "TPDM"):
        document = tpdm.rows(sections[name])
        assert "/tpdm/candidates" in document["paths"]
        schema = document["components"]["schemas"]["tpdm_candidate"]
        assert schema["required"] == ["candidateIdentifier", "firstName"]
        assert schema["properties"]["candidateIdentifier"]["x-Ed-Fi-isIdentity"] is True
        assert schema["properties"]["studentReference"] == {"$ref": "#/components/schemas/edFi_studentReference"}
    schemas = tpdm.rows(sections["Resources"])["components"]["schemas"]
    assert schemas["edFi_school"]["properties"]["_ext"] == {"$ref": "#/components/schemas/edFi_schoolExtensions"}
    assert schemas["edFi_schoolExtensions"]["properties"] == {
        "TPDM": {"$ref": "#/components/schemas/tpdm_schoolExtension"}
    }
    assert list(schemas["tpdm_schoolExtension"]["properties"]) == ["accreditationYear", "postSecondarySchoolReference"]
    assert "/tpdm/credentialStatusDescriptors" in tpdm.rows(sections["Descriptors"])["paths"]
    dependencies = tpdm.rows(f"{tpdm.base}/metadata/data/v3/dependencies")
    assert "/tpdm/candidates" in {one["resource"] for one in dependencies}


def test_of_many_who_write_at_once_each_is_heard_and_one_creates(small):
    with ThreadPoolExecutor(8) as pool:
        shared = list(pool.map(lambda _: small.post("students", {**STUDENT, "studentUniqueId": "one"}), range(16)))
        own = list(pool.map(lambda each: small.post("students", {**STUDENT, "studentUniqueId": f"S{each}"}), range(16)))
    assert sorted(answer.status_code for answer in shared) == [200] * 15 + [201]
    assert [answer.status_code for answer in own] == [201] * 16
    assert len(small.rows("students")) == 18
    assert len(small.running.asked("students", "POST")) == 32
