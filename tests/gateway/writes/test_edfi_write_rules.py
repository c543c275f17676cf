"""What an Ed-Fi write may do under an agreement: nothing that the writer does not see is changed, taken or told."""

from __future__ import annotations

import json

import pytest

from gateway.districts.guarded_adapter import NOT_ACCEPTED
from standards.errors import (
    Conflict,
    DependentItemExists,
    InvalidBody,
    KeyChangeUnsupported,
    SettingsError,
    SourceBroken,
    SourceRefused,
    SourceTimeout,
    StoreUnavailable,
    UnresolvedReference,
)
from tests.support.edfi_memory import ENTITIES, EdFiMemory, room, site
from tests.support.regions import EDFI, agreement, running

OPERATIONS = "[read, search, create, update, delete]"
MANY = "[tokens]\nper_client = 1000\n"
URI = "uri://ed-fi.org/"
SCHOOL = {
    "schoolId": 101, "nameOfInstitution": "Elm", "educationOrganizationCategories": [
        {"educationOrganizationCategoryDescriptor": URI + "EducationOrganizationCategoryDescriptor#School"}],
    "gradeLevels": [{"gradeLevelDescriptor": URI + "GradeLevelDescriptor#Ninth grade"}],
}  # fmt: skip
HOME = URI + "AddressTypeDescriptor#Home"
NINTH = URI + "GradeLevelDescriptor#Ninth grade"
CLERK = tuple(
    (path, action)
    for path, action in (
        ("organization.*", "allow"), ("student.id", "allow"), ("student.name.given", "allow"),
        ("student.name.family", "allow"), ("student.birthDate", "year"), ("enrollment.id", "allow"),
        ("enrollment.student", "allow"), ("enrollment.school", "allow"), ("enrollment.entry", "allow"),
        ("enrollment.grade", "allow"), ("contact.id", "allow"), ("contact.name.*", "allow"),
        ("guardianship.*", "allow"),
    )
)  # fmt: skip
STUDYING = (
    *((path, action) for path, action in CLERK if path != "student.id"),
    ("student.id", "pseudonym"),
)
AT_101 = '{all: [{school: {in: ["101"]}}]}'


KEY_CHANGE = "bad-request:data-validation-failed:key-change-not-supported"


def student(number, **more):
    return {
        "studentUniqueId": number, "firstName": f"First{number}", "lastSurname": f"Last{number}",
        "birthDate": "2010-05-07", **more,
    }  # fmt: skip


def enrollment(number, school=101, **more):
    return {
        "entryDate": "2026-08-20", "schoolReference": {"schoolId": school}, "entryGradeLevelDescriptor": NINTH,
        "studentReference": {"studentUniqueId": number}, **more,
    }  # fmt: skip


def send(consumer, method, place, body=None, **headers):
    """The answer to a request with a JSON body."""
    target = place if place.startswith("/") else place.partition("localhost")[2] or EDFI + place
    headers = consumer.bearer | {"correlation-id": "one"} | headers
    return consumer.web.open(target, method=method, json=body, headers=headers)


def raw(consumer, data, kind="application/json", method="POST", place="students"):
    return consumer.web.open(EDFI + place, method=method, data=data, content_type=kind, headers=consumer.bearer)


@pytest.fixture(scope="module")
def building():
    with room("elm") as made:
        yield made


@pytest.fixture
def elm(building):
    """The room as every test finds it; the gateway holds nothing of it."""
    building.clear()
    building.put("schools", SCHOOL)
    building.put("schools", SCHOOL | {"schoolId": 102})
    for number, school in (("s1", 101), ("s2", 102)):
        building.put("students", student(number, middleName="Hidden", birthCity="Kent"))
        building.put("studentSchoolAssociations", enrollment(number, school, primarySchool=True))
    return building


@pytest.fixture(scope="module")
def region(building, tmp_path_factory):
    terms = [
        agreement("elm", operations=OPERATIONS),
        agreement("elm", CLERK, client="clerk", operations=OPERATIONS, population=AT_101),
        agreement("elm", CLERK, client="registrar", operations=OPERATIONS),
        agreement("elm", STUDYING, client="study", operations=OPERATIONS, population=AT_101),
        agreement("elm", client="reader"),
        agreement("elm", client="nosy", operations=OPERATIONS, population=AT_101),
        agreement("elm", client="editor", operations="[read, update]", population=AT_101),
        agreement("elm", client="inbox", operations="[create, update]"),
        agreement("elm", CLERK, client="poor", operations=OPERATIONS),
    ]
    with running(tmp_path_factory.mktemp("elm"), {"elm": site("elm", "0s")}, terms, MANY) as made:
        yield made


