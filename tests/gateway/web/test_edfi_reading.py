"""What clients say in headers, how they write what they ask for, and what they are told when it cannot be."""

from __future__ import annotations

import pytest

from tests.support.regions import EDFI

pytest_plugins = ["tests.support.region_fixtures"]

JSON = "application/json"
URN = "urn:ed-fi:api:"


@pytest.fixture(scope="module")
def one(everything):
    return everything.edfi("students", limit=1).json[0]


def problem(answer, status, suffix):
    """The problem in an answer, which must be of this kind."""
    assert (answer.status_code, answer.json["type"], answer.json["status"]) == (status, URN + suffix, status)
    assert answer.mimetype == "application/problem+json"
    assert answer.json["correlationId"]
    return answer.json


@pytest.mark.parametrize("form", ['"{}"', "{}", 'W/"{}"', '"x", "{}"', "*"])
def test_an_item_that_has_not_changed_is_not_sent_again(everything, one, form):
    headers = {"If-None-Match": form.format(one["_etag"])}
    answer = everything.ask(f"{EDFI}students/{one['id']}", headers=headers)
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", f'"{one["_etag"]}"')
    assert everything.ask(f"{EDFI}students/{one['id']}", headers={"If-None-Match": '"1"'}).json == one


@pytest.mark.parametrize("form", ["{}", "W/{}"])
def test_a_page_that_has_not_changed_is_not_sent_again(everything, form):
    tag = everything.edfi("students", limit=3, totalCount="true").headers["ETag"]
    answer = everything.ask(f"{EDFI}students?limit=3&totalCount=true", headers={"If-None-Match": form.format(tag)})
    assert (answer.status_code, answer.data, answer.headers["Total-Count"]) == (304, b"", "960")
    assert answer.headers["Next-Page-Token"]


def test_an_id_is_read_in_any_writing(everything, one):
    plain = one["id"]
    dashed = "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))
    for written in (plain, plain.upper(), dashed, dashed.upper()):
        assert everything.edfi(f"students/{written}").json == one
        assert everything.edfi("students", id=written).json == [one]


def test_an_item_has_its_stamps_and_links(everything, one):
    assert one["_etag"].isdigit()
    assert one["_lastModifiedDate"].endswith("Z")
    link = everything.edfi("studentSchoolAssociations", limit=1).json[0]["studentReference"]["link"]
    assert link["rel"] == "Student"
    assert link["href"].startswith("/ed-fi/students/")


# snapshots


@pytest.mark.parametrize("written", ["true", "True", " TRUE "])
@pytest.mark.parametrize("path", ["students", "students/x", "students/partitions", "gradeLevelDescriptors"])
def test_there_is_no_snapshot_to_read(everything, path, written):
    answer = everything.ask(EDFI + path, headers={"Use-Snapshot": written})
    assert problem(answer, 404, "not-found")["detail"] == "Snapshot not found."


@pytest.mark.parametrize(("path", "method"), [("students", "PUT"), ("students/x", "PATCH"), ("students", "DELETE")])
def test_a_snapshot_cannot_be_changed(everything, path, method):
    answer = everything.ask(EDFI + path, method=method, headers={"Use-Snapshot": "true"})
    assert problem(answer, 405, "snapshots:method-not-allowed")["title"] == "Method Not Allowed with Snapshots"
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("written", ["false", "False", "", "maybe"])
def test_whoever_wants_no_snapshot_gets_what_is_so_now(everything, written):
    assert everything.ask(f"{EDFI}students", headers={"Use-Snapshot": written}).status_code == 200


def test_an_unknown_resource_is_told_before_a_snapshot_is_looked_for(everything):
    answer = everything.ask(f"{EDFI}shoes", headers={"Use-Snapshot": "true"})
    assert problem(answer, 404, "not-found")["detail"] == "The specified data could not be found."


# media types


@pytest.mark.parametrize(
    "accepted",
    [JSON, "*/*", "application/*", "application/xml, */*;q=0.1", f"{JSON};charset=utf-8", "text/html, application/json",
     "application/problem+json", "application/vnd.ed-fi.student.some-profile.readable+json, application/json"],
)  # fmt: skip
def test_whoever_takes_json_gets_it(everything, accepted):
    answer = everything.ask(f"{EDFI}students", headers={"Accept": accepted})
    assert (answer.status_code, answer.mimetype) == (200, JSON)


@pytest.mark.parametrize("accepted", ["application/xml", "text/html, image/*", "application/json;q=0", "x"])
def test_whoever_takes_no_json_is_told_that_there_is_nothing_else(everything, accepted):
    problem(everything.ask(f"{EDFI}students", headers={"Accept": accepted}), 406, "not-acceptable")


