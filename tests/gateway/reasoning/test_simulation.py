"""A simulation tells what an agreement would change in counts, and no number of fewer than ten students."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from jsonschema import Draft202012Validator

from gateway.cache.snapshot import build_snapshot
from gateway.reasoning.simulation import NOT_READ, NOT_THERE, Scene, simulate
from standards.keys import Keyring
from tests.policies import documents

KEYRING = Keyring(b"k" * 32)
LINES = "student.id pseudonym\nstudent.name.given allow\nstudent.birthDate year\norganization.name allow\n"


def scene(children: int = 40) -> Scene:
    """A district of one school: every second child is in grade 03, the others in 04."""
    records = [("organization", {"key": ("101",), "identifier": "101", "name": "Maple", "kind": "school"})]
    for number in range(children):
        key = (f"s{number}",)
        grade = "03" if number % 2 else "04"
        birth = f"2015-{number % 12 + 1:02}-10" if number % 4 else None
        names = {"name.given": f"Canary{number}", "birthDate": birth}
        records.append(("student", {"key": key, "uniqueId": key[0], "id": f"id-{number}", **names}))
        entry = {"grade": grade, "entry": "2026-09-01", "school": ("101",), "student": key}
        records.append(("enrollment", {"key": ("2026", *key), **entry}))
    entities = dict.fromkeys(["organization", "student", "enrollment", "profile"])
    snapshot = build_snapshot(records, "maple", KEYRING, entities=entities)
    return Scene(snapshot, KEYRING, documents.TODAY, frozenset({*entities, "attendance"}))


def grade(*grades: str) -> str:
    return f"{{all: [{{grade: {{in: {list(grades)}}}}}]}}"


def simulated(elements=LINES, population="", present=(), children=40, **changes):
    return simulate(documents.load(elements, population, **changes), present, scene(children))


def test_students_are_counted_now_and_then():
    before = documents.load(LINES, grade("03"))
    (change,) = simulated(LINES, present=[before], version=2).clients
    assert change.students.now == 20
    assert change.students.then == 40
    assert (change.students.gained, change.students.lost) == (20, 0)


def test_what_other_agreements_of_the_client_show_is_neither_gained_nor_lost():
    other = documents.load(LINES, id="other")
    (change,) = simulated(LINES, grade("03"), [other]).clients
    assert (change.students.now, change.students.gained, change.students.lost) == (40, 0, 0)


def test_a_client_that_the_new_version_leaves_out_loses_everybody():
    before = documents.load(LINES)
    object.__setattr__(before, "clients", ("left-out",))
    clients = {one.client: one.students for one in simulated(present=[before], version=2).clients}
    assert (clients["left-out"].now, clients["left-out"].then, clients["left-out"].lost) == (40, 0, 40)


def test_few_students_are_not_counted():
    found = simulated(LINES, children=9)
    (change,) = found.clients
    assert (change.students.then, change.students.gained) == (None, None)
    assert any("fewer than 10 students are in the population" in one for one in found.warnings)


def test_coverage_is_the_share_of_the_records_that_the_client_would_see():
    found = {
        one.element: one
        for one in simulated(LINES + "student.phone allow\nattendance.date allow\nincident.date allow").coverage
    }
    assert (found["student.birthDate"].records, found["student.birthDate"].share) == (30, 75)
    assert found["student.phone"].extent == "none"
    assert found["organization.name"].records == 1  # a school is no person
    assert found["attendance.date"].extent == NOT_READ
    assert found["incident.date"].extent == NOT_THERE


def test_who_lacks_a_fact_is_not_told_where_they_are_few():
    found = {one.element: one for one in simulated(LINES, children=36).coverage}
    assert (found["student.birthDate"].extent, found["student.birthDate"].records) == ("nearly all", None)


def test_facts_are_counted_by_class():
    before = documents.load("student.id pseudonym")
    classes = {one.name: (one.now, one.then) for one in simulated(present=[before], version=2).classes}
    assert classes["demographic"] == (0, 1)
    assert classes["identifier"] == (1, 1)


def test_a_client_that_would_first_receive_sensitive_facts_is_named():
    before = documents.load(LINES)
    later = simulated(LINES + "healthRecord.exemption allow", present=[before], version=2)
    assert [(one.client, one.facts) for one in later.recipients] == [(documents.CLIENT, ("healthRecord.exemption",))]
    known = documents.load(LINES + "healthRecord.exemption allow", id="other")
    assert simulated(LINES + "healthRecord.exemption allow", present=[before, known], version=2).recipients == ()


def test_students_who_look_like_nobody_else_are_counted():
    found = simulated("student.id pseudonym\nstudent.birthDate allow\nenrollment.grade allow\nenrollment.student allow")
    assert found.lookalikes.students == 30  # those without a birth date look alike in their grade
    assert found.lookalikes.smallest is None
    assert any("pseudonyms hide nobody" in one for one in found.warnings)
    alike = simulated("student.id pseudonym\nstudent.birthDate year")
    assert alike.lookalikes.students == 0
    assert not any("pseudonyms hide nobody" in one for one in alike.warnings)


def test_a_report_has_counts_and_neither_values_nor_ids():
    found = simulated(LINES + "student.phone allow", grade("03"), [documents.load(LINES)], version=2)
    text = "\n".join(found.lines()) + json.dumps(found.document())
    assert "Canary" not in text
    assert "id-1" not in text
    assert "2015" not in text


def test_the_report_as_json_has_its_published_shape():
    schema = json.loads(files("gateway.reasoning").joinpath("output.schema.json").read_text("utf-8"))
    Draft202012Validator({**schema, "$ref": "#/$defs/simulate"}).validate(
        json.loads(json.dumps(simulated().document()))
    )


@pytest.mark.parametrize("children", [0, 40])
def test_nobody_in_the_population_is_a_warning(children):
    found = simulated(LINES, grade("12") if children else "", children=children)
    assert "nobody in the district is in the population" in found.warnings
