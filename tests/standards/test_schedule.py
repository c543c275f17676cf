"""The schedule of data: every fact that can be released has its category, and no word of the table is unknown."""

from __future__ import annotations

import pytest

from policies import elements
from standards import schedule, vocabulary

DICTIONARY = elements.dictionary()
NATIVE = ("edfi.", "oneroster.")
# The categories of the national data privacy agreement's schedule of data.
KNOWN = {
    "application-technology", "application-use", "assessment", "attendance", "communications", "conduct", "demographics",
    "enrollment", "parent-contact", "parent-id", "parent-name", "schedule", "special-indicator", "student-contact",
    "student-identifiers", "student-name", "in-app-performance", "program-membership", "survey-responses",
    "student-work", "transcript", "transportation", "other",
}  # fmt: skip


def test_the_categories_are_those_that_districts_know():
    assert set(schedule.categories()) == KNOWN


def test_every_fact_of_the_vocabulary_has_a_category():
    fields = [field for entity in vocabulary.entities().values() for field in entity.fields.values()]
    assert [field.release for field in fields if field.schedule not in KNOWN] == []


def test_every_native_fact_is_in_the_table():
    native = [name for name in DICTIONARY if name.startswith(NATIVE)]
    assert len(native) > 3000
    assert [name for name in native if schedule.listed(name) not in KNOWN] == []


def test_every_releasable_name_has_a_category_and_a_row():
    for name in DICTIONARY:
        category = schedule.categories()[schedule.category(name)]
        assert schedule.element(name).name in category.elements


def test_one_fact_by_whatever_field_has_one_category():
    found: dict[str, set[str]] = {}
    for entity in vocabulary.entities().values():
        for field in entity.fields.values():
            found.setdefault(field.release, set()).add(field.schedule)
    assert {name: some for name, some in found.items() if len(some) > 1} == {}


@pytest.mark.parametrize("category", schedule.categories().values(), ids=lambda one: one.name)
def test_a_row_names_facts_that_there_are_and_that_are_of_its_category(category):
    for row in category.elements.values():
        for fact in row.facts:
            named = [name for name in DICTIONARY if schedule.names(row, name) and (name == fact or fact.endswith("*"))]
            assert named, fact
            assert not DICTIONARY[named[0]].container, fact
            assert {schedule.category(name) for name in named} == {category.name}, fact


def test_no_fact_is_in_two_rows():
    named = [fact for one in schedule.categories().values() for row in one.elements.values() for fact in row.facts]
    assert sorted(named) == sorted(set(named))


def test_no_two_rows_of_a_category_and_no_two_categories_are_spelt_alike():
    for spelt in (
        [one.spellings for one in schedule.categories().values()],
        *([row.spellings for row in one.elements.values()] for one in schedule.categories().values()),
    ):
        letters = [letters for spellings in spelt for letters in set(map(schedule.letters, spellings))]
        assert sorted(letters) == sorted(set(letters))


@pytest.mark.parametrize(
    ("name", "category", "row"),
    [
        ("student.birthDate", "demographics", "birth-date"),
        ("student.name.given", "student-name", "name"),
        ("student.name.middle", "student-name", "other"),
        ("student.address.street", "student-contact", "address"),
        ("contact.phone", "parent-contact", "phone"),
        ("contact.birthDate", "other", "other"),
        ("staff.name.family", "schedule", "teachers"),
        ("attendance.section", "attendance", "class"),
        ("attendance.school.schoolId", "attendance", "daily"),
        ("edfi.studentSpecialEducationProgramAssociations.ideaEligibility", "special-indicator", "special-education"),
        ("edfi.studentEducationOrganizationAssociations.languages", "demographics", "language"),
        ("edfi.studentEducationOrganizationAssociations.internetAccessInResidence", "student-contact", "other"),
        ("edfi.termDescriptors.id", "other", "other"),
        ("oneroster.users.metadata.bus", "student-identifiers", "other"),
        ("edfi.tpdm.candidates.personReference", "other", "other"),
    ],
)
def test_a_fact_is_found_in_its_row(name, category, row):
    assert schedule.category(name) == category
    assert schedule.element(name).name == row


def test_a_name_that_there_is_not_has_no_category():
    with pytest.raises(LookupError):
        schedule.category("student.shoeSize")
