"""Two districts that differ in what a writer may not see answer its writes alike, byte for byte."""

from __future__ import annotations

import pytest

from tests.gateway.writes.test_edfi_write_rules import (
    AT_101,
    CLERK,
    MANY,
    OPERATIONS,
    SCHOOL,
    enrollment,
    kept,
    send,
    student,
)
from tests.support.edfi_memory import room, site
from tests.support.regions import EDFI, agreement, running

HIDDEN = "c" * 32


def furnish(home, *, other):
    """The same to the writer, and not the same: what it cannot see is *other*."""
    home.put("schools", SCHOOL, "1" * 32)
    home.put("schools", SCHOOL | {"schoolId": 102, "nameOfInstitution": "Ash" if other else "Oak"}, "2" * 32)
    home.put("students", student("s1", middleName="X" if other else "Y"), "3" * 32)
    home.put("studentSchoolAssociations", enrollment("s1", primarySchool=other), "4" * 32)
    if other:
        home.put("students", student("s2"), HIDDEN)
        home.put("studentSchoolAssociations", enrollment("s2", 102), "d" * 32)


@pytest.fixture(scope="module", params=["0s", "1h"])
def twins(request, tmp_path_factory):
    terms = [agreement("elm", CLERK, client="clerk", operations=OPERATIONS, population=AT_101)]
    with room("one") as one, room("two") as two:
        furnish(one, other=False)
        furnish(two, other=True)
        folder = tmp_path_factory.mktemp("twins")
        with (
            running(folder / "one", {"elm": site("one", request.param)}, terms, MANY) as first,
            running(folder / "two", {"elm": site("two", request.param)}, terms, MANY) as second,
        ):
            yield first.consumer("clerk"), second.consumer("clerk")


def told(answer):
    """All that an answer says."""
    return answer.status_code, answer.data, answer.headers.get("ETag"), answer.headers.get("Location")


WRITES = (
    ("POST", "studentSchoolAssociations", enrollment("s2", 102)),
    ("POST", "studentSchoolAssociations", enrollment("s2")),
    ("POST", "studentSchoolAssociations", enrollment("s1", 102)),
    ("POST", "students", student("s1", middleName="Z")),
    ("POST", "students", student("s1", shoeSize=1)),
    ("PUT", f"{EDFI}students/{HIDDEN}", {"studentUniqueId": "s2", "firstName": "A", "lastSurname": "B"}),
    ("DELETE", f"{EDFI}students/{HIDDEN}", None),
    ("DELETE", f"{EDFI}studentSchoolAssociations/{'d' * 32}", None),
    ("PUT", f"{EDFI}students/{'3' * 32}",
     {"studentUniqueId": "s1", "firstName": "A", "lastSurname": "B", "birthDate": "2010-01-01"}),
    ("PUT", f"{EDFI}studentSchoolAssociations/{'4' * 32}", {
        name: value for name, value in enrollment("s1", entryDate="2026-08-22").items() if name != "primarySchool"}),
    ("POST", "studentSchoolAssociations", enrollment("s1", entryDate="2026-08-22")),
    ("POST", "schools", SCHOOL | {"schoolId": 102}),
)  # fmt: skip


@pytest.mark.parametrize("write", WRITES, ids=lambda write: f"{write[0]} {write[1].rpartition('/')[2][:40]}")
def test_a_write_is_answered_alike_whatever_is_hidden(twins, write):
    answers = [send(one, *write) for one in twins]
    assert told(answers[0]) == told(answers[1])
    shown = [one.edfi(name) for name in ("students", "studentSchoolAssociations", "schools") for one in twins]
    times = [[{**row, "_lastModifiedDate": ""} for row in one.json] for one in shown]
    assert times[::2] == times[1::2]


SURVEY = {
    "namespace": "uri://elm", "surveyIdentifier": "1", "surveyTitle": "Old", "schoolYearTypeReference": {"schoolYear": 2026},
    "educationOrganizationReference": {"educationOrganizationId": 101},
    "sessionReference": {"schoolId": 101, "schoolYear": 2026, "sessionName": "Fall"},
}  # fmt: skip

FALL = {
    "schoolReference": {"schoolId": 101}, "schoolYearTypeReference": {"schoolYear": 2026}, "sessionName": "Fall",
    "beginDate": "2026-08-01", "endDate": "2026-12-20", "totalInstructionalDays": 90,
    "termDescriptor": "uri://ed-fi.org/TermDescriptor#Fall Semester",
}  # fmt: skip


@pytest.fixture(scope="module", params=["deny", "hash"])
def numberless(request, tmp_path_factory):
    """A writer who sees everything but the numbers of schools, and the system it writes to."""
    lines = (("*", "allow"), ("organization.identifier", request.param))
    terms = [agreement("elm", lines, client="clerk", operations=OPERATIONS)]
    with room("elm") as elm, running(tmp_path_factory.mktemp("elm"), {"elm": site("elm", "0s")}, terms, MANY) as region:
        yield region.consumer("clerk"), elm


def test_a_reference_of_which_a_writer_sees_a_part_stays_whole_and_cannot_be_made(numberless):
    clerk, elm = numberless
    elm.put("schools", SCHOOL, "1" * 32)
    elm.put("sessions", FALL, "2" * 32)
    elm.put("surveys", SURVEY, "5" * 32)
    place = f"{EDFI}surveys/{'5' * 32}"
    shown = clerk.web.get(place, headers=clerk.bearer)
    assert "101" not in shown.text
    assert shown.json["sessionReference"].items() >= {"schoolYear": 2026, "sessionName": "Fall"}.items()
    changed = {
        name: value
        for name, value in SURVEY.items()
        if name not in {"sessionReference", "educationOrganizationReference"}
    }
    assert send(clerk, "PUT", place, changed | {"surveyTitle": "New"}).status_code == 204
    assert kept(elm, "surveys") == SURVEY | {"surveyTitle": "New"}
    answers = [
        send(clerk, "PUT", place, changed | {"educationOrganizationReference": {"educationOrganizationId": number}})
        for number in (101, 102)
    ]
    assert answers[0].status_code == 409
    assert told(answers[0]) == told(answers[1])
    assert kept(elm, "surveys") == SURVEY | {"surveyTitle": "New"}
