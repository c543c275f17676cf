"""Ed-Fi query parameters: paging, totals, filters, and what is refused with which words."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standards import registry
from standards.edfi.api.envelope import problem
from standards.edfi.api.request import names, read, read_number, read_one
from standards.edfi.model.model import resources
from standards.errors import MalformedQuery, UnknownName
from standards.query import Both, Condition, Either, Item
from standards.view import prune
from tests.standards.edfi.world import Everything

BOTH = (
    "Both offset and pageToken parameters were provided, but they support alternative paging approaches "
    "and cannot be used together."
)


class Hiding(Everything):
    """A grant that releases all but the names given."""

    def __init__(self, *hidden):
        self.hidden = hidden

    def releases(self, name):
        return name not in self.hidden

    def plain(self, name):
        return name not in self.hidden


def view(collection, *hidden):
    return (prune(registry.views("edfi")[collection], Hiding(*hidden)),)


def asked(collection, *arguments):
    return read(view(collection), list(arguments))


def message(collection, *arguments, hidden=()):
    with pytest.raises((MalformedQuery, UnknownName)) as caught:
        read(view(collection, *hidden), list(arguments))
    return caught.value.message


def test_without_parameters_the_first_25_records_are_asked_for():
    request = asked("students")
    assert (request.query.offset, request.query.limit, request.query.filter) == (0, 25, None)
    assert request.total_count is False


def test_names_and_truths_are_read_in_any_case():
    request = asked("students", ("LIMIT", "0"), ("Offset", "50"), ("totalcount", "True"))
    assert (request.query.offset, request.query.limit, request.total_count) == (50, 0, True)
    assert asked("students", ("totalCount", "FALSE")).total_count is False


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([("limit", "501")], "Limit must be omitted or set to a numeric value between 0 and 500."),
        ([("limit", "-1")], "Limit must be omitted or set to a numeric value between 0 and 500."),
        ([("limit", "many")], "Limit must be omitted or set to a numeric value between 0 and 500."),
        ([("limit", "")], "Limit must be omitted or set to a numeric value between 0 and 500."),
        ([("limit", "²")], "Limit must be omitted or set to a numeric value between 0 and 500."),
        ([("offset", "-1")], "Offset must be a numeric value greater than or equal to 0."),
        ([("offset", "9" * 5000)], "Offset must be a numeric value greater than or equal to 0."),
        ([("totalCount", "yes")], "TotalCount must be a boolean value."),
        ([("pageToken", "")], "The page token provided was invalid."),
        ([("pageToken", "x"), ("pageSize", "501")], "PageSize must be a value between 0 and 500."),
        ([("pageToken", "x"), ("pageSize", "-1")], "PageSize must be a value between 0 and 500."),
        (
            [("pageToken", "x"), ("totalCount", "True")],
            "The totalCount parameter cannot be set to true when using cursor paging with pageToken.",
        ),
        ([("pageSize", "5")], "PageToken is required when pageSize is specified."),
        ([("pageSize", "5"), ("offset", "0")], "Use limit instead of pageSize when using limit/offset paging."),
        (
            [("pageToken", "x"), ("offset", "0")],
            BOTH,
        ),
        (
            [("pageToken", "x"), ("limit", "5")],
            "Use pageSize instead of limit when using cursor paging with pageToken.",
        ),
        ([("limit", "5"), ("Limit", "5")], "The parameter Limit is given twice."),
    ],
)
def test_paging_that_cannot_be_is_refused_in_the_words_of_the_standard(arguments, words):
    assert message("students", *arguments) == words


@pytest.mark.parametrize(
    ("collection", "name", "path"),
    [
        ("students", "studentUniqueId", "studentUniqueId"),
        ("studentSchoolAssociations", "nextYearSchoolId", "nextYearSchoolReference.schoolId"),
        ("studentSchoolAssociations", "classOfSchoolYear", "classOfSchoolYearTypeReference.schoolYear"),
        ("studentSchoolAssociations", "graduationSchoolYear", "graduationPlanReference.graduationSchoolYear"),
        ("studentProgramAssociations", "programEducationOrganizationId", "programReference.educationOrganizationId"),
        ("studentProgramAssociations", "educationOrganizationId", "educationOrganizationReference.educationOrganizationId"),
        ("studentTransportations", "transportationEducationOrganizationId",
         "transportationEducationOrganizationReference.educationOrganizationId"),
        ("sections", "sessionName", "courseOfferingReference.sessionName"),
        ("sexDescriptors", "sexDescriptorId", "sexDescriptorId"),
        ("sexDescriptors", "codeValue", "codeValue"),
    ],
)  # fmt: skip
def test_a_member_of_a_reference_goes_by_its_role_and_name(collection, name, path):
    assert asked(collection, (name, "12")).query.filter == Condition(path, "=", "12", name)


def test_members_that_must_agree_share_a_name():
    assert asked("courseOfferings", ("schoolId", "7")).query.filter == Either(
        (
            Condition("schoolReference.schoolId", "=", "7", "schoolId"),
            Condition("sessionReference.schoolId", "=", "7", "schoolId"),
        )
    )


def test_several_filters_hold_together():
    found = asked("students", ("lastSurname", "O'Neill"), ("birthDate", "2011-05-07")).query.filter
    assert isinstance(found, Both)
    assert [part.path for part in found.parts] == ["lastSurname", "birthDate"]


def test_every_scalar_of_the_model_outside_collections_can_be_asked_for():
    for resource in resources().values():
        told = {path for paths in names(resource.collection).values() for path in paths}
        for known in resource.properties.values():
            if known.reference:
                assert {f"{known.name}.{leaf}" for leaf in known.properties} <= told, (resource.collection, known.name)
            elif known.type not in {"array", "object"}:
                assert known.name in told, (resource.collection, known.name)


@pytest.mark.parametrize("name", ["birthDate", "noSuchName", "addresses", "otherNames", "_etag", "personReference"])
def test_a_hidden_member_and_an_unknown_one_are_refused_alike(name):
    words = message("students", (name, "x"), hidden=("student.birthDate",))
    assert re.fullmatch(rf"'{name}' is not a field of this resource(?: \(did you mean \w+\?\))?\.", words)
    assert "birthDate" not in words.partition("resource")[2]


def test_a_misspelt_parameter_is_told_the_nearest_that_the_consumer_has():
    assert message("students", ("birthdate1", "x")).endswith("(did you mean birthDate?).")
    assert message("students", ("limt", "1")).endswith("(did you mean limit?).")
    assert "birthDate" not in message("students", ("birthdate1", "x"), hidden=("student.birthDate",))


def test_what_clients_send_to_tune_a_database_is_put_up_with():
    assert asked("students", ("useJoinAuth", "true"), ("allowSmallPartitions", "true")) == asked("students")
    assert read_one(view("students"), [("useJoinAuth", "true")]).limit == 1


def test_a_walk_by_token_takes_a_size_of_page():
    found = asked("students", ("pageToken", "abc"), ("PageSize", "7"), ("totalCount", "false")).query
    assert (found.token, found.limit, found.offset) == ("abc", 7, 0)
    assert asked("students", ("pagetoken", "abc")).query.limit == 25


@pytest.mark.parametrize("number", ["0", "201", "-1", "x", ""])
def test_an_answer_is_divided_into_1_to_200_ranges(number):
    with pytest.raises(MalformedQuery) as caught:
        read_number([("number", number)])
    assert caught.value.message == "Number of partitions must be between 1 and 200."
    assert (read_number([]), read_number([("Number", "200")])) == (10, 200)


def test_an_id_may_be_asked_for_in_any_writing():
    dashed = "0123ABCD-0123-abcd-0123-0123456789ab"
    assert asked("students", ("id", dashed)).query.filter == Condition("id", "=", dashed.replace("-", "").lower(), "id")


def test_an_agreeing_member_that_is_hidden_is_not_looked_at():
    hidden = view("studentSchoolAssociations", "edfi.studentSchoolAssociations.calendarReference.schoolId")
    found = read(hidden, [("schoolId", "7")]).query.filter
    assert found == Condition("schoolReference.schoolId", "=", "7", "schoolId")


@pytest.mark.parametrize(
    ("collection", "name", "value", "title"),
    [
        ("schools", "schoolId", "first", "SchoolId"),
        ("students", "multipleBirthStatus", "perhaps", "MultipleBirthStatus"),
        ("students", "multipleBirthStatus", "2", "MultipleBirthStatus"),
        ("courses", "minimumAvailableCredits", "few", "MinimumAvailableCredits"),
        ("students", "id", "not-an-id", "Id"),
    ],
)
def test_a_value_of_another_kind_is_refused(collection, name, value, title):
    assert message(collection, (name, value)) == f"The value '{value}' is not valid for {title}."


def test_a_long_value_of_another_kind_is_told_cut():
    assert message("schools", ("schoolId", "x" * 81)) == f"The value '{'x' * 80}' is not valid for SchoolId."


@pytest.mark.parametrize(
    ("collection", "name", "value"),
    [
        ("students", "birthDate", "yesterday"),
        ("students", "birthDate", "2010-02-30"),
        ("studentAssessments", "administrationDate", "soon"),
    ],
)
def test_a_day_that_is_none_is_refused_and_not_repeated(collection, name, value):
    assert message(collection, (name, value)) == f"The value is not valid for {name[0].upper()}{name[1:]}."


@pytest.mark.parametrize(
    ("collection", "name", "value", "sought"),
    [
        ("students", "birthDate", "2010-05-07T00:00:00Z", "2010-05-07"),
        ("students", "birthDate", "2010-05-07T17:30:00.000000Z", "2010-05-07"),
        ("students", "birthDate", "5/7/2010", "2010-05-07"),
        ("studentAssessments", "administrationDate", "2026-09-28", "2026-09-28T00:00:00Z"),
        ("studentAssessments", "administrationDate", "2026-09-28T10:00:00", "2026-09-28T10:00:00Z"),
        ("studentAssessments", "administrationDate", "2026-09-28T10:00:00-05:00", "2026-09-28T10:00:00-05:00"),
        ("students", "multipleBirthStatus", "1", "true"),
        ("students", "multipleBirthStatus", "FALSE", "false"),
        ("schools", "schoolId", " 0101 ", "101"),
    ],
)
def test_a_value_is_sought_as_the_standard_writes_it(collection, name, value, sought):
    assert asked(collection, (name, value)).query.filter == Condition(name, "=", sought, name)


@pytest.mark.parametrize(
    ("arguments", "limit"),
    [
        ([("pageSize", "5"), ("limit", "7")], 7),
        ([("pageSize", "5"), ("limit", "7"), ("offset", "3")], 7),
        ([("pageToken", "x"), ("pageSize", "5"), ("limit", "7")], 5),
    ],
)
def test_the_size_of_a_page_under_both_names_is_that_of_the_paging_in_use(arguments, limit):
    assert asked("students", *arguments).query.limit == limit


@pytest.mark.parametrize("more", [[("limit", "501"), ("pageSize", "5")], [("limit", "5"), ("pageSize", "501")]])
def test_neither_size_of_a_page_may_be_out_of_range(more):
    assert "between 0 and 500" in message("students", *more)


def test_identification_codes_are_asked_for_by_one_item():
    system = "uri://ed-fi.org/StaffIdentificationSystemDescriptor#State"
    found = asked("staffs", ("IDENTIFICATIONCODE", "7"), ("staffIdentificationSystemDescriptor", system))
    members = (("identificationCode", "7"), ("staffIdentificationSystemDescriptor", system))
    assert found.query.filter == Item("identificationCodes", members)
    assert found.query.shape == (
        "(identificationCodes.identificationCode = AND identificationCodes.staffIdentificationSystemDescriptor =)"
    )
    known = names("studentEducationOrganizationAssociations")
    assert known["identificationcode"] == ("studentIdentificationCodes.identificationCode",)
    assert known["assigningorganizationidentificationcode"]
    assert names("objectiveAssessments")["identificationcode"] == ("identificationCode",)
    assert "identificationcode" not in names("students")


@pytest.mark.parametrize(
    ("collection", "hidden"),
    [("assessments", "edfi.assessments.identificationCodes"), ("staffs", "staff.identificationCodes.code")],
)
def test_a_hidden_identification_code_is_an_unknown_parameter(collection, hidden):
    told = message(collection, ("identificationCode", "7"), hidden=(hidden,))
    assert told.startswith("'identificationCode' is not a field of this resource")


def test_a_parameter_given_twice_in_any_case_is_refused():
    assert message("students", ("firstName", "A"), ("FIRSTNAME", "B")) == "The parameter FIRSTNAME is given twice."


def test_one_item_takes_no_parameters():
    assert read_one(view("students"), []).limit == 1
    with pytest.raises(UnknownName):
        read_one(view("students"), [("fields", "id")])


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=4))
def test_whatever_is_asked_is_read_or_refused(arguments):
    try:
        assert read(view("students"), arguments).query.limit <= 500
    except (MalformedQuery, UnknownName) as error:
        status, body = problem(error, None)
        assert status == 400
        assert body["type"] == "urn:ed-fi:api:bad-request:parameter-validation-failed"