@pytest.mark.parametrize(
    ("accepted", "status", "words"),
    [
        ("application/vnd.ed-fi.student.some-profile.readable+json", 406, "not supported by this host"),
        ("application/vnd.ed-fi.Student.Some-Profile.Readable+JSON", 406, "not supported by this host"),
        ("application/vnd.ed-fi.student.some-profile.writable+json", 400, "writable cannot be used with GET"),
        ("application/vnd.ed-fi.school.some-profile.readable+json", 400, "not the requested resource"),
        ("application/vnd.ed-fi.student", 400, "format of the profile-based content type header was invalid"),
        ("application/vnd.ed-fi.student.some-profile.sideways+json", 400, "format of the profile-based content type"),
    ],
)
def test_a_profile_is_never_there(everything, accepted, status, words):
    for path in ("students", "students/x"):
        answer = everything.ask(EDFI + path, headers={"Accept": accepted})
        assert words in problem(answer, status, "profile:invalid-profile-usage")["errors"][0]


# who asks, and what for


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({}, "Authorization header is missing."),
        ({"Authorization": "  "}, "Authorization header is missing."),
        ({"Authorization": "Basic eDp5"}, "Unknown Authorization header scheme."),
        ({"Authorization": "Bearer"}, "Missing Authorization header bearer token value."),
        ({"Authorization": "bearer  "}, "Missing Authorization header bearer token value."),
        ({"Authorization": "Bearer nonsense"}, "Invalid Authorization header."),
    ],
)
def test_whoever_is_not_known_is_told_why(grand_bend, header, words):
    for path in ("students", "students/x", "students/partitions"):
        answer = grand_bend.app.test_client().get(EDFI + path, headers=header)
        assert problem(answer, 401, "security:authentication")["errors"] == [words]
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_refused_resource_and_a_refused_action_are_named(grand_bend, tutor):
    told = problem(tutor.edfi("courses"), 403, "security:authorization:access-denied:resource")
    assert told["errors"] == ["No active agreement releases courses to this client."]
    roster = grand_bend.consumer("no-ed-fi", ("https://purl.imsglobal.org/spec/or/v1p2/scope/roster-core.readonly",))
    told = problem(roster.edfi("courses"), 403, "security:authorization:access-denied:action")
    assert told["errors"] == ["Reading courses needs the scope edfi:read, which the token has not."]


def test_a_resource_that_is_hidden_and_one_of_which_there_is_nothing_answer_alike(tutor, everything):
    absent = "surveys"
    assert everything.edfi(absent).json == []
    assert everything.edfi("disciplineActions").json
    said = {"correlation-id": "asked by a test"}
    answers = [tutor.ask(EDFI + name, headers=said) for name in ("disciplineActions", absent)]
    texts = [
        answer.text.replace(name, "?") for answer, name in zip(answers, ("disciplineActions", absent), strict=True)
    ]
    assert texts[0] == texts[1]
    assert answers[0].status_code == answers[1].status_code == 403


def test_an_error_bears_the_id_that_the_caller_gave_or_that_of_its_trace(everything):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    for path in ("students?limit=x", "shoes", "students/none", "students/a/b/c/d"):
        told = everything.ask(EDFI + path, headers={"correlation-id": "abc-1"}).json
        assert told["correlationId"] == "abc-1"
        told = everything.ask(EDFI + path, headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}).json
        assert told["correlationId"] == trace
    long = everything.ask(f"{EDFI}shoes", headers={"correlation-id": "x" * 5000}).json["correlationId"]
    assert long == "x" * 200


def test_what_the_framework_refuses_is_told_as_a_problem_too(everything):
    for path, method, status, suffix in (
        ("/data/v3", "GET", 404, "not-found"),
        ("/gb/20/data/v3/ed-fi/students", "GET", 404, "not-found"),
        (f"{EDFI}students", "TRACE", 405, "method-not-allowed"),
    ):
        problem(everything.ask(path, method=method), status, suffix)


# pseudonyms


@pytest.mark.parametrize("name", ["students", "studentSchoolAssociations", "studentSectionAssociations"])
def test_a_pseudonym_finds_what_it_stands_for(tutor, everything, name):
    record = tutor.edfi(name, limit=1).json[0]
    mine = (record.get("studentReference") or record)["studentUniqueId"]
    found = tutor.edfi(name, studentUniqueId=mine.upper(), limit=500).json
    assert found
    assert {(one.get("studentReference") or one)["studentUniqueId"] for one in found} == {mine}
    own = everything.edfi("students", limit=1).json[0]["studentUniqueId"]
    assert tutor.edfi(name, studentUniqueId=own).json == []
