import hashlib
from collections import Counter, defaultdict
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings

from gateway.demo.data import first_day, generate, last_day, school_year_of
from gateway.demo.data.people.names import HOSTILE
from gateway.demo.data.records import GRADES
from gateway.demo.data.schools.terms import school_days
from tests.gateway.demo.data.districts import TODAY, districts, small

LAWS = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
DIGEST = "c1466e624eba8eb174343e00a596811b2b12e735652cc7707e35ae86dcf3054a"


def digest(district):
    return hashlib.sha256(repr(district).encode()).hexdigest()


def ids(records):
    found = [one.id for one in records]
    assert len(found) == len(set(found))
    return set(found)


def test_a_seed_gives_the_same_district_on_every_machine_and_python():
    assert digest(small()) == DIGEST


def test_another_seed_gives_another_district():
    assert digest(small(seed=2)) != digest(small())


def test_two_districts_of_one_seed_share_no_student_id():
    state_ids = [{one.state_id for one in small(name).students} for name in ("maple", "cedar")]
    assert not state_ids[0] & state_ids[1]


@LAWS
@given(districts())
def test_every_reference_resolves_and_every_id_is_unique(district):
    organizations, sessions, courses = ids(district.organizations), ids(district.sessions), ids(district.courses)
    sections, households, students = ids(district.sections), ids(district.households), ids(district.students)
    guardians, staff, items = ids(district.guardians), ids(district.staff), ids(district.line_items)
    categories, schools = ids(district.categories), {one.id for one in district.schools}
    ids(district.results)
    ids(district.resources)
    references = [
        ({one.parent for one in district.organizations[1:]}, organizations),
        ({one.parent for one in district.sessions if one.parent}, sessions),
        ({one.course for one in district.sections}, courses),
        ({one.school for one in district.sections}, schools),
        ({term for one in district.sections for term in one.terms}, sessions),
        ({one.household for one in (*district.students, *district.guardians)}, households),
        ({one.school for one in district.students}, schools),
        ({one.student for one in (*district.guardianships, *district.enrollments, *district.placements)}, students),
        ({one.student for one in (*district.absences, *district.participations, *district.results)}, students),
        ({one.guardian for one in district.guardianships}, guardians),
        ({one.staff for one in (*district.assignments, *district.teachings)}, staff),
        ({one.organization for one in district.assignments}, organizations),
        ({one.school for one in (*district.enrollments, *district.absences)}, schools),
        ({one.section for one in (*district.placements, *district.teachings, *district.line_items)}, sections),
        ({one.session for one in (*district.absences, *district.line_items)}, sessions),
        ({one.category for one in district.line_items}, categories),
        ({one.line_item for one in district.results}, items),
        ({one.course for one in district.resources}, courses),
    ]
    assert [wanted - known for wanted, known in references if wanted - known] == []
    assert len({one.state_id for one in district.students}) == len(district.students)


@LAWS
@given(districts())
def test_natural_keys_are_unique(district):
    for keys in (
        [(one.student, one.guardian) for one in district.guardianships],
        [(one.student, one.school, one.entry) for one in district.enrollments],
        [(one.student, one.section) for one in district.placements],
        [(one.staff, one.section) for one in district.teachings],
        [(one.staff, one.organization) for one in district.assignments],
        [(one.student, one.school, one.day) for one in district.absences],
        [(one.student, one.program) for one in district.participations],
    ):
        assert len(keys) == len(set(keys))


@LAWS
@given(districts())
def test_children_are_as_old_as_their_grade(district):
    for student in district.students:
        expected = GRADES.index(student.grade) + 4
        autumn = date(district.school_year - 1, 8, 31)
        birthday_to_come = (student.birth_date.month, student.birth_date.day) > (8, 31)
        age = autumn.year - student.birth_date.year - birthday_to_come
        assert age in (expected, expected + 1)


@LAWS
@given(districts())
def test_everybody_is_enrolled_by_today_in_a_school_that_teaches_their_grade(district):
    schools = {one.id: one for one in district.schools}
    students = {one.id: one for one in district.students}
    enrolled = defaultdict(list)
    for one in district.enrollments:
        assert first_day(district.school_year) <= one.entry <= district.today
        assert one.exit is None or one.entry < one.exit <= district.today
        assert bool(one.exit) == bool(one.exit_reason)
        if one.full_time:
            assert one.grade in schools[one.school].grades
        enrolled[one.student].append(one)
    assert enrolled.keys() == students.keys()
    for student, memberships in enrolled.items():
        assert students[student].school in {one.school for one in memberships}
        assert sum(one.primary and one.exit is None for one in memberships) <= 1


