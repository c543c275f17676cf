"""A student is known by the ids of the system, the state's id, and name with birth date; any of them matches."""

from __future__ import annotations

from datetime import date

import pytest

from adapters import registry
from gateway.demo.data import generate, write_edfi_xml, write_oneroster_12
from gateway.registers.matching import StudentParts, Students, parts_of, read_students, state_ids
from gateway.registers.resolving import DIFFERENT, NO_TAGS, NOBODY, SEVERAL, resolve
from gateway.registers.stating import WrongPart
from gateway.registers.tags import ID, NAME, STATE_ID, spelt_name
from tests.gateway.registers.conftest import KEYS, tag

STATE = "uri://ed-fi.org/StudentIdentificationSystemDescriptor#State"
DISTRICT = "uri://ed-fi.org/StudentIdentificationSystemDescriptor#District"


@pytest.mark.parametrize(
    ("student", "codes", "expected"),
    [
        ({}, [{"system": DISTRICT, "code": "10"}, {"system": STATE, "code": "77"}], ("77",)),
        ({}, [{"system": DISTRICT, "code": "10"}], ("10",)),
        ({"identifiers": [{"type": "LDAP", "value": "x"}, {"type": "State ID", "value": "77"}]}, [], ("77",)),
        ({"identifier": "9", "masterIdentifier": "77"}, [], ("77", "9")),
        (
            {"identifiers": [{"type": "ssid", "value": "77"}], "masterIdentifier": "77 ", "identifier": "9"},
            [],
            ("77", "9"),
        ),
        ({"identifiers": [{"value": "1"}], "identifier": " "}, [], ()),
        ({}, [], ()),
    ],
)
def test_the_states_id_is_looked_for_where_the_dictionary_says(student, codes, expected):
    assert state_ids(student, codes) == expected


def test_a_name_without_a_birth_date_is_nobody():
    assert parts_of(("s",), {"name.family": "Peña", "name.given": "Joaquín"}).names == ()
    known = parts_of(("s",), {"name.family": "Peña", "name.given": "Joaquín", "birthDate": "2017-02-16"})
    assert known.names == (spelt_name("PENA", "joaquin", "2017-02-16"),)


@pytest.mark.parametrize("family", ["D'Angelo Jr.", "D'Angelo, JR", "d’angelo III", "DANGELO Sr", " D Angelo "])
def test_a_generation_after_the_family_name_does_not_make_another_name(family):
    assert spelt_name(family, "Seán", "2011-09-27") == spelt_name("D'Angelo", "Sean", "2011-09-27 ")


@pytest.mark.parametrize("family", ["Jr", "Iv", "Sriv"])
def test_a_family_name_that_looks_like_a_generation_stays(family):
    assert spelt_name(family, "Ann", "2011-09-27").startswith(family.casefold())


def test_an_id_of_a_record_and_its_key_are_both_ids_of_the_student():
    assert parts_of(("604822",), {"id": "0" * 32, "uniqueId": "604822"}).ids == ("604822", "0" * 32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made, place = (
        generate("maple", seed=3, students=30, school_year=2027, today=date(2026, 11, 2)),
        tmp_path_factory.mktemp("m"),
    )
    write_oneroster_12(made, place / "maple.zip")
    write_edfi_xml(made, place / "cedar")
    return place


def read(folder, adapter, source):
    opened = registry.find(adapter)("maple", {"source": str(folder / source)})
    return read_students(opened, "maple", KEYS, contacts=True)


def test_one_student_has_the_same_tags_in_both_standards(folder):
    roster, edfi = read(folder, "oneroster_csv", "maple.zip"), read(folder, "edfi_xml", "cedar")
    assert len(roster.found) == len(edfi.found) == 30
    names = {one.tags[NAME][0]: one for one in edfi.found}
    for one in roster.found:
        other = names[one.tags[NAME][0]]
        assert one.tags[STATE_ID][0] == other.tags[STATE_ID][0]
        assert one.birth_date == other.birth_date
    assert roster.contacts
    assert edfi.contacts


def test_every_student_is_found_by_the_tags_of_an_entry_of_ones_own(folder):
    for found in (read(folder, "oneroster_csv", "maple.zip"), read(folder, "edfi_xml", "cedar")):
        for row in range(len(found.found)):
            own = found.own_tags(row)
            assert own.keys() == {ID, STATE_ID, NAME}
            assert found.matching(own) == {row}


@pytest.fixture
def students():
    """Three students; the first two are twins but for their ids."""
    found = Students("maple", KEYS)
    twins = (spelt_name("Lee", "Ann", "2015-01-31"),)
    found.add(StudentParts(("s1",), ("71",), twins))
    found.add(StudentParts(("s2",), ("72",), twins))
    found.add(StudentParts(("s3",), ("73",), (spelt_name("Peña", "José", "2015-01-31"),)))
    return found


LEE = {"familyName": "Lee", "givenName": "Ann", "birthDate": "2015-01-31"}


@pytest.mark.parametrize(
    ("given", "row", "problem"),
    [
        ({"studentId": "s1"}, 0, ""),
        ({"studentId": " s3 "}, 2, ""),
        ({"stateId": "72"}, 1, ""),
        ({"studentId": "s2", **LEE}, 1, ""),
        ({"familyName": "pena", "givenName": "JOSE", "birthDate": "2015-01-31"}, 2, ""),
        (LEE, None, SEVERAL),
        ({"studentId": "s9"}, None, NOBODY),
        ({"studentId": "s1", "stateId": "79"}, None, NOBODY),
        ({"studentId": "s1", "stateId": "72"}, None, DIFFERENT),
        ({"studentId": "s3", **LEE}, None, DIFFERENT),
    ],
)
def test_one_student_is_meant_or_it_is_said_why_none_is(students, given, row, problem):
    found = resolve(students, given)
    assert (found.row, found.problem) == (row, problem)
    assert found.tags


def test_an_entry_has_no_tag_that_another_student_has_too(students):
    assert resolve(students, {"studentId": "s1"}).tags == {ID: tag("s1"), STATE_ID: tag("71", STATE_ID)}
    assert resolve(students, {"studentId": "s3"}).tags.keys() == {ID, STATE_ID, NAME}


def test_a_student_who_shares_everything_has_no_entry_of_ones_own():
    found = Students("maple", KEYS)
    found.add(StudentParts(("s1",), ("77",)))
    found.add(StudentParts(("s1", "s2"), ("77",)))
    assert resolve(found, {"studentId": "s2"}).tags == {ID: tag("s2")}
    found.add(StudentParts(("s2",)))
    assert resolve(found, {"studentId": "s2"}).problem == SEVERAL
    found.add(StudentParts((), (), ("x",)))
    assert found.own_tags(0) == {}


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({}, "studentId"),
        ({"studentId": "  "}, "studentId"),
        ({"familyName": "Lee"}, "givenName"),
        ({**LEE, "birthDate": ""}, "birthDate"),
    ],
)
def test_half_a_name_or_nothing_names_nobody(students, given, part):
    with pytest.raises(WrongPart) as refused:
        resolve(students, given)
    assert refused.value.part == part


def test_tags_of_kinds_and_districts_do_not_meet():
    assert (
        len({KEYS.tag(district, kind, "77") for district in ("maple", "birch") for kind in (ID, STATE_ID, NAME)}) == 6
    )
    assert NO_TAGS
