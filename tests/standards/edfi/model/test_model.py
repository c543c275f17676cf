"""The Ed-Fi facts are whole, and a document that breaks them is told so without its values."""

from __future__ import annotations

import pytest

from standards.edfi.model import model

STUDENT = {"studentUniqueId": "604821", "birthDate": "2011-05-07", "firstName": "María", "lastSurname": "Lee"}
GRADE_LEVEL = "uri://ed-fi.org/GradeLevelDescriptor#Ninth grade"
ENROLLMENT = {
    "entryDate": "2021-08-23",
    "schoolReference": {"schoolId": 255901001},
    "studentReference": {"studentUniqueId": "604821"},
    "entryGradeLevelDescriptor": GRADE_LEVEL,
    "fullTimeEquivalency": 0.5,
}
COURSE = {
    "courseCode": "ALG-1",
    "courseTitle": "Algebra I",
    "educationOrganizationReference": {"educationOrganizationId": 255901},
    "numberOfParts": 1,
    "identificationCodes": [
        {
            "courseIdentificationSystemDescriptor": "uri://ed-fi.org/CourseIdentificationSystemDescriptor#LEA",
            "identificationCode": "ALG-1",
        }
    ],
}


def problems(name: str, document: dict, **changes) -> list[str]:
    return model.validate(model.resources()[name], {**document, **changes})


def test_every_resource_and_descriptor_of_the_standard_is_there():
    resources = model.resources().values()
    assert model.version() == "5.2.0"
    assert sum(resource.is_descriptor for resource in resources) == 211
    assert sum(not resource.is_descriptor for resource in resources) == 138


@pytest.mark.parametrize(
    ("collection", "name"),
    [("students", "Student"), ("PEOPLE", "Person"), ("studentGradebookEntries", "StudentGradebookEntry")],
)
def test_a_collection_leads_to_its_resource_in_any_case(collection, name):
    assert model.by_collection(collection).name == name


def test_an_unknown_collection_leads_nowhere():
    assert model.by_collection("wizards") is None


def test_every_identity_names_existing_members():
    for resource in model.resources().values():
        for path in resource.identity:
            members = resource.properties
            for part in path.split("."):
                assert part in members, (resource.name, path)
                members = members[part].properties


def test_every_equality_names_existing_members():
    for resource in model.resources().values():
        for path in (path for pair in resource.equality for path in pair):
            members = resource.properties
            for part in path.split("."):
                assert part.removesuffix("[*]") in members, (resource.name, path)
                members = members[part.removesuffix("[*]")].properties


def test_the_two_unifications_that_the_published_model_lacks_are_there():
    for name in ("BellSchedule", "Session"):
        assert model.resources()[name].equality


@pytest.mark.parametrize(
    ("name", "document"), [("Student", STUDENT), ("StudentSchoolAssociation", ENROLLMENT), ("Course", COURSE)]
)
def test_a_right_document_has_no_problem(name, document):
    assert problems(name, document) == []


def test_the_members_of_the_api_itself_are_allowed():
    link = {"rel": "School", "href": f"/ed-fi/schools/{'a' * 32}"}
    assert not problems(
        "StudentSchoolAssociation",
        ENROLLMENT,
        id="0123456789abcdef" * 2,
        _etag="5250168731208835753",
        _lastModifiedDate="2022-01-01T00:00:00Z",
        schoolReference={"schoolId": 255901001, "link": link},
    )


