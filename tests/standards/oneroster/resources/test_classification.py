"""The words that decide who or what a record is: all that the standard lists, in any case, and no others."""

from __future__ import annotations

import pytest

from standards import vocabulary
from standards.oneroster.api import model
from standards.oneroster.csv import specification
from standards.oneroster.resources.classification import (
    CLASS_ENTITIES,
    PERSON_OF,
    STATUS,
    class_entity,
    gone,
    person_of,
    words,
)

PLACES = [
    ("user", "role"),
    ("role", "role"),
    ("role", "roleType"),
    ("enrollment", "role"),
    ("org", "type"),
    ("academicSession", "type"),
    ("class", "classType"),
    ("user", "status"),
]
STRANGERS = [
    "", " ", "pupil", "étudiant", "ｓｔｕｄｅｎｔ", "ſtudent", "null", "None", "5", "student,teacher", "stu dent", "stu\0dent",
    "stu\N{NO-BREAK SPACE}dent", "\N{ZERO WIDTH SPACE}student", "students", "ext:", "EXT:coach", "ext:a b", "deleted",
    "aĸtive", "\N{KELVIN SIGN}", "active" + "x" * 300,
]  # fmt: skip


@pytest.mark.parametrize("version", model.VERSIONS)
@pytest.mark.parametrize(("class_name", "member"), PLACES)
def test_every_word_that_a_version_lists_is_known_in_both_in_any_case(version, class_name, member):
    listed = [
        word
        for edition in model.VERSIONS
        if (known := model.classes(edition).get(class_name, {}).get(member))
        for word in (*known.values, *known.legacy_values)
    ]
    closed = words(version, class_name, member)
    assert listed
    for word in listed:
        spelt = (word, word.upper(), word.title(), f" {word}\t", f"{word} ", f"{word}\N{NO-BREAK SPACE}")
        assert {closed.find(one) for one in spelt} == {word}


def test_the_roles_of_the_second_version_have_a_word_for_an_administrator_of_the_first():
    assert words("1.2", "role", "role").find("Administrator") == "siteAdministrator"
    assert words("1.1", "user", "role").find("Administrator") == "administrator"


@pytest.mark.parametrize("version", model.VERSIONS)
@pytest.mark.parametrize(("class_name", "member"), PLACES)
@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_word_that_no_list_has_is_none(version, class_name, member, stranger):
    assert words(version, class_name, member).find(stranger) is None


def test_only_the_second_version_extends_lists_and_no_version_extends_all():
    for class_name, member in PLACES:
        assert words("1.1", class_name, member).find("ext:coach") is None
        open_list = member not in {"roleType", "status"}
        assert words("1.2", class_name, member).find("ext:coach") == ("ext:coach" if open_list else None)


def test_every_role_of_either_version_says_what_a_person_is():
    listed = {*model.classes("1.1")["user"]["role"].values, *model.classes("1.2")["role"]["role"].values}
    assert listed == PERSON_OF.keys()
    assert set(PERSON_OF.values()) == set(vocabulary.PERSONS)


@pytest.mark.parametrize(
    ("roles", "kind"),
    [
        (["teacher", "student"], "student"),
        (["guardian", "student"], "student"),
        (["ext:coach", "student"], "student"),
        (["guardian", "aide"], "staff"),
        (["proctor"], "staff"),
        (["relative", "ext:coach"], "contact"),
        (["ext:coach"], None),
        ([], None),
        ([""], None),
        (["Student"], None),
    ],
)
def test_of_several_roles_that_which_is_released_least_decides(roles, kind):
    assert person_of(roles) == kind


def test_only_students_are_placed_in_a_class_and_only_staff_teach_it():
    roles = {*words("1.2", "enrollment", "role").known.values(), "ext:coach"}
    found = {(kind, role): class_entity(kind, role) for kind in vocabulary.PERSONS for role in roles}
    assert [one for one, entity in found.items() if entity == "placement"] == [("student", "student")]
    assert [one for one, entity in found.items() if entity == "teaching"] == [("staff", "teacher")]
    assert set(found.values()) == set(CLASS_ENTITIES) <= vocabulary.entities().keys()
    assert all(entity == f"{kind}Involvement" for (kind, _), entity in found.items() if entity.endswith("Involvement"))
    assert class_entity("", "student") == ""


@pytest.mark.parametrize("word", ["tobedeleted", "ToBeDeleted", " TOBEDELETED ", "inactive", "Inactive"])
def test_a_record_that_the_source_takes_back_is_gone_however_it_says_so(word):
    assert gone(word)
    assert not gone("Active")
    assert STATUS.find("archived") is None


@pytest.mark.parametrize("version", model.VERSIONS)
def test_the_columns_of_files_are_read_by_these_lists(version):
    closed = {
        f"{name}:{column.name}"
        for name, file in specification.files(version).items()
        for column in file.columns.values()
        if column.closed
    }
    own = {"users.csv:role"} if version == "1.1" else {"roles.csv:role", "roles.csv:roleType"}
    assert closed == own | {
        "orgs.csv:type", "academicSessions.csv:type", "classes.csv:classType", "enrollments.csv:role",
        *(f"{name}:status" for name in specification.files(version)),
    }  # fmt: skip