@pytest.fixture
def owner(region, elm):
    return region.consumer()


@pytest.fixture
def clerk(region, elm):
    return region.consumer("clerk")


def kept(elm, collection, **members):
    """The one document of a room in which the members have these values."""
    found = [one for one in elm.documents[collection].values() if members.items() <= one.items()]
    assert len(found) == 1
    return found[0]


def problem(answer, status, suffix):
    assert answer.status_code == status, answer.text
    assert answer.json["type"] == f"urn:ed-fi:api:{suffix}"
    return answer.json


# what is sent


def test_names_are_read_in_any_case_and_what_the_api_adds_is_ignored(owner, elm):
    body = {"STUDENTUNIQUEID": "s9", "FirstName": "A", "lastsurname": "B", "birthDate": "2010-01-01", "_etag": "1",
            "_lastModifiedDate": "x", "middleName": None}  # fmt: skip
    answer = send(owner, "POST", "Students", body)
    assert (answer.status_code, answer.data) == (201, b""), answer.text
    assert answer.headers["Location"].startswith("http://localhost/data/v3/ed-fi/students/")
    expected = {"studentUniqueId": "s9", "firstName": "A", "lastSurname": "B", "birthDate": "2010-01-01"}
    assert kept(elm, "students", studentUniqueId="s9") == expected


def test_a_link_is_ignored(owner):
    reference = {"studentUniqueId": "s1", "link": {"rel": "Student", "href": "/ed-fi/students/1"}}
    body = enrollment("s1", entryDate="2026-09-09") | {"studentReference": reference}
    assert send(owner, "POST", "studentSchoolAssociations", body).status_code == 201


def test_an_id_cannot_be_chosen(owner):
    answer = send(owner, "POST", "students", student("s9", id="a" * 32))
    (told,) = problem(answer, 400, "bad-request:data-validation-failed")["errors"]
    assert told.startswith("Resource identifiers cannot be assigned by the client. ")


@pytest.mark.parametrize("data", [b"", b" ", b"{", b"\xff", b'{"a": NaN}', b"[" * 100_000, b'{"a":"\\ud800"}'])
def test_a_body_that_is_no_json_is_refused(owner, data):
    problem(raw(owner, data), 400, "bad-request")


def test_a_body_with_a_member_twice_is_refused_at_its_place(owner):
    answer = raw(owner, b'{"firstName": "Ann", "firstname": "Lee", "Zoe": 1, "Zoe": 2}')
    problem(answer, 400, "bad-request:data-validation-failed")
    said = ["An item with the same key has already been added."]
    assert answer.json["validationErrors"] == {"$.firstName": said, "$": said}
    assert not any(name in answer.text for name in ("Ann", "Lee", "Zoe"))


@pytest.mark.parametrize("body", [[], 7, "x", None])
def test_a_body_that_is_no_object_is_refused(owner, body):
    problem(raw(owner, json.dumps(body)), 400, "bad-request:data-validation-failed")


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [
        ("text/plain", "unsupported-media-type"), ("", "unsupported-media-type"),
        ("application/json; charset=utf-16", "unsupported-media-type"),
        ("application/vnd.ed-fi.student.mine.writable+json", "profile:invalid-profile-usage"),
    ],
)  # fmt: skip
def test_another_media_type_is_refused(owner, kind, suffix):
    problem(raw(owner, b"{}", kind), 415, suffix)


def test_everything_wrong_is_told_at_once_and_no_value_with_it(owner, elm):
    before = elm.changes
    body = {"studentUniqueId": "x" * 33, "firstName": 7, "birthDate": "secret", "shoeSize": "secret",
            "birthSexDescriptor": "secret"}  # fmt: skip
    answer = send(owner, "POST", "students", body)
    told = problem(answer, 400, "bad-request:data-validation-failed")["validationErrors"]
    assert told.keys() == {"$.studentUniqueId", "$.lastSurname", "$.birthDate", "$.birthSexDescriptor"}
    assert answer.headers["X-Ignored-Members"] == "others=1"
    assert "secret" not in answer.text
    assert elm.changes == before


