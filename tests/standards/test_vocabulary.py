from __future__ import annotations

from dataclasses import replace

import pytest

from standards import vocabulary
from standards.vocabulary import Entity, Field

GOOD = Field("thing", "name", "text", "thing.name", about="The name.")
ID = Field("thing", "id", "id", "thing.id", about="The number.")
EVERY_FIELD = pytest.mark.parametrize(
    "field",
    [field for entity in vocabulary.entities().values() for field in entity.fields.values()],
    ids=lambda f: f"{f.entity}.{f.name}",
)
ENTITIES = [
    "organization",
    "session",
    "schoolSession",
    "calendarDay",
    "course",
    "offering",
    "section",
    "student",
    "profile",
    "staff",
    "contact",
    "guardianship",
    "enrollment",
    "placement",
    "teaching",
    "studentInvolvement",
    "staffInvolvement",
    "contactInvolvement",
    "employment",
    "program",
    "programParticipation",
    "attendance",
    "grade",
    "transcriptEntry",
    "academicRecord",
    "assessment",
    "assessmentResult",
    "incident",
    "action",
    "gradebookCategory",
    "lineItem",
    "result",
    "scoreScale",
    "resource",
    "healthRecord",
    "transportation",
]


def faults(*fields):
    return vocabulary.problems({"thing": Entity("thing", {field.name: field for field in fields})})


def test_the_vocabulary_has_no_fault():
    assert vocabulary.problems(vocabulary.entities()) == []


def test_the_vocabulary_has_the_entities_of_the_design():
    assert list(vocabulary.entities()) == ENTITIES


@EVERY_FIELD
def test_every_field_has_a_sentence_for_a_parent(field):
    assert field.about[0].isupper()
    assert field.about.endswith(".")
    assert not any(word in field.about for word in ("Ed-Fi", "OneRoster", "CEDS", "sourcedId", "descriptor"))


def test_every_entity_has_a_sentence_for_a_parent():
    assert all(entity.about.endswith(".") for entity in vocabulary.entities().values())


@pytest.mark.parametrize(
    ("field", "fault"),
    [
        (replace(GOOD, type="string"), "unknown type string"),
        (replace(GOOD, sensitivity="secret"), "unknown class secret"),
        (replace(GOOD, type="code", codes="colour"), "unknown code set colour"),
        (replace(GOOD, type="ref", to="nothing"), "unknown entity nothing"),
        (replace(GOOD, owner=True), "is an owner"),
        (replace(GOOD, type="group"), "group without fields"),
        (replace(GOOD, name="id.part"), "stands below id, which is no group"),
        (replace(GOOD, about=""), "says nothing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_fault_is_named(field, fault):
    (found,) = faults(ID, field)
    assert fault in found
    assert found.startswith("thing.")


def test_an_entity_needs_an_id():
    assert faults(GOOD) == ["thing has no id"]


def test_health_is_special_and_passwords_never_leave():
    health = vocabulary.entities()["healthRecord"].fields
    assert {health[name].sensitivity for name in ("exemption", "immunizations", "immunizations.dates")} == {"special"}
    assert {f.entity for e in vocabulary.entities().values() for f in e.fields.values() if f.sensitivity == "never"} == {
        "student", "staff", "contact",
    }  # fmt: skip


def test_what_is_recorded_about_events_is_never_held():
    held = {name for name, entity in vocabulary.entities().items() if entity.held}
    assert not held & {
        "attendance",
        "incident",
        "action",
        "healthRecord",
        "assessmentResult",
        "programParticipation",
        "transportation",
    }
    assert held >= {
        "organization",
        "session",
        "calendarDay",
        "course",
        "offering",
        "section",
        "student",
        "profile",
        "staff",
    }


def test_a_students_background_is_released_as_the_students_whoever_keeps_it():
    assert vocabulary.entities()["profile"].fields["sex"].release == "student.sex"
    assert vocabulary.entities()["profile"].fields["id"].release == "profile.id"
    assert vocabulary.entities()["student"].fields["uniqueId"].release == "student.id"


def test_every_name_to_release_by_leads_to_a_field():
    names = vocabulary.names()
    assert names["student.birthDate"].type == "date"
    assert {field.release for entity in vocabulary.entities().values() for field in entity.fields.values()} == set(
        names
    )


def test_facts_released_under_one_name_are_equally_sensitive():
    for entity in vocabulary.entities().values():
        for field in entity.fields.values():
            assert field.sensitivity == vocabulary.names()[field.release].sensitivity


def test_every_row_about_a_student_belongs_to_the_student():
    for entity in vocabulary.entities().values():
        for field in entity.fields.values():
            assert field.to != "student" or field.owner