def test_a_descriptor_may_carry_its_number():
    document = {"namespace": "uri://ed-fi.org/SexDescriptor", "codeValue": "Female", "shortDescription": "Female"}
    assert problems("SexDescriptor", document, sexDescriptorId=12) == []
    assert problems("Student", STUDENT, studentId=12) == ["$.studentId: is not a member"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"nickname": "Lee"}, "$.nickname: is not a member"),
        ({"firstName": 7}, "$.firstName: is not a string"),
        ({"firstName": None}, "$.firstName: is null"),
        ({"firstName": "x" * 76}, "$.firstName: must be at most 75 characters in length"),
        ({"birthCity": "x"}, "$.birthCity: must be between 2 and 30 characters in length"),
        ({"birthDate": "2011-02-30"}, "$.birthDate: is not a date"),
        ({"birthDate": "20110507"}, "$.birthDate: is not a date"),
        ({"multipleBirthStatus": "true"}, "$.multipleBirthStatus: is not a boolean"),
        ({"birthSexDescriptor": "Female"}, "$.birthSexDescriptor: is not a value of SexDescriptor"),
        (
            {"birthSexDescriptor": "uri://ed-fi.org/SexDescriptor"},
            "$.birthSexDescriptor: is not a value of SexDescriptor",
        ),
        ({"personReference": {"personId": "1"}}, "$.personReference.sourceSystemDescriptor: is missing"),
        ({"personReference": "1"}, "$.personReference: is not an object"),
        ({"visas": {}}, "$.visas: is not an array"),
        ({"visas": [{"visaDescriptor": []}]}, "$.visas[0].visaDescriptor: is not a string"),
        ({"visas": ["x"]}, "$.visas[0]: is not an object"),
        ({"visas": [{}]}, "$.visas[0].visaDescriptor: is missing"),
        ({"id": "7"}, "$.id: is not 32 hexadecimal digits"),
        ({"_etag": 7}, "$._etag: is of the wrong type"),
        ({"link": {}}, "$.link: is not a member"),
    ],
)
def test_a_wrong_student_is_told_where_and_why(changes, problem):
    assert problems("Student", STUDENT, **changes) == [problem]


def test_an_item_with_the_key_of_another_is_told():
    visa = {"visaDescriptor": "uri://ed-fi.org/VisaDescriptor#F1 - Foreign student"}
    same = {"visaDescriptor": visa["visaDescriptor"].replace("Foreign", "foreign")}
    assert problems("Student", STUDENT, visas=[visa, same]) == ["$.visas[1]: has the key of an earlier item"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"numberOfParts": 9}, "$.numberOfParts: is more than 8"),
        ({"numberOfParts": 0}, "$.numberOfParts: is less than 1"),
        ({"numberOfParts": True}, "$.numberOfParts: is not an integer"),
        ({"numberOfParts": 2**31}, "$.numberOfParts: is not an int32"),
        ({"maximumAvailableCredits": -1}, "$.maximumAvailableCredits: is less than 0"),
        ({"maximumAvailableCredits": 1.23456}, "$.maximumAvailableCredits: has more than 3 digits after the point"),
        ({"maximumAvailableCredits": 1e6}, "$.maximumAvailableCredits: has more than 6 digits before the point"),
        ({"maximumAvailableCredits": "1"}, "$.maximumAvailableCredits: is not a number"),
        ({"identificationCodes": []}, "$.identificationCodes: is empty"),
    ],
)
def test_a_wrong_course_is_told_where_and_why(changes, problem):
    assert problems("Course", COURSE, **changes) == [problem]


def test_a_missing_member_is_told():
    assert problems("Student", {}) == [
        f"$.{name}: is missing" for name in ("birthDate", "firstName", "lastSurname", "studentUniqueId")
    ]


def test_members_that_the_standard_stores_once_must_agree():
    calendar = {"calendarCode": "1", "schoolId": 255901044, "schoolYear": 2022}
    assert problems("StudentSchoolAssociation", ENROLLMENT, calendarReference=calendar) == [
        "$.calendarReference.schoolId: differs from $.schoolReference.schoolId"
    ]


def test_members_inside_collections_must_agree_too():
    week = {"academicWeekReference": {"schoolId": 2, "weekIdentifier": "week 1"}}
    session = {
        "schoolReference": {"schoolId": 1},
        "schoolYearTypeReference": {"schoolYear": 2022},
        "sessionName": "Fall",
        "termDescriptor": "uri://ed-fi.org/TermDescriptor#Fall Semester",
        "beginDate": "2021-08-23",
        "endDate": "2021-12-17",
        "totalInstructionalDays": 81,
    }
    assert problems("Session", session) == []
    assert problems("Session", session, academicWeeks=[week]) == [
        "$.academicWeeks[*].academicWeekReference.schoolId: differs from $.schoolReference.schoolId"
    ]


def test_the_natural_key_follows_the_identity():
    enrollment = model.resources()["StudentSchoolAssociation"]
    assert model.natural_key(enrollment, ENROLLMENT) == ("2021-08-23", 255901001, "604821")
    assert model.natural_key(enrollment, {}) == (None, None, None)


@pytest.mark.parametrize("value", ["SECRET" * 20, "SECRET", 2.5])
def test_no_message_repeats_a_value(value):
    document = dict.fromkeys(model.resources()["Student"].properties, value)
    found = problems("Student", document, id=value)
    assert found
    assert not any("SECRET" in problem or "2.5" in problem for problem in found)
