"""Who is in a population: all selectors hold on one enrollment, and what is missing is outside."""

from __future__ import annotations

import pytest

from policies.population import ACTIVE, UNNAMED, Population
from policies.testing.reference_visibility import ReferenceVisibility, visible
from tests.policies import documents

ENROLLED = {"key": ("e",), "student": ("s1",), "school": ("101",), "grade": "03", "entry": "2026-09-01"}


def students(population: str, today: str = documents.TODAY, **enrollment: object) -> set[str]:
    """The visible children of a district in which s1 has just the one *enrollment*, s2 none."""
    records = documents.district()
    row = {name: value for name, value in (ENROLLED | enrollment).items() if value is not None}
    records["enrollment"] = [
        row,
        {**ENROLLED, "key": ("other",), "student": ("s1",), "school": ("103",), "grade": "05", "entry": "2020-01-01"},
    ]
    grant = documents.grant("student.id allow", population)
    return {key[0] for key in visible(records, grant, today)["student"]} & {"s1", "s2"}


BOTH = '{all: [{school: {in: ["101"]}}, {grade: {in: ["03", "05"]}}, {enrollment: active}]}'


@pytest.mark.parametrize(
    ("enrollment", "today", "inside"),
    [
        ({}, "2026-10-01", True),
        ({}, "2026-09-01", True),
        ({}, "2026-08-31", False),
        ({"exit": "2026-09-30"}, "2026-10-01", False),
        ({"exit": "2026-10-01"}, "2026-10-01", True),
        ({"exit": "2026-10-02"}, "2026-10-01", True),
        ({"entry": None, "derivedEntry": "2026-09-01"}, "2026-10-01", True),
        ({"entry": "2026-12-01", "derivedEntry": "2026-09-01"}, "2026-10-01", False),
        ({"entry": None}, "2026-10-01", False),
        ({"grade": None}, "2026-10-01", False),
        ({"grade": "04"}, "2026-10-01", False),
        ({"school": None}, "2026-10-01", False),
        ({"school": ("102",)}, "2026-10-01", False),
        ({"school": ("103",), "grade": "03"}, "2026-10-01", False),
    ],
)
def test_all_selectors_hold_on_one_enrollment(enrollment, today, inside):
    assert students(BOTH, today, **enrollment) == ({"s1"} if inside else set())


def test_without_active_a_past_enrollment_counts():
    population = '{all: [{school: {in: ["101"]}}]}'
    assert students(population, exit="2026-09-02") == {"s1"}
    assert students(population.replace("]}}]", "]}}, {enrollment: active}]"), exit="2026-09-02") == set()


def test_without_a_population_everyone_is_in():
    assert students("") == students("{all: []}") == {"s1", "s2"}
    assert Population().rows() == {}


def test_a_school_is_named_by_its_identifier_or_its_key():
    records = documents.district()
    for row in records["organization"]:
        row["identifier"] = f"id-{row['identifier']}"
    by_key, by_identifier = (
        documents.grant("student.id allow", f'{{all: [{{school: {{in: ["{name}"]}}}}]}}') for name in ("101", "id-101")
    )
    seen = [visible(records, grant, documents.TODAY) for grant in (by_key, by_identifier)]
    assert seen[0] == seen[1]
    assert seen[0]["student"] == {("s1",), ("s2",), ("s3",)}
    assert seen[0]["organization"] == {("1",), ("101",)}


@pytest.mark.parametrize("kind", [{}, {"kind": "ext:campus"}, {"kind": "School"}, {"kind": "uri://local/Kind#magnet"}])
def test_an_organization_of_unknown_kind_is_outside_a_population_by_school(kind):
    records = documents.district()
    records["organization"].append({"key": ("9",), "identifier": "9", **kind})
    grant = documents.grant("organization.id allow", '{all: [{school: {in: ["101"]}}]}')
    assert ("9",) not in visible(records, grant, documents.TODAY)["organization"]
    named = documents.grant("organization.id allow", '{all: [{school: {in: ["9"]}}]}')
    assert ("9",) in visible(records, named, documents.TODAY)["organization"]