# what becomes of it


def test_a_put_replaces_and_a_second_post_finds_the_first(owner, elm):
    answer = send(owner, "POST", "students", student("s9"))
    place = answer.headers["Location"]
    assert send(owner, "POST", "students", student("s9", middleName="M")).status_code == 200
    assert owner.ask(place).json["middleName"] == "M"
    answer = send(owner, "PUT", place, owner.ask(place).json | {"firstName": "New"})
    assert (answer.status_code, answer.headers["Location"]) == (204, place)
    assert answer.headers["ETag"] == owner.ask(place).headers["ETag"]
    assert kept(elm, "students", studentUniqueId="s9")["firstName"] == "New"


def test_an_id_in_a_put_is_the_one_in_the_address(owner):
    place = send(owner, "POST", "students", student("s9")).headers["Location"]
    answer = send(owner, "PUT", place, student("s9", id="a" * 32))
    assert problem(answer, 400, "bad-request")["errors"] == ["Request body id must match the id in the url."]
    problem(send(owner, "PUT", "students/" + "a" * 32, student("s9")), 404, "not-found")
    problem(send(owner, "DELETE", "students/" + "a" * 32), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "place", "said"),
    [
        ("PUT", "students", 'Resource collections cannot be replaced. To "upsert" '),
        ("DELETE", "students", "Resource collections cannot be deleted. "),
        ("POST", f"students/{'a' * 32}", "Resource items can only be updated using PUT. "),
        ("PATCH", "students", "The endpoint of the request does not support the 'PATCH' method."),
        ("PATCH", f"students/{'a' * 32}", "The endpoint of the request does not support the 'PATCH' method."),
    ],
)
def test_methods_belong_to_collections_or_items(owner, method, place, said):
    (told,) = problem(send(owner, method, place, {}), 405, "method-not-allowed")["errors"]
    assert told.startswith(said)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "A non-empty request body is required."),
        (b"}", "Unexpected character encountered while parsing value: }. Path '', line 0, position 0."),
        (b"{,}", "The body is not JSON at line 1, column 2."),
        (b'"a', "The body is not JSON at line 1, column 3."),
    ],
)
def test_what_cannot_be_read_is_told_as_an_ods_tells_it(owner, data, said):
    told = problem(raw(owner, data), 400, "bad-request")
    assert (told["detail"], told["errors"]) == ("The request could not be processed. See 'errors' for details.", [said])


def test_another_key_that_leads_nowhere_is_first_of_all_another_key(owner):
    body = {
        "educationOrganizationReference": {"educationOrganizationId": 101},
        "studentReference": {"studentUniqueId": "s1"},
    }
    answer = send(owner, "POST", "studentEducationOrganizationAssociations", body)
    place = answer.headers["Location"]
    for key in ({"studentReference": {"studentUniqueId": "nobody"}}, {"studentReference": {"studentUniqueId": "s2"}}):
        told = problem(send(owner, "PUT", place, body | key), 400, KEY_CHANGE)
        assert told["detail"].startswith(
            "Identifying values for the StudentEducationOrganizationAssociation item cannot "
        )


def test_another_key_is_taken_where_the_model_carries_it_on(owner, elm):
    place = send(owner, "POST", "students", student("s9")).headers["Location"]
    answer = send(owner, "PUT", place, student("s8"))
    problem(answer, 400, KEY_CHANGE)
    place = send(owner, "POST", "studentSchoolAssociations", enrollment("s9")).headers["Location"]
    assert send(owner, "PUT", place, enrollment("s9", entryDate="2026-09-02")).status_code == 204
    assert owner.ask(place).json["entryDate"] == "2026-09-02"


MATCHING = ("{tag}", '"{tag}"', "*", '"x", "{tag}"', '"x","{tag}" , "y"', 'W/"x", "{tag}"', "x, {tag}")
MISSING = ('"1"', "1", "", '"*"', 'W/"{tag}"', 'w/"{tag}"', 'W/"{tag}", "x"', '"x", W/"{tag}"', '"{tag}x"', ",")
"""RFC 9110, 13.1.1: a weak tag never matches; nor does a header without any tag."""


