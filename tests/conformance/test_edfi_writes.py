"""An Ed-Fi gradebook written into a district whose own system is a OneRoster server."""

from __future__ import annotations

import pytest

from tests.standards.edfi.world import plain
from tests.support.regions import EDFI

TYPE = "uri://ed-fi.org/GradebookEntryTypeDescriptor#"


def send(consumer, method, place, body=None, **headers):
    """The answer to a request with a JSON body."""
    target = place.partition("localhost")[2] or EDFI + place
    return consumer.web.open(target, method=method, json=body, headers=consumer.bearer | headers)


@pytest.fixture
def entry(client):
    """A new piece of work, as an Ed-Fi client sends it."""
    known = client.edfi("gradebookEntries", limit=100).json
    shown = next(one for one in known if "gradebookEntryTypeDescriptor" in one)
    return {
        "gradebookEntryIdentifier": "week-7", "namespace": "uri://vendor.example", "title": "Essay",
        "sourceSectionIdentifier": "S-1", "dateAssigned": "2026-11-01", "dueDate": "2026-11-20", "maxPoints": 40,
        "sectionReference": shown["sectionReference"],
        "gradebookEntryTypeDescriptor": shown["gradebookEntryTypeDescriptor"],
    }  # fmt: skip


def test_a_piece_of_work_goes_around(client, system, entry):
    answer = send(client, "POST", "gradebookEntries", entry)
    assert answer.status_code == 201, answer.text
    place = answer.headers["Location"]
    shown = client.ask(place)
    assert plain(shown.json) == plain(entry)
    assert answer.headers["ETag"] == shown.headers["ETag"]
    again = send(client, "POST", "gradebookEntries", entry | {"title": "Longer essay"})
    assert (again.status_code, again.headers["Location"]) == (200, place)
    (kept,) = [one for one in system.sis.documents["lineItems"].values() if one["title"] == "Longer essay"]
    assert kept["class"]["type"] == "class"
    assert kept["metadata"]["edfi.gradebookEntryIdentifier"] == "week-7"
    kept["grader"] = "the server's own"
    assert send(client, "PUT", place, client.ask(place).json | {"maxPoints": 50}).status_code == 204
    (kept,) = [one for one in system.sis.documents["lineItems"].values() if one["title"] == "Longer essay"]
    assert (kept["resultValueMax"], kept["grader"]) == (50, "the server's own")
    assert send(client, "DELETE", place).status_code == 204
    assert client.ask(place).status_code == 404


def test_a_grading_period_that_the_system_states_once_for_all_schools_is_found_by_each_schools_key(client, entry):
    period = next(
        one
        for one in client.edfi("gradingPeriods", limit=500).json
        if one["schoolReference"]["schoolId"] == entry["sectionReference"]["schoolId"]
    )
    reference = {name: period[name] for name in ("gradingPeriodDescriptor", "gradingPeriodName")} | {
        "schoolId": period["schoolReference"]["schoolId"],
        "schoolYear": period["schoolYearTypeReference"]["schoolYear"],
    }
    answer = send(client, "POST", "gradebookEntries", entry | {"gradingPeriodReference": reference})
    assert answer.status_code == 201, answer.text
    place = answer.headers["Location"]
    assert client.ask(place).json["gradingPeriodReference"].items() >= reference.items()
    assert send(client, "DELETE", place).status_code == 204
    none = entry | {"gradingPeriodReference": reference | {"gradingPeriodName": "Another"}}
    answer = send(client, "POST", "gradebookEntries", none)
    assert (answer.status_code, answer.json["type"].rpartition(":")[2]) == (409, "unresolved-reference")


def test_what_a_student_got_goes_around(client, system, entry):
    work = send(client, "POST", "gradebookEntries", entry).headers["Location"]
    section = entry["sectionReference"]["sectionIdentifier"]
    children = client.edfi("studentSectionAssociations", sectionIdentifier=section, limit=1).json
    result = {
        "gradebookEntryReference": {"gradebookEntryIdentifier": "week-7", "namespace": "uri://vendor.example"},
        "studentReference": children[0]["studentReference"], "pointsEarned": 31.5, "letterGradeEarned": "B",
        "numericGradeEarned": 3.5, "dateFulfilled": "2026-11-19", "diagnosticStatement": "Well argued.",
        "submissionStatusDescriptor": "uri://ed-fi.org/SubmissionStatusDescriptor#Returned",
        "assignmentLateStatusDescriptor": "uri://ed-fi.org/AssignmentLateStatusDescriptor#Late",
    }  # fmt: skip
    answer = send(client, "POST", "studentGradebookEntries", result)
    assert answer.status_code == 201, answer.text
    place = answer.headers["Location"]
    assert plain(client.ask(place).json) == plain(result)
    again = send(client, "POST", "studentGradebookEntries", result | {"pointsEarned": 40})
    assert (again.status_code, again.headers["Location"]) == (200, place)
    assert send(client, "PUT", place, client.ask(place).json | {"pointsEarned": 12}).status_code == 204
    assert client.ask(place).json["pointsEarned"] == 12
    assert client.ask(place).json["numericGradeEarned"] == 3.5
    late = {"submissionStatusDescriptor": "uri://ed-fi.org/SubmissionStatusDescriptor#Late"}
    assert send(client, "PUT", place, client.ask(place).json | late).status_code == 204
    assert client.ask(place).json.items() >= late.items()
    (kept,) = [one for one in system.sis.documents["results"].values() if one.get("comment") == "Well argued."]
    assert kept["scoreStatus"] == "ext:Late"
    assert send(client, "DELETE", place).status_code == 204
    assert send(client, "DELETE", work).status_code == 204


def test_what_the_other_system_cannot_do_without_is_asked_for(client, entry):
    odd = entry | {"gradebookEntryTypeDescriptor": TYPE + "Nothing of the kind"}
    answer = send(client, "POST", "gradebookEntries", odd)
    assert answer.status_code == 400
    assert answer.json["validationErrors"].keys() == {"$.gradebookEntryTypeDescriptor"}
    bare = {name: value for name, value in entry.items() if name != "sectionReference"}
    assert send(client, "POST", "gradebookEntries", bare).json["validationErrors"].keys() == {"$.sectionReference"}


def test_the_rest_of_such_a_district_cannot_be_written(client):
    answer = send(client, "POST", "students", {"studentUniqueId": "1"})
    assert answer.status_code == 405
