"""Bodies that are made to be a burden: answered like any other, and no longer than they deserve."""

from __future__ import annotations

import pytest

from standards.edfi.api.body import MAX_REPORTED_ERRORS
from tests.gateway.writes.test_edfi_write_rules import MANY, OPERATIONS, SCHOOL, URI, send, student
from tests.support.edfi_memory import room, site
from tests.support.regions import agreement, running

ASSOCIATIONS = "studentEducationOrganizationAssociations"
HOME = URI + "TelephoneNumberTypeDescriptor#Home"
BODY = {
    "studentReference": {"studentUniqueId": "s1"},
    "educationOrganizationReference": {"educationOrganizationId": 101},
}
CROWD = 3000


@pytest.fixture(scope="module")
def home():
    with room("elm") as made:
        made.put("schools", SCHOOL, "1" * 32)
        made.put("students", student("s1"), "3" * 32)
        yield made


@pytest.fixture(scope="module")
def owner(home, tmp_path_factory):
    terms = [agreement("elm", operations=OPERATIONS)]
    with running(tmp_path_factory.mktemp("elm"), {"elm": site("elm", "0s")}, terms, MANY) as region:
        yield region.consumer()


def phones(mark):
    return [{"telephoneNumberTypeDescriptor": HOME, "telephoneNumber": f"{mark}{at}"} for at in range(CROWD)]


def test_thousands_of_items_take_the_place_of_thousands_of_others(owner, home):
    for mark, status in (("a", 201), ("b", 200)):
        answer = send(owner, "POST", ASSOCIATIONS, BODY | {"telephones": phones(mark)})
        assert answer.status_code == status, answer.text
    (kept,) = home.documents[ASSOCIATIONS].values()
    assert kept["telephones"] == phones("b")


@pytest.mark.parametrize("items", [[{"x": 1}] * 20_000, [1] * 20_000, [{"telephoneNumber": []}] * 20_000])
def test_of_thousands_of_faults_some_are_told(owner, items):
    answer = send(owner, "POST", ASSOCIATIONS, BODY | {"telephones": items})
    assert answer.status_code == 400
    assert len(answer.json["validationErrors"]) == MAX_REPORTED_ERRORS


@pytest.mark.parametrize("wrong", [[1], {"a": 1}, [[]], [None], {}])
@pytest.mark.parametrize("member", ["schoolId", "schoolYear", "sessionName"])
def test_a_member_that_must_agree_with_another_may_be_of_the_wrong_type(owner, member, wrong):
    session = {"schoolId": 101, "schoolYear": 2027, "sessionName": "Fall"} | {member: wrong}
    answer = send(owner, "POST", "studentSchoolAttendanceEvents", {
        "attendanceEventCategoryDescriptor": URI + "AttendanceEventCategoryDescriptor#Tardy", "eventDate": "2026-11-09",
        "schoolReference": {"schoolId": 101}, "sessionReference": session, "studentReference": {"studentUniqueId": "s1"},
    })  # fmt: skip
    assert answer.status_code == 400
    assert f"$.sessionReference.{member}" in answer.json["validationErrors"]