@LAWS
@given(districts())
def test_seats_are_where_and_when_their_student_is_enrolled(district):
    sections = {one.id: one for one in district.sections}
    memberships = {(one.student, one.school): one for one in district.enrollments}
    for seat in district.placements:
        section = sections[seat.section]
        member = memberships[seat.student, section.school]
        assert max(section.begin, member.entry) == seat.begin <= seat.end <= section.end
        assert member.exit is None or seat.end <= member.exit


@LAWS
@given(districts())
def test_nobody_is_in_two_rooms_at_once(district):
    sections = {one.id: one for one in district.sections}
    meetings = Counter()
    for kind, who, where in (
        *(("student", one.student, one.section) for one in district.placements),
        *(("teacher", one.staff, one.section) for one in district.teachings if one.lead),
    ):
        section = sections[where]
        if section.terms[0].startswith("s"):
            meetings.update((kind, who, section.school, term, section.periods) for term in section.terms)
    assert [meeting for meeting, count in meetings.items() if count > 1] == []


@LAWS
@given(districts())
def test_those_who_live_with_a_child_share_its_home(district):
    homes = {one.id: one.household for one in (*district.students, *district.guardians)}
    for tie in district.guardianships:
        assert (homes[tie.student] == homes[tie.guardian]) == tie.lives_with
    assert {tie.student for tie in district.guardianships if tie.legal} == {one.id for one in district.students}


@LAWS
@given(districts())
def test_the_spotlight_is_steady_and_has_parents_at_two_addresses(district):
    star, homes = district.spotlight, {one.id: one.household for one in district.guardians}
    assert star.grade in ("03", "04", "05")
    assert star.school == district.spotlight_schools[0]
    mine = [one for one in district.enrollments if one.student == star.id]
    assert [(one.entry, one.exit) for one in mine] == [(first_day(district.school_year), None)]
    parents = [tie.guardian for tie in district.guardianships if tie.student == star.id and tie.kind == "parent"]
    assert len({homes[parent] for parent in parents}) == 2


def test_families_schedules_and_staff_have_their_exceptions():
    district = small(students=3000)
    guardians = Counter(tie.student for tie in district.guardianships)
    kinds = Counter(tie.kind for tie in district.guardianships)
    posts = Counter(one.staff for one in district.assignments)
    schools = Counter(one.student for one in district.enrollments if one.exit is None)
    assert {1, 2, 3} <= set(guardians.values())
    assert set(kinds) == {"parent", "guardian", "relative"}
    assert 2 in posts.values()
    assert 2 in schools.values()
    assert {one.exit_reason for one in district.enrollments} >= {"", "transferred", "withdrawn"}
    assert any(one.entry > first_day(2026) and one.entry_reason == "new" for one in district.enrollments)
    assert len(district.households) < len(district.guardians)
    assert {one.kind for one in district.sections} == {"homeroom", "scheduled"}
    assert {one.role for one in district.assignments} >= {"teacher", "principal", "counselor", "aide", "office"}
    assert {tie.relation for tie in district.guardianships} >= {"Mother", "Father", "Grandmother", "Foster parent"}


def test_some_names_are_legal_and_hostile():
    names = {one.name.family for one in small().students}
    assert {family for _, _, family, _, _ in HOSTILE} <= names


def test_twelve_thousand_students_have_a_hundred_thousand_seats():
    district = small(students=12_000)
    assert len(district.students) == 12_000
    assert len(district.placements) == pytest.approx(100_000, rel=0.02)
    grades = Counter(one.grade for one in district.students)
    assert all(700 < grades[grade] < 1_100 for grade in GRADES[1:])


@pytest.mark.slow
def test_a_district_may_have_a_hundred_thousand_students():
    assert len(small(students=100_000).students) == 100_000


def test_the_number_of_schools_can_be_chosen():
    district = generate("cedar", seed=4, students=200, schools=9, school_year=2026, today=TODAY)
    assert Counter(one.level for one in district.schools) == {"elementary": 7, "middle": 1, "high": 1}
    assert len({one.name for one in district.schools}) == 9


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Maple!"},
        {"students": 0},
        {"students": 100_001},
        {"schools": 2},
        {"today": date(2025, 8, 1)},
    ],
    ids=str,
)
def test_a_district_that_cannot_be_is_refused(wrong):
    facts = {"name": "maple", "seed": 1, "students": 10, "school_year": 2026, "today": TODAY} | wrong
    with pytest.raises(ValueError, match=r"district|begins|word"):
        generate(facts.pop("name"), **facts)


@pytest.mark.parametrize("year", range(2020, 2041))
def test_a_school_year_has_the_usual_number_of_days(year):
    days = school_days(year)
    assert (days[0], days[-1]) == (first_day(year), last_day(year))
    assert 175 <= len(days) <= 190
    assert all(day.weekday() < 5 for day in days)
    assert school_year_of(days[0]) == school_year_of(days[-1]) == year