@pytest.mark.parametrize("form", MATCHING)
def test_a_condition_that_holds_is_kept_however_its_tag_is_written(owner, form):
    place = send(owner, "POST", "students", student("s9")).headers["Location"]
    given = {"If-Match": form.format(tag=owner.ask(place).json["_etag"])}
    assert send(owner, "PUT", place, student("s9"), **given).status_code == 204
    assert send(owner, "DELETE", place, **given).status_code == 204


@pytest.mark.parametrize("form", MISSING)
def test_a_condition_that_does_not_hold_refuses_the_change(owner, elm, form):
    place = send(owner, "POST", "students", student("s9")).headers["Location"]
    given, before = {"If-Match": form.format(tag=owner.ask(place).json["_etag"])}, elm.changes
    problem(send(owner, "PUT", place, student("s9"), **given), 412, "optimistic-lock-failed")
    problem(send(owner, "DELETE", place, **given), 412, "optimistic-lock-failed")
    assert elm.changes == before


@pytest.mark.parametrize("form", ["*", "{tag}", '"{tag}"', 'W/"{tag}"', '"x", W/"{tag}"'])
def test_a_change_that_is_wanted_of_any_other_state_is_refused_too(owner, form):
    """``If-None-Match`` compares weakly (RFC 9110, 13.1.2)."""
    place = send(owner, "POST", "students", student("s9")).headers["Location"]
    tag = owner.ask(place).json["_etag"]
    problem(
        send(owner, "PUT", place, student("s9"), **{"If-None-Match": form.format(tag=tag)}),
        412,
        "optimistic-lock-failed",
    )
    assert send(owner, "PUT", place, student("s9"), **{"If-None-Match": '"x", W/"y"'}).status_code == 204


@pytest.mark.parametrize(("method", "given"), [("PUT", {}), ("DELETE", {}), ("PUT", {"If-Match": "*"})])
def test_a_write_of_what_the_source_lost_lets_the_rest_be_read_as_before(building, elm, tmp_path, method, given):
    with running(tmp_path, {"elm": site("elm", "1h")}, [agreement("elm", operations=OPERATIONS)], MANY) as made:
        consumer = made.consumer()
        first = consumer.edfi("students").json[0]
        own = next(one for one, kept in elm.documents["students"].items() if kept["firstName"] == first["firstName"])
        del elm.documents["students"][own]
        for one, kept in list(elm.documents["studentSchoolAssociations"].items()):
            if kept["studentReference"]["studentUniqueId"] == first["studentUniqueId"]:
                del elm.documents["studentSchoolAssociations"][one]
        body = student(first["studentUniqueId"]) if method == "PUT" else None
        problem(send(consumer, method, f"students/{first['id']}", body, **given), 404, "not-found")
        assert consumer.edfi("students").status_code == 200  # a refresh would lose too much, and is refused


def test_a_condition_of_a_post_is_about_the_record_that_has_its_key(owner, elm):
    for given, status in (({"If-Match": "*"}, 412), ({"If-None-Match": "*"}, 201), ({"If-None-Match": "*"}, 412)):
        assert send(owner, "POST", "students", student("s9"), **given).status_code == status
    place = next(one["id"] for one in owner.edfi("students").json if one["studentUniqueId"] == "s9")
    tag, before = owner.edfi(f"students/{place}").json["_etag"], elm.changes
    problem(send(owner, "POST", "students", student("s9"), **{"If-Match": '"1"'}), 412, "optimistic-lock-failed")
    assert elm.changes == before
    assert send(owner, "POST", "students", student("s9"), **{"If-Match": tag}).status_code == 200


def test_what_others_need_is_not_deleted(owner, elm):
    place = send(owner, "POST", "students", student("s9")).headers["Location"]
    elm.needed.update(elm.documents["students"])
    problem(send(owner, "DELETE", place), 409, "data-conflict:dependent-item-exists")


def test_what_a_source_cannot_write_is_refused_before_it_is_asked(region, owner, elm):
    elm.writes = ENTITIES - {"student"}
    before = len(elm.log)
    for method, place in (("POST", "students"), ("PUT", "students/" + "a" * 32), ("DELETE", "students/" + "a" * 32)):
        told = problem(send(owner, method, place, student("s9")), 405, "method-not-allowed")
        assert told["errors"] == ["No district's system here takes changes of this resource."]
    assert len(elm.log) == before


