"""Rules of an ODS for the values of keys, in its words."""

from __future__ import annotations

import pytest

from standards.edfi.api import body
from standards.edfi.model.model import by_collection
from standards.errors import InvalidBody
from tests.standards.edfi.api.test_body import SESSION, STUDENT, URI, read, shape

OFFERING = {
    "localCourseCode": "A", "schoolReference": {"schoolId": 1}, "courseReference": {
        "courseCode": "A", "educationOrganizationId": 1}, "sessionReference": {
        "schoolId": 1, "schoolYear": 2027, "sessionName": "Fall"},
}  # fmt: skip
PERIOD = {"classPeriodName": "1", "schoolReference": {"schoolId": 1}}
HOME = URI + "TelephoneNumberTypeDescriptor#Home"
CONTACT = {"contactUniqueId": "1", "firstName": "A", "lastSurname": "B"}
BLANKS = "cannot contain leading or trailing spaces."


@pytest.mark.parametrize(
    ("collection", "given", "place", "said"),
    [
        ("students", STUDENT | {"studentUniqueId": " 1"}, "$.studentUniqueId", f"StudentUniqueId {BLANKS}"),
        ("students", STUDENT | {"studentUniqueId": "1\u00a0"}, "$.studentUniqueId", f"StudentUniqueId {BLANKS}"),
        ("sessions", SESSION | {"sessionName": "\t"}, "$.sessionName", f"SessionName {BLANKS}"),
        ("sexDescriptors", {"codeValue": "A ", "namespace": URI + "SexDescriptor", "shortDescription": "A"},
         "$.codeValue", f"CodeValue {BLANKS}"),
        ("contacts", CONTACT | {"telephones": [{"telephoneNumber": "1 ", "telephoneNumberTypeDescriptor": HOME}]},
         "$.telephones[0].telephoneNumber", f"TelephoneNumber {BLANKS}"),
        ("schools", {"schoolId": 0}, "$.schoolId", "SchoolId value must be different than 0."),
        ("courseOfferings", OFFERING | {"courseReference": {"courseCode": "A", "educationOrganizationId": 0}},
         "$.courseReference.educationOrganizationId", "EducationOrganizationId value must be different than 0."),
        ("schoolYearTypes", {"schoolYear": 0, "currentSchoolYear": True, "schoolYearDescription": "0"},
         "$.schoolYear", "SchoolYear value must be different than 0."),
        ("classPeriods", PERIOD | {"meetingTimes": [{"startTime": "00:00:00", "endTime": "01:00:00"}]},
         "$.meetingTimes[0].startTime", "StartTime is required."),
        ("students", STUDENT | {"birthDate": "0001-01-01"}, "$.birthDate", "BirthDate is required."),
        ("students", STUDENT | {"studentUniqueId": ""}, "$.studentUniqueId", "StudentUniqueId is required and should not be left empty."),
    ],
)  # fmt: skip
def test_a_key_that_no_ods_takes_is_told_at_its_place(collection, given, place, said):
    with pytest.raises(InvalidBody) as refused:
        read(collection, given)
    assert refused.value.places[place] == [said]


@pytest.mark.parametrize(
    ("collection", "given"),
    [
        ("students", STUDENT | {"firstName": " A ", "middleName": " "}),
        ("sessions", SESSION | {"totalInstructionalDays": 0}),
    ],
)
def test_what_is_no_key_may_have_blanks_and_numbers_may_be_nothing(collection, given):
    assert read(collection, given) == (given, None)


def test_a_key_of_somebody_hidden_is_not_judged():
    given = STUDENT | {"firstName": "", "studentUniqueId": " 1"}
    with pytest.raises(InvalidBody) as refused:
        body.read(by_collection("students"), given, shape("students", "student.name.given"))
    assert refused.value.places == {"$.firstName": [body.UNKNOWN], "$.studentUniqueId": [f"StudentUniqueId {BLANKS}"]}