@pytest.mark.parametrize("kind", ["district", "state", "local", "national", "department", "serviceCenter", "network"])
def test_what_is_above_schools_is_inside_every_population(kind):
    records = documents.district()
    records["organization"].append({"key": ("9",), "identifier": "9", "kind": kind})
    grant = documents.grant("organization.id allow", '{all: [{school: {in: ["101"]}}]}')
    assert ("9",) in visible(records, grant, documents.TODAY)["organization"]


def test_staff_are_seen_through_their_sections_or_their_employment():
    records = documents.district()
    records["employment"] = [{"key": ("x",), "staff": ("t103",), "organization": ("101",)}]
    grant = documents.grant("staff.id allow", '{all: [{school: {in: ["101"]}}]}')
    assert visible(records, grant, documents.TODAY)["staff"] == {("t101",), ("t103",)}


def test_a_contact_is_seen_through_a_visible_child_only():
    records = documents.district()
    grant = documents.grant("contact.id allow", '{all: [{grade: {in: ["03"]}}]}')
    assert visible(records, grant, documents.TODAY)["contact"] == {("cs1",), ("cs2",)}
    records["contact"].append({"key": ("lonely",)})
    assert ("lonely",) not in visible(records, grant, documents.TODAY)["contact"]
    assert ("lonely",) in visible(records, documents.grant("contact.id allow"), documents.TODAY)["contact"]


@pytest.mark.parametrize(
    ("row", "seen"),
    [
        ({"student": ("s1",), "section": ("ELA", "101", "1")}, True),
        ({"student": ("gone",), "section": ("ELA", "101", "1")}, False),
        ({"student": ("s1",), "section": ("gone",)}, False),
        ({"section": ("ELA", "101", "1")}, False),
        ({"student": ("s1",)}, True),
    ],
)
def test_a_row_exists_only_with_what_it_belongs_to(row, seen):
    records = documents.district()
    records["placement"] = [{"key": ("p",), **row}]
    assert bool(visible(records, documents.grant("placement.id allow"), documents.TODAY)["placement"]) == seen


def test_a_lenient_owner_may_be_missing_only_where_nothing_restricts_it():
    event = {
        "key": ("a",),
        "studentReference.studentUniqueId": ("s1",),
        "schoolReference@": ("elsewhere",),
        "sessionReference@": ("fall", "101"),
    }
    records = documents.district() | {"edfi.studentSchoolAttendanceEvents": [event]}
    free = documents.grant("edfi.studentSchoolAttendanceEvents allow")
    bound = documents.grant("edfi.studentSchoolAttendanceEvents allow", '{all: [{school: {in: ["101"]}}]}')
    assert free.unrestricted("organization")
    assert not bound.unrestricted("organization")
    assert ReferenceVisibility(records, free, documents.TODAY).visible("edfi.studentSchoolAttendanceEvents")
    assert not ReferenceVisibility(records, bound, documents.TODAY).visible("edfi.studentSchoolAttendanceEvents")


@pytest.mark.parametrize("population", ["", '{all: [{grade: {in: ["03"]}}]}'])
@pytest.mark.parametrize(("student", "shown"), [(("s1",), True), (("gone",), False), (None, True)])
def test_a_row_that_need_not_name_a_student_is_hidden_only_by_one_nobody_sees(population, student, shown):
    entity, owner = "edfi.surveyResponses", "studentReference.studentUniqueId"
    response = {"key": ("r",)} | ({owner: student} if student else {})
    grant = documents.grant(f"{entity} allow", population)
    assert bool(visible(documents.district() | {entity: [response]}, grant, documents.TODAY)[entity]) == shown


def test_a_population_is_said_in_plain_words():
    names = {"101": "Maple Elementary", "102": "Cedar Elementary"}
    assert Population(("101", "102"), ("03", "04", "05"), active=True).words(names) == (
        "students enrolled today at Maple Elementary or Cedar Elementary in grades 03, 04, 05"
    )
    assert Population(("7",), ("KG",)).words() == "students enrolled at any time at school 7 in grade KG"
    assert Population(None, None, active=True).words() == "students enrolled today"
    assert Population(("1", "2", "3")).words() == "students enrolled at any time at school 1, school 2 or school 3"
    assert Population().words() == "everyone in the district"


def test_an_empty_choice_selects_nobody():
    ruled = Population(schools=()).rows().keys() - set(UNNAMED)
    assert ruled == {"student", "contact", "enrollment", "organization", "staff"}
    assert ACTIVE.begin == ("entry", "derivedEntry")