def test_nothing_is_changed_that_cannot_be_recorded(region, owner, elm, monkeypatch):
    place = send(owner, "POST", "students", student("s9")).headers["Location"]
    before = elm.changes

    def refuse(_event):
        raise StoreUnavailable("The record is full.")

    monkeypatch.setattr(region.gateway.record, "append", refuse)
    for method, where in (("POST", "students"), ("PUT", place), ("DELETE", place)):
        assert send(owner, method, where, student("s9", firstName="Other")).status_code == 503
    assert elm.changes == before


def test_of_the_places_that_a_source_finds_wrong_only_those_are_told_that_the_writer_sees(clerk, elm, monkeypatch):
    def refuse(*_given, **_more):
        raise InvalidBody(
            "It is not accepted.",
            {"$.firstName": ["is odd"], "$.middleName": ["is odd"], "$.birthCity[0].x": ["is odd"]},
        )

    (seen,) = clerk.edfi("students").json
    monkeypatch.setattr(EdFiMemory, "save", refuse)
    answer = send(clerk, "PUT", f"{EDFI}students/{seen['id']}", seen | {"firstName": "New"})
    told = problem(answer, 400, "bad-request:data-validation-failed")["validationErrors"]
    assert told == {"$.firstName": [NOT_ACCEPTED]}  # in our own words: a system's may say anything


# references


def test_what_a_reference_points_to_has_to_be_there(owner):
    answer = send(owner, "POST", "studentSchoolAssociations", enrollment("nobody", 999))
    told = problem(answer, 409, "data-conflict:unresolved-reference")
    assert told["detail"] == (
        "The referenced 'Student' item does not exist. The referenced 'School' item does not exist."
    )


def test_a_native_reference_has_to_lead_somewhere(owner, elm):
    body = {"schoolReference": {"schoolId": 101}, "calendarReference": {
        "calendarCode": "C", "schoolId": 101, "schoolYear": 2027}}  # fmt: skip
    body = enrollment("s1", entryDate="2026-09-03") | body
    told = problem(send(owner, "POST", "studentSchoolAssociations", body), 409, "data-conflict:unresolved-reference")
    assert told["detail"] == "The referenced 'Calendar' item does not exist."
    elm.put("calendars", {"calendarCode": "C", "schoolReference": {"schoolId": 101},
                          "schoolYearTypeReference": {"schoolYear": 2027},
                          "calendarTypeDescriptor": URI + "CalendarTypeDescriptor#School"})  # fmt: skip
    assert send(owner, "POST", "studentSchoolAssociations", body).status_code == 201


# what the writer does not see


def test_what_a_writer_cannot_see_is_not_lost(clerk, elm):
    (seen,) = clerk.edfi("students").json
    assert seen.keys() & {"middleName", "birthCity"} == set()
    assert seen["birthDate"] == "2010-01-01"
    place = f"{EDFI}students/{seen['id']}"
    assert send(clerk, "PUT", place, seen | {"firstName": "New"}).status_code == 204
    expected = student("s1", firstName="New", middleName="Hidden", birthCity="Kent")
    assert kept(elm, "students", studentUniqueId="s1") == expected
    answer = send(clerk, "PUT", place, seen | {"birthDate": "2011-01-01"})
    assert problem(answer, 400, "bad-request:data-validation-failed")["validationErrors"].keys() == {"$.birthDate"}


def test_items_that_a_writer_sees_in_part_are_merged_by_their_key(region, tmp_path, elm):
    lines = (*CLERK, ("profile.*", "allow"), ("student.address.kind", "allow"), ("student.address.city", "allow"),
             ("student.address.state", "allow"), ("student.address.street", "allow"))  # fmt: skip
    place = {"addressTypeDescriptor": HOME, "city": "Kent", "stateAbbreviationDescriptor":
             URI + "StateAbbreviationDescriptor#WA", "streetNumberName": "1 Elm", "postalCode": "98030"}  # fmt: skip
    elm.put("studentEducationOrganizationAssociations", {
        "educationOrganizationReference": {"educationOrganizationId": 101}, "addresses": [place],
        "studentReference": {"studentUniqueId": "s1"}})  # fmt: skip
    terms = [agreement("elm", lines, client="mailer", operations=OPERATIONS)]
    with running(tmp_path / "mail", {"elm": site("elm", "0s")}, terms, MANY) as other:
        mailer = other.consumer("mailer")
        (seen,) = mailer.edfi("studentEducationOrganizationAssociations").json
        assert "postalCode" not in seen["addresses"][0]
        seen["addresses"][0]["nameOfCounty"] = "King"
        where = f"{EDFI}studentEducationOrganizationAssociations/{seen['id']}"
        answer = send(mailer, "PUT", where, seen)
        assert (answer.status_code, answer.headers["X-Ignored-Members"]) == (204, "addresses[].nameOfCounty")
        (document,) = elm.documents["studentEducationOrganizationAssociations"].values()
        assert document["addresses"] == [place]
        assert send(mailer, "PUT", where, seen | {"addresses": []}).status_code == 204
        (document,) = elm.documents["studentEducationOrganizationAssociations"].values()
        assert "addresses" not in document


