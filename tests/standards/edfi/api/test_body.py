"""The body of an Ed-Fi write, read liberally and made strict."""

from __future__ import annotations

from random import Random

import pytest

from standards import registry
from standards.edfi.api import body, error_sentences
from standards.edfi.api.ignored_members import Ignored
from standards.edfi.model.model import by_collection, resources
from standards.errors import CallerError, InvalidBody
from standards.view import prune
from tests.standards.edfi.documents import document
from tests.standards.edfi.world import Everything

URI = "uri://ed-fi.org/"


class All(Everything):
    """Releases everything but some names."""

    def __init__(self, *hidden):
        self.hidden = hidden

    def releases(self, name):
        return name not in self.hidden


def shape(collection, *hidden):
    branch = prune(registry.views("edfi")[collection], All(*hidden)).branches[0]
    return body.shape(branch.nodes)


def read(collection, given, *hidden):
    return body.read(by_collection(collection), given, shape(collection, *hidden))


def wrong(collection, given, *hidden):
    """The places at which a body is wrong."""
    with pytest.raises(InvalidBody) as refused:
        read(collection, given, *hidden)
    return refused.value.places


@pytest.mark.parametrize("collection", sorted(one.collection for one in resources().values() if not one.is_descriptor))
def test_whatever_the_model_allows_is_read_as_it_is(collection):
    for seed in range(3):
        given = document(by_collection(collection), Random(seed), 0.2 + 0.4 * seed)
        assert read(collection, given) == (given, None)


SESSION = {
    "sessionName": "Fall", "schoolReference": {"schoolId": 1}, "schoolYearTypeReference": {"schoolYear": 2027},
    "beginDate": "2026-08-20", "endDate": "2027-01-20", "termDescriptor": URI + "TermDescriptor#Fall Semester",
    "totalInstructionalDays": 80,
}  # fmt: skip
STUDENT = {"studentUniqueId": "1", "firstName": "A", "lastSurname": "B", "birthDate": "2010-01-01"}


