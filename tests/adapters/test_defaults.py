"""A district declares what its system does not say: only facts of the table, and only good values."""

from __future__ import annotations

import pytest

from adapters.contract import Notes
from adapters.defaults import OTHER_AGENCY, Defaults, load, unsaid
from standards.errors import SettingsError

AGENCY = "edfi.localEducationAgencies.localEducationAgencyCategoryDescriptor"


def completed(entity, record, declared=(), fields=None):
    notes = Notes()
    complete = Defaults(load(dict(declared))).completing(entity, fields, notes)
    if complete:
        complete(record)
    return record, notes.counts


def test_a_value_may_be_for_each_kind_and_a_name_in_nested_tables():
    declared = {"session": {"instructionalDays": {"term": 60, "semester": 90}}}
    assert load(declared) == {"session.instructionalDays": {"term": 60, "semester": 90}}
    assert completed("session", {"kind": "term"}, declared)[0] == {"kind": "term", "instructionalDays": 60}
    assert completed("session", {"kind": "gradingPeriod"}, declared)[0] == {"kind": "gradingPeriod"}


def test_what_is_stated_stays_and_what_is_put_in_is_counted():
    assert completed("course", {"edfi.courses.numberOfParts": 2}) == ({"edfi.courses.numberOfParts": 2}, {})
    assert completed("course", {}) == ({"edfi.courses.numberOfParts": 1}, {"default: edfi.courses.numberOfParts": 1})
    assert completed("course", {}, fields=frozenset({"title"})) == ({}, {})


def test_only_records_of_the_kind_are_completed():
    assert completed("organization", {"kind": "school"})[0] == {"kind": "school"}
    assert completed("organization", {"kind": "district"})[0] == {"kind": "district", AGENCY: OTHER_AGENCY}


def test_a_code_may_be_a_word_of_the_vocabulary_or_a_descriptor():
    for value in ("UG", "uri://ed-fi.org/GradeLevelDescriptor#Ungraded"):
        assert load({"enrollment.grade": value}) == {"enrollment.grade": "UG"}
    assert load({"assessment.subjects": ["Reading"]}) == {"assessment.subjects": ["Reading"]}


@pytest.mark.parametrize(
    ("declared", "name", "message"),
    [
        ({"student.birthDate": "2010-01-01"}, "student.birthDate", "cannot be declared"),
        ({"session.instructionalDay": 90}, "session.instructionalDay", "did you mean session.instructionalDays"),
        ({"session.instructionalDays": "ninety"}, "session.instructionalDays", "a whole number"),
        ({"session.instructionalDays": {"winter": 90}}, "session.instructionalDays", "'winter' is none of"),
        ({"enrollment.grade": "Ungradedd"}, "enrollment.grade", "none of the codes"),
        ({"enrollment.grade": {"term": "UG"}}, "enrollment.grade", "one value is wanted"),
        ({"assessment.subjects": "Reading"}, "assessment.subjects", "a list is wanted"),
        ({AGENCY: "Independent"}, AGENCY, "a descriptor is wanted"),
    ],
)
def test_anything_else_is_refused_with_its_name(declared, name, message):
    with pytest.raises(SettingsError, match=message) as refused:
        load(declared)
    assert refused.value.file == name


def test_what_no_such_system_states_is_known_until_it_is_declared():
    assert unsaid({}) == ["session.instructionalDays"]
    assert unsaid({"session.instructionalDays": 90}) == []