def test_who_lacks_what_a_new_record_needs_may_still_change_one(region, elm):
    registrar = region.consumer("registrar")
    answer = send(registrar, "POST", "students", student("s9"))
    problem(answer, 400, "bad-request:data-validation-failed")  # the day of birth is seen as a year
    seen = registrar.edfi("students", studentUniqueId="s2").json[0]
    assert send(registrar, "PUT", f"{EDFI}students/{seen['id']}", seen | {"firstName": "New"}).status_code == 204
    assert kept(elm, "students", studentUniqueId="s2")["birthDate"] == "2010-05-07"


def test_nobody_is_enrolled_whom_the_writer_does_not_see(clerk, elm):
    before = elm.changes
    answers = [
        send(clerk, "POST", "studentSchoolAssociations", enrollment(number, entryDate="2026-09-01"))
        for number in ("s2", "nobody")
    ]
    told = problem(answers[0], 403, "security:authorization")
    assert "StudentSchoolAssociation" in told["errors"][0]
    assert answers[0].data == answers[1].data
    elsewhere = [send(clerk, "POST", "studentSchoolAssociations", enrollment("s1", school)) for school in (102, 999)]
    assert [one.status_code for one in elsewhere] == [403, 403]
    assert elsewhere[0].data == elsewhere[1].data
    assert elm.changes == before


def test_a_record_that_has_left_the_population_meanwhile_is_not_found(building, elm, tmp_path):
    """The rows that are held still have it; the district's system says something else by now."""
    terms = [agreement("elm", CLERK, client="holder", operations=OPERATIONS, population=AT_101)]
    with running(tmp_path / "held", {"elm": site("elm")}, terms, MANY) as held:
        writer = held.consumer("holder")
        (seen,) = writer.edfi("studentSchoolAssociations").json
        moved = kept(elm, "studentSchoolAssociations", studentReference={"studentUniqueId": "s1"})
        moved["schoolReference"] = {"schoolId": 102}
        place, before = f"{EDFI}studentSchoolAssociations/{seen['id']}", dict(moved)
        for method, body in (("PUT", seen | {"entryDate": "2026-08-21"}), ("DELETE", None)):
            problem(send(writer, method, place, body), 404, "not-found")
            assert kept(elm, "studentSchoolAssociations", studentReference={"studentUniqueId": "s1"}) == before


def test_nothing_is_moved_to_where_the_writer_does_not_see_it(clerk, elm):
    (seen,) = clerk.edfi("studentSchoolAssociations").json
    place = f"{EDFI}studentSchoolAssociations/{seen['id']}"
    before = elm.changes
    assert send(clerk, "PUT", place, seen | {"schoolReference": {"schoolId": 102}}).status_code == 403
    assert elm.changes == before
    assert send(clerk, "PUT", place, seen | {"entryDate": "2026-08-21"}).status_code == 204
    assert kept(elm, "studentSchoolAssociations", entryDate="2026-08-21")["primarySchool"] is True


def test_a_hidden_record_is_not_found_by_its_key(clerk, elm):
    before = elm.changes
    answers = [send(clerk, "POST", "students", {
        "studentUniqueId": number, "firstName": "A", "lastSurname": "B", "birthDate": "2010-05-07"})
        for number in ("s2", "s7")]  # fmt: skip
    assert answers[0].data == answers[1].data
    problem(answers[0], 400, "bad-request:data-validation-failed")
    assert elm.changes == before