@pytest.mark.parametrize(
    ("changed", "place", "said"),
    [
        ({"sessionName": None}, "$.sessionName", "SessionName is required."),
        ({"sessionName": ""}, "$.sessionName", "SessionName is required and should not be left empty."),
        ({"sessionName": "x" * 61}, "$.sessionName", "SessionName must be at most 60 characters in length."),
        ({"sessionName": "a\0b"}, "$.sessionName", body.UNKEPT),
        ({"beginDate": "soon"}, "$.beginDate", "BeginDate is not a date."),
        ({"totalInstructionalDays": -1}, "$.totalInstructionalDays", "TotalInstructionalDays is less than 0."),
        ({"totalInstructionalDays": 2.5}, "$.totalInstructionalDays", "TotalInstructionalDays is not an integer."),
        ({"termDescriptor": "Fall"}, "$.termDescriptor", "TermDescriptor value does not exist."),
        ({"beginDate": "2026-08-20T10:00:00Z"}, "$.beginDate", "BeginDate is not a date."),
        ({"beginDate": "2026-02-30"}, "$.beginDate", "BeginDate is not a date."),
        ({"schoolReference": {"schoolId": "x"}}, "$.schoolReference.schoolId", "SchoolId is not an integer."),
        ({"schoolReference": 7}, "$.schoolReference", "SchoolReference is not an object."),
        ({"schoolReference": {}}, "$.schoolReference.schoolId", "SchoolId is required."),
        ({"shoeSize": 7}, "$.shoeSize", body.UNKNOWN),
        ({"_ext": {}}, "$._ext", body.UNKNOWN),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_place(changed, place, said):
    assert wrong("sessions", SESSION | changed) == {place: [said]}


def test_a_key_that_is_stored_once_and_sent_with_two_values_is_told_at_both_places():
    period = {"gradingPeriodDescriptor": URI + "GradingPeriodDescriptor#First", "gradingPeriodName": "1",
              "schoolId": 2, "schoolYear": 2027}  # fmt: skip
    said = (
        "All values supplied for 'schoolId' must match. Review all references (including those higher up in the"
        " resource's data) and align the following conflicting values: '2', '1'"
    )
    assert wrong("sessions", SESSION | {"gradingPeriods": [{"gradingPeriodReference": period}]}) == {
        "$.gradingPeriods[*].gradingPeriodReference.schoolId": [said],
        "$.schoolReference.schoolId": [said],
    }


def test_a_period_of_a_section_is_of_the_school_of_its_course_offering():
    offering = {"localCourseCode": "A", "schoolId": 1, "schoolYear": 2027, "sessionName": "Fall"}
    periods = [{"classPeriodReference": {"classPeriodName": "1", "schoolId": 2}}]
    section = {"sectionIdentifier": "S", "courseOfferingReference": offering, "classPeriods": periods}
    assert wrong("sections", section).keys() == {
        "$.classPeriods[*].classPeriodReference.schoolId",
        "$.courseOfferingReference.schoolId",
    }


def test_items_that_are_there_twice_are_told_at_their_list():
    first, other = {"visaDescriptor": URI + "VisaDescriptor#F1"}, {"visaDescriptor": URI + "VisaDescriptor#F2"}
    same = "has the same identifying values as another item earlier in the list."
    assert wrong("students", STUDENT | {"visas": [first, other, first, other]}) == {
        "$.visas": [f"The 3rd item of the Visas {same}", f"The 4th item of the Visas {same}"]
    }


@pytest.mark.parametrize(("number", "said"), [(2, "2nd"), (11, "11th"), (21, "21st"), (112, "112th"), (133, "133rd")])
def test_an_item_is_counted_as_one_counts_in_english(number, said):
    assert f"The {said} item of the Visas " in error_sentences.repeated("$.visas", number)


def test_a_list_that_needs_an_item_says_so():
    schedule = {"bellScheduleName": "A", "schoolReference": {"schoolId": 1}, "classPeriods": []}
    assert wrong("bellSchedules", schedule) == {
        "$.classPeriods": ["BellScheduleClassPeriods must have at least one item."]
    }


def test_everything_is_told_at_once_and_no_value_with_it():
    places = wrong("students", {"studentUniqueId": "secret" * 9, "birthDate": "secret", "secret": "secret"})
    assert places.keys() == {"$.studentUniqueId", "$.birthDate", "$.secret", "$.firstName", "$.lastSurname"}
    assert "secret" not in "".join(said for one in places.values() for said in one)


def test_what_an_ods_takes_is_made_strict():
    given = {"SESSIONNAME": 7, "totalInstructionalDays": "80", "schoolReference": {"SchoolId": "1", "link": {}},
             "id": "a" * 32, "_etag": "1", "academicWeeks": []}  # fmt: skip
    found, identifier = read("sessions", SESSION | given | {"sessionName": None})
    assert identifier == "a" * 32
    assert found == SESSION | {"sessionName": "7"}


@pytest.mark.parametrize(
    "sent", ["2026-08-20", "2026-08-20T00:00:00Z", "2026-08-20T00:00:00", "2026-08-20 00:00:00.000", "8/20/2026"]
)
def test_a_date_may_be_sent_as_its_midnight(sent):
    assert read("sessions", SESSION | {"beginDate": sent})[0]["beginDate"] == "2026-08-20"


MADE = {
    "assessmentReference": {"assessmentIdentifier": "A", "namespace": "uri://x"}, "studentAssessmentIdentifier": "S",
    "studentReference": {"studentUniqueId": "1"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2026-09-28T00:10:00Z", "2026-09-28T00:10:00Z"),
        ("2026-09-28T00:10:00", "2026-09-28T00:10:00Z"),
        ("2026-09-28 00:10", "2026-09-28T00:10:00Z"),
        ("2026-09-28", "2026-09-28T00:00:00Z"),
        ("2026-09-28T00:10:00-05:00", "2026-09-28T00:10:00-05:00"),
    ],
)
def test_a_moment_without_a_zone_is_in_utc_and_a_day_is_its_first_moment(sent, kept):
    assert read("studentAssessments", MADE | {"administrationDate": sent})[0]["administrationDate"] == kept


@pytest.mark.parametrize(("sent", "kept"), [(0, False), (1, True), ("TRUE", True), (" false", False), (True, True)])
def test_truths_may_be_sent_as_bits_and_as_texts(sent, kept):
    period = {"classPeriodName": "1", "schoolReference": {"schoolId": 1}, "officialAttendancePeriod": sent}
    assert read("classPeriods", period)[0]["officialAttendancePeriod"] is kept


@pytest.mark.parametrize("sent", [2, -1, "1", "yes", 1.0, {}])
def test_anything_else_is_no_truth(sent):
    period = {"classPeriodName": "1", "schoolReference": {"schoolId": 1}, "officialAttendancePeriod": sent}
    assert wrong("classPeriods", period).keys() == {"$.officialAttendancePeriod"}


@pytest.mark.parametrize(("sent", "kept"), [(7, "7"), (7.5, "7.5"), (True, "true")])
def test_a_text_may_be_sent_as_what_json_has_for_it(sent, kept):
    assert read("students", STUDENT | {"middleName": sent})[0]["middleName"] == kept


def test_a_descriptor_may_stand_under_a_namespace_of_any_spelling():
    for uri in ("uri://district.org/Terms#Fall", "uri://district.org/termdescriptor#Fall", "http://x.org/y#z"):
        assert read("sessions", SESSION | {"termDescriptor": uri})[0]["termDescriptor"] == uri


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ('{"firstName": "A", "firstName": "B"}', ["$.firstName"]),
        ('{"firstName": "A", "FIRSTNAME": "B", "FirstName": "C"}', ["$.firstName"]),
        ('{"addresses": [{"city": "A"}, {"city": "B", "city": "B"}]}', ["$.addresses[1].city"]),
        ('{"schoolReference": {"schoolId": 1, "schoolId": 2}, "schoolReference": 3}',
         ["$.schoolReference", "$.schoolReference.schoolId"]),
        ('{"Ann Lee": 1, "Ann Lee": 2}', ["$"]),
        ('{"Ann Lee": [{"city": "A", "city": "B"}]}', ["$[0].city"]),
    ],
)  # fmt: skip
def test_a_name_that_an_object_has_twice_is_told_at_its_place_unless_the_client_made_it(text, places):
    with pytest.raises(InvalidBody) as refused:
        body.parse(text.encode())
    assert {place: [body.TWICE] for place in places} == refused.value.places


