"""A privacy officer reads what a new version changes, and both parties sign what widens it."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from policies import canonical, compiler, elements
from policies.population import Population
from policies.reasoning.diff import MAX_LINES_OF_ONE_KIND, diff
from policies.reasoning.differences import DENY, action_of, facts, within
from policies.records.windows import DateWindow
from policies.transforms import ACTIONS, below
from tests.policies import documents
from tests.policies.reasoning.written import USUAL, differences, load

HERE = "{all: [{school: {in: ['101']}}, {grade: {in: ['07']}}, {enrollment: active}]}"
WIDER = USUAL.replace("birthDate year", "birthDate allow") + "healthRecord.exemption allow\nhealthRecord.id allow\n"
GOLDEN = """\
reading version 1 -> reading version 2
This widens the agreement in 6 respects.

Students
  + students enrolled today at school 101 in grades 07, 08, was students enrolled today at school 101 in grade 07: \
everyone who was in it still is, and others may be (+ grade 08)

Facts
  + healthRecord.exemption leaves as it is, and did not (special): Why the family is excused from vaccinations.
  + healthRecord.id leaves as a pseudonym that means something only to this recipient, and did not (identifier): \
The number by which programs know this record.
  + student.birthDate leaves as it is, was as the first day of its year (demographic): The day the student was born.

Operations
  - search is gone

Validity
  + the last day: 2028-08-31, was 2027-08-31

Resources
  + Ed-Fi studentHealths opens