def test_who_tries_the_key_of_a_hidden_record_is_refused_as_for_any_other_and_on_record(region, elm, monkeypatch):
    before, told = elm.changes, []
    nosy = region.consumer("nosy")
    monkeypatch.setattr(region.gateway.record, "append", told.append)
    answers = [send(nosy, "POST", "students", student(number)) for number in ("s2", "s7")]
    problem(answers[0], 403, "security:authorization")
    assert answers[0].data == answers[1].data
    assert elm.changes == before
    assert [(one["operation"], one["client"], one["to"]) for one in told] == [("update", "nosy", 1)]


def test_who_may_only_update_learns_no_key_of_a_hidden_record(region, elm):
    editor = region.consumer("editor")
    answers = [send(editor, "POST", "students", student(number)) for number in ("s2", "s7")]
    problem(answers[0], 403, "security:authorization:access-denied:action")
    assert answers[0].data == answers[1].data


def test_an_identifier_of_somebody_hidden_finds_nothing(owner, clerk):
    hidden = next(one["id"] for one in owner.edfi("students").json if one["studentUniqueId"] == "s2")
    answers = [send(clerk, method, f"{EDFI}students/{one}", student("s2"))
               for method in ("PUT", "DELETE") for one in (hidden, "b" * 32)]  # fmt: skip
    assert [one.status_code for one in answers] == [404] * 4
    assert len({one.data for one in answers}) == 1


def test_a_pseudonym_stands_for_the_student_and_the_true_id_for_nobody(region, elm):
    study = region.consumer("study")
    (seen,) = study.edfi("students").json
    alias = seen["studentUniqueId"]
    assert alias != "s1"
    body = enrollment(alias, entryDate="2026-09-01")
    assert send(study, "POST", "studentSchoolAssociations", body).status_code == 201
    assert kept(elm, "studentSchoolAssociations", entryDate="2026-09-01")["studentReference"] == {
        "studentUniqueId": "s1"
    }
    true = [send(study, "POST", "studentSchoolAssociations", enrollment(one)) for one in ("s1", "nobody")]
    assert [one.status_code for one in true] == [403, 403]
    assert true[0].data == true[1].data
    assert send(study, "PUT", f"{EDFI}students/{seen['id']}", seen | {"firstName": "New"}).status_code == 204
    assert kept(elm, "students", studentUniqueId="s1")["firstName"] == "New"


# who may


def test_reading_is_no_leave_to_write(region, elm):
    reader = region.consumer("reader")
    told = problem(send(reader, "POST", "students", student("s9")), 403, "security:authorization:access-denied:action")
    assert "lacks the operation 'create' or 'delete' or 'update'" in told["errors"][0]


def test_an_operation_that_is_not_agreed_is_denied_by_name(region, elm):
    inbox = region.consumer("inbox")
    answer = send(inbox, "POST", "students", student("s9"))
    assert answer.status_code == 201
    told = problem(
        send(inbox, "DELETE", answer.headers["Location"]), 403, "security:authorization:access-denied:action"
    )
    assert "lacks the operation 'delete'" in told["errors"][0]


def test_who_may_not_read_is_told_nothing_of_what_is_there(region, elm):
    inbox = region.consumer("inbox")
    answer = send(inbox, "POST", "students", student("s9"))
    assert "ETag" not in answer.headers
    place = answer.headers["Location"]
    again = send(inbox, "POST", "students", student("s9", firstName="New"))
    assert (again.status_code, again.headers["Location"]) == (201, place)
    assert kept(elm, "students", studentUniqueId="s9")["firstName"] == "New"
    problem(send(inbox, "PUT", place, student("s9")), 403, "security:authorization:access-denied:action")


def test_a_token_without_the_scope_may_not(region, elm):
    poor = region.consumer("poor", ["edfi:read", "edfi:update"])
    answer = send(poor, "POST", "studentSchoolAssociations", enrollment("s1", entryDate="2026-09-01"))
    problem(answer, 403, "security:authorization:access-denied:action")