def test_a_byte_order_mark_before_a_body_is_skipped():
    assert body.parse(b'\xef\xbb\xbf {"firstName": "A"}') == {"firstName": "A"}
    with pytest.raises(CallerError, match="non-empty"):
        body.parse(b"\xef\xbb\xbf")


@pytest.mark.parametrize("name", ["multipleBirthStatus", "birthDate", "middleName", "birthCountryDescriptor"])
def test_an_empty_list_is_no_single_value_and_an_empty_text_none(name):
    assert list(wrong("students", STUDENT | {name: []})) == [f"$.{name}"]
    assert read("students", STUDENT | {"multipleBirthStatus": "", "visas": [], "citizenshipStatusDescriptor": ""})[
        0
    ] == (STUDENT)


def test_one_member_in_two_spellings_is_refused():
    assert wrong("students", STUDENT | {"FIRSTNAME": "C"}) == {"$.firstName": [body.TWICE]}


def test_a_hidden_member_is_not_missed_and_not_known():
    given = {name: value for name, value in STUDENT.items() if name != "firstName"}
    assert read("students", given, "student.name.given") == (given, None)
    hidden = wrong("students", STUDENT, "student.name.given")
    assert hidden == {"$.firstName": [body.UNKNOWN]}
    assert body.hidden(by_collection("students"), shape("students", "student.name.given")) == ["firstName"]
    assert body.hidden(by_collection("students"), shape("students", "student.name.middle")) == []


def test_a_hidden_part_of_the_key_is_noticed():
    resource = by_collection("studentSchoolAssociations")
    assert not body.identity_hidden(resource, shape(resource.collection))
    assert body.identity_hidden(resource, shape(resource.collection, "enrollment.school"))


@pytest.mark.parametrize(
    "text", [b"", b"  ", b"{", b"\xff", b"NaN", b"[" * 5000, b'{"a":1,"A":2}', b'{"a":{"b":1,"b":1}}']
)
def test_what_is_no_document_is_refused(text):
    with pytest.raises(CallerError):
        body.parse(text)


def test_a_member_whose_name_is_spelt_like_a_place_hides_no_fault_there():
    place = "gradingPeriods[0].gradingPeriodReference.gradingPeriodName"
    period = {"gradingPeriodDescriptor": URI + "GradingPeriodDescriptor#First", "gradingPeriodName": "a\0b",
              "schoolId": 1, "schoolYear": 2027}  # fmt: skip
    given = SESSION | {"gradingPeriods": [{"gradingPeriodReference": period}], place: 1}
    with pytest.raises(InvalidBody) as refused:
        body.read(by_collection("sessions"), given, shape("sessions"), Ignored())
    assert refused.value.places == {f"$.{place}": [body.UNKEPT]}


def test_the_keys_of_persons_are_in_no_sentence():
    document = {"first": {"studentUniqueId": "604822"}, "second": {"studentUniqueId": "604823"}}
    said = error_sentences.conflict(
        document, "$.first.studentUniqueId", "$.first.studentUniqueId", "$.second.studentUniqueId"
    )
    assert "studentUniqueId" in said
    assert "60482" not in said