New recipients of sensitive facts
  ! reading-partners-prod of reading-partners: healthRecord.exemption"""


def test_the_difference_is_told_in_the_words_of_a_privacy_officer():
    later = load(WIDER, HERE.replace("'07'", "'07', '08'"), version=2, end="2028-08-31", operations="[read]")
    assert "\n".join(diff(load(USUAL, HERE), later).lines()) == GOLDEN


def test_the_difference_as_json_has_its_published_shape():
    schema = json.loads(files("gateway.reasoning").joinpath("output.schema.json").read_text("utf-8"))
    found = diff(load(USUAL, HERE), load(WIDER, version=2)).document()
    Draft202012Validator({**schema, "$ref": "#/$defs/diff"}).validate(json.loads(json.dumps(found)))
    assert found["widens"]


def test_many_facts_that_change_alike_are_one_line():
    told = list(diff(load(), load("* allow")).lines())
    assert any(line.startswith("  + edfi: ") and "facts: each leaves as it is" in line for line in told)
    assert len(told) < 30 * MAX_LINES_OF_ONE_KIND


@pytest.mark.parametrize(
    ("before", "after", "name", "direction"),
    [
        ("student.email deny", "student.email allow", "student.email", "wider"),
        ("student.birthDate month", "student.birthDate year", "student.birthDate", "narrower"),
        ("student.phone allow", "student.phone deny", "student.phone", "narrower"),
        ("student.phone last4", "student.phone hash", "student.phone", "both"),
        ("oneroster.users.metadata.* allow", "oneroster.users.metadata.* allow\noneroster.users.metadata.bus deny",
         "oneroster.users.metadata.bus", "narrower"),
        ("student.id allow", "student.id allow\noneroster.users.metadata.bus allow", "oneroster.users.metadata.bus", "wider"),
    ],
)  # fmt: skip
def test_a_fact_moves_up_or_down_the_lattice_or_across_it(before, after, name, direction):
    assert differences(load(f"student.name.given allow\n{before}"), load(f"student.name.given allow\n{after}"))[
        "fact", name
    ] == direction  # fmt: skip


def test_a_member_of_the_free_metadata_does_not_count_as_all_of_it():
    found = differences(load("student.id allow"), load("student.id allow\noneroster.users.metadata.bus allow"))
    assert ("fact", "oneroster.users.metadata") not in found


def test_a_denial_that_goes_widens_what_another_agreement_may_release():
    assert differences(load(USUAL + "student.email deny\n"), load()) == {("denial", "student.email"): "wider"}
    assert differences(load(), load(USUAL + "student.email deny\n")) == {("denial", "student.email"): "narrower"}


@pytest.mark.parametrize(
    ("before", "after", "part", "direction"),
    [
        ("retention: {deleteWithin: P60D}", "retention: {deleteWithin: P90D}", "retention", "wider"),
        ("retention: {deleteWithin: P60D}", "retention: {deleteWithin: P2W}", "retention", "narrower"),
        ("retention: {deleteWithin: P60D}", "retention: {deleteWithin: P2M}", "retention", "both"),
        ("retention: {deleteWithin: P60D, certificate: required}", "retention: {deleteWithin: P60D}", "retention", "wider"),
        ("retention: {deleteWithin: P60D}", "retention: {deleteWithin: P60D, after: [expiry]}", "retention", "wider"),
        ("retention: {deleteWithin: P60D, after: [expiry]}", "retention: {deleteWithin: P60D, after: []}", "retention", "narrower"),
        ("", "retention: {deleteWithin: P60D}", "retention", "narrower"),
        ("redisclosure: prohibited", "redisclosure: {named: [Cloudy]}", "redisclosure", "wider"),
        ("redisclosure: {named: [Cloudy, Sunny]}", "redisclosure: {named: [Cloudy]}", "redisclosure", "narrower"),
        ("redisclosure: {named: [Cloudy]}", "redisclosure: {named: [Sunny]}", "redisclosure", "both"),
        ("redisclosure: prohibited", "", "redisclosure", "wider"),
        ("obligations: [no ads]", "", "obligation", "wider"),
        ("", "obligations: [no ads]", "obligation", "narrower"),
        ("directory: {optOut: honour}", "directory: {optOut: n/a}", "directory", "wider"),
    ],
)  # fmt: skip
def test_a_term_that_demands_less_widens(before, after, part, direction):
    first, later = (load(more=f"{text}\n" if text else "") for text in (before, after))
    assert {direction for (found, _), direction in differences(first, later).items() if found == part} == {direction}
    assert diff(first, later).widens is (direction != "narrower")


@pytest.mark.parametrize(
    ("change", "part", "direction"),
    [
        ({"begin": "2026-08-01"}, "validity", "wider"),
        ({"end": "2027-06-30"}, "validity", "narrower"),
        ({"purpose": "research"}, "basis", "both"),
        ({"district": "cedar"}, "party", "both"),
        ({"operations": "[read, search, bulk]"}, "operation", "wider"),
    ],
)
def test_dates_parties_and_operations_have_their_direction(change, part, direction):
    found = differences(load(), load(**change))
    assert {one for (name, _), one in found.items() if name == part} == {direction}


def test_another_client_is_a_new_recipient_of_all_that_is_sensitive():
    one = load(WIDER)
    other = load(WIDER)
    object.__setattr__(other, "clients", ("someone-else",))
    object.__setattr__(other, "text", other.text.replace("reading-partners-prod", "someone-else"))
    found = diff(one, other)
    assert [(each.client, each.facts) for each in found.recipients] == [("someone-else", ("healthRecord.exemption",))]
    assert {(each.name, each.direction) for each in found.differences if each.part == "client"} == {
        ("someone-else", "wider"), ("reading-partners-prod", "narrower"),
    }  # fmt: skip


def test_a_part_that_nobody_knows_how_to_compare_widens():
    one, other = load(), load()
    object.__setattr__(other, "text", other.text[:-1] + ',"weather":"sunny"}')
    assert differences(one, other) == {("weather", ""): "both"}


@pytest.mark.parametrize(
    ("was", "now", "direction"),
    [
        (DateWindow("2026-09-01"), None, "wider"),
        (None, DateWindow("2026-09-01"), "narrower"),
        (DateWindow("2026-09-01", "2026-12-31"), DateWindow("2026-10-01", "2027-01-31"), "both"),
    ],
)
def test_a_window_that_opens_further_widens(was, now, direction):
    grant = documents.grant("student.id allow\nattendance.* allow")
    name = "attendance.date"
    windows = [{} if one is None else {name: one} for one in (was, now)]
    first, later = (_with(grant, some) for some in windows)
    assert [(one.part, one.name, one.direction) for one in facts(first, later)] == [("window", name, direction)]


def _with(grant, windows):
    from dataclasses import replace

    return replace(grant, windows=windows)


SOME = st.one_of(st.none(), st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, unique=True).map(tuple))
POPULATIONS = st.builds(Population, SOME, SOME, st.booleans())
STUDENTS = [(school, grade, active) for school in "abcd" for grade in "abcd" for active in (True, False)]


def _holds(people: Population, student: tuple[str, str, bool]) -> bool:
    school, grade, active = student
    return (
        (people.schools is None or school in people.schools)
        and (people.grades is None or grade in people.grades)
        and (active or not people.active)
    )


@given(POPULATIONS, POPULATIONS)
def test_a_population_is_within_another_just_when_each_of_its_students_is(some, others):
    assert within(some, others) == all(_holds(others, one) for one in STUDENTS if _holds(some, one))


PATHS = (
    "student.id", "student.name", "student.name.given", "student.birthDate", "student.phone", "student.identifier", "student.*",
    "student.accounts", "enrollment", "enrollment.id", "enrollment.entry", "healthRecord", "oneroster.users.metadata.*",
    "oneroster.users.metadata.bus", "edfi.students.citizenshipStatusDescriptor", "contact.email", "organization",
)  # fmt: skip
MEMBERS = ("oneroster.users.metadata.bus", "oneroster.users.metadata.lunch")


@st.composite
def generated(draw):
    """An agreement of a few lines, each with an action that fits and none in conflict with another."""
    kept: list[elements.Line] = []
    paths = st.lists(st.sampled_from(PATHS), min_size=1, max_size=5, unique_by=lambda one: elements.Line(one, "").stem)
    for path in draw(paths):
        fit = [one for one in ACTIONS if _fits(path, one)]
        line = elements.Line(path, draw(st.sampled_from(fit)))
        if not any(elements.conflict([line, other]) for other in kept):
            kept.append(line)
    return load("\n".join(f"{line.path} {line.action}" for line in kept))


def _fits(path: str, action: str) -> bool:
    about = elements.under(elements.Line(path, "allow"))
    return not any(
        elements.misfit(action, one) for one in about if not (one.never or (one.container and len(about) > 1))
    )


@settings(max_examples=10)
@given(generated())
def test_an_agreement_does_not_differ_from_itself(one):
    assert diff(one, one).differences == ()
    assert list(diff(one, one).lines())[1:] == ["Nothing differs."]


@settings(max_examples=40)
@given(generated(), generated())
def test_a_fact_is_gained_just_where_the_compiled_grant_releases_more(before, after):
    was, now = (compiler.compile(one, documents.CLIENT) for one in (before, after))
    found = {one.name: one.direction for one in facts(was, now)}
    expanded = [canonical.expansion(one.lines) for one in (before, after)]
    for name in {*expanded[0], *expanded[1]} - _holders():
        first, then = (_expanded(one, some, name) for one, some in zip((was, now), expanded, strict=True))
        direction = found.get(name, "")
        assert (direction in {"wider", "both"}) == (first != then and not below(then, first)), (name, first, then)
        assert (direction in {"narrower", "both"}) == (first != then and not below(first, then)), (name, first, then)


def _holders() -> set[str]:
    return {name for name, one in elements.dictionary().items() if one.container}


def _expanded(grant: compiler.Grant, expansion: dict[str, str], name: str) -> str:
    """What happens to an element by the settled lines, or for a free member by the rule for its whole dictionary."""
    return expansion.get(name) or (action_of(grant, name) if name in MEMBERS else DENY)


def test_what_is_agreed_beyond_facts_is_told_without_the_keys_of_a_file():
    terms = "retention: {deleteWithin: P60D, after: [expiry], certificate: required}\nlimits: {smallCell: 10}\n"
    told = "\n".join(diff(load(USUAL, HERE, more=terms), load(USUAL, HERE, version=2)).lines())
    assert "deletion after expiry is gone" in told
    assert "the time until deletion: nothing agreed, was P60D" in told
    assert "the smallest total that is told: nothing agreed, was 10" in told
    assert not any(key in told for key in ("deleteWithin", "smallCell"))