def test_a_descriptor_has_to_be_one_of_the_district_where_those_are_known(building, elm, tmp_path):
    standard, own = URI + "SexDescriptor#Female", "uri://elm.example/words#Girl"
    for uri in (standard, own):
        space, _, code = uri.partition("#")
        elm.put("sexDescriptors", {"namespace": space, "codeValue": code, "shortDescription": code})
    terms = [agreement("elm", client="holder", operations=OPERATIONS)]
    with running(tmp_path / "held", {"elm": site("elm")}, terms, MANY) as held:
        consumer = held.consumer("holder")
        for sent, status, kept in (
            (standard, 201, standard), (standard.upper(), 200, standard), (own, 200, own), (own.swapcase(), 200, own),
            (f"{URI}SexDescriptor#Nobody", 400, own), (f"{URI}SexDescriptor#Girl", 400, own),
            (f"{URI}GradeLevelDescriptor#Female", 400, own),
        ):  # fmt: skip
            answer = send(consumer, "POST", "students", student("s9", birthSexDescriptor=sent))
            assert answer.status_code == status, answer.text
            if status == 400:
                told = f"SexDescriptor value '{sent}' does not exist."
                assert answer.json["validationErrors"] == {"$.birthSexDescriptor": [told]}
            (stored,) = [one for one in elm.documents["students"].values() if one["studentUniqueId"] == "s9"]
            assert stored["birthSexDescriptor"] == kept
        (found,) = consumer.edfi("students", studentUniqueId="s9").json
        assert found["birthSexDescriptor"] == own
        assert consumer.edfi("students", birthSexDescriptor=own.upper()).json == [found]
        assert consumer.edfi("students", birthSexDescriptor=f"{URI}SexDescriptor#Nobody").json == []


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_change_that_is_not_answered_is_told_as_one_of_which_nobody_knows_whether_it_was_made(
    owner, elm, monkeypatch, method
):
    place = send(owner, "POST", "students", student("7")).headers["Location"]

    def silent(*_given, **_more):
        raise SourceTimeout("It does not answer in time.", 7)

    with monkeypatch.context() as patch:
        patch.setattr(EdFiMemory, "save", silent)
        patch.setattr(EdFiMemory, "delete", silent)
        answer = send(owner, method, place, student("7", middleName="Mei") if method == "PUT" else None)
    assert answer.status_code == 504
    assert answer.json["type"] == "urn:ed-fi:api:system:upstream-timeout:outcome-unknown"
    assert answer.headers["Retry-After"] == "30"  # the next of few steps: what a source says tells nothing
    assert send(owner, "GET", place).status_code == 200


CHILD = "Zaphodia"
SAID = {
    "InvalidBody": (lambda: InvalidBody(CHILD, {place: [CHILD] for place in (
        "$.firstName", "$.middleName", f"$.{CHILD}", "$.birthDate[7].day", "$")}), 400),
    "KeyChangeUnsupported": (lambda: KeyChangeUnsupported(CHILD, {f"$.{CHILD}": [CHILD]}), 400),
    "Conflict": (lambda: Conflict(CHILD), 409),
    "UnresolvedReference": (lambda: UnresolvedReference([CHILD]), 409),
    "DependentItemExists": (lambda: DependentItemExists(CHILD), 409),
    "SourceRefused": (lambda: SourceRefused(CHILD, CHILD), 502),
    "SourceBroken": (lambda: SourceBroken(CHILD, f"{CHILD}:1:2"), 502),
    "ValueError": (lambda: ValueError(CHILD), 502),
    "SettingsError": (lambda: SettingsError(CHILD, CHILD, 1, 2), 502),
}  # fmt: skip


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("kind", SAID)
def test_what_a_system_says_of_a_change_is_told_in_our_own_words_and_of_places_only_what_the_writer_sees(
    elm, owner, monkeypatch, kind, method
):
    place = send(owner, "POST", "students", student("7", middleName="Mei")).headers["Location"]
    send(owner, "POST", "studentSchoolAssociations", enrollment("7"))
    make, status = SAID[kind]

    def refuse(*_given, **_more):
        raise make()

    with monkeypatch.context() as patch:
        patch.setattr(EdFiMemory, "save", refuse)
        patch.setattr(EdFiMemory, "delete", refuse)
        target = "students" if method == "POST" else place
        answer = send(owner, method, target, None if method == "DELETE" else student("7"))
    assert CHILD not in f"{answer.text}{answer.headers}"
    assert answer.status_code == status, answer.text
    if kind == "InvalidBody" and method != "DELETE":
        said = ["The district's system does not accept this."]
        assert answer.json["validationErrors"] == {
            f"$.{name}": said for name in ("birthDate", "firstName", "middleName")
        }
