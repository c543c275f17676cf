"""Every field of a record about a student or a contact either tells a place or does not, and somebody has decided which."""

from __future__ import annotations

import pytest

from gateway.registers.effects.rows import about_students
from policies.records import places
from policies.records.windows import DATED_BY
from standards.fields import fields_of

CONTACTS = frozenset({"contact", "contactInvolvement"})
PEOPLE = sorted(about_students() | CONTACTS)


@pytest.mark.parametrize("entity", PEOPLE)
def test_every_field_is_classified_once(entity):
    if places.row_tells_place(entity):
        return
    tells, plain = places.classified()[entity]
    assert tells | plain == fields_of(entity).keys()
    assert not tells & plain


def test_nothing_else_is_classified():
    assert places.classified().keys() <= set(PEOPLE)


def test_what_nobody_has_classified_tells_a_place():
    assert places.tells_place("student", "an extension's member")
    assert places.tells_place("a resource of an extension", "id")


@pytest.mark.parametrize("entity", PEOPLE)
def test_free_members_tell_a_place(entity):
    opened = {name for name, field in fields_of(entity).items() if field.type == "open"}
    assert all(places.tells_place(entity, name) for name in opened)


@pytest.mark.parametrize(("entity", "field"), [
    ("profile", "address.street"), ("profile", "address.county"), ("student", "phone"), ("student", "sms"),
    ("student", "primaryOrganization"), ("contact", "address.city"), ("contact", "phones.number"),
    ("guardianship", "livesWith"), ("transportation", "bus"), ("edfi.studentTransportations", "id"),
    ("profile", "address.edfi.studentEducationOrganizationAssociations.addresses.latitude"),
    ("edfi.studentHomelessProgramAssociations", "homelessPrimaryNighttimeResidenceDescriptor"),
])  # fmt: skip
def test_these_tell_a_place(entity, field):
    assert places.tells_place(entity, field)


@pytest.mark.parametrize(
    ("entity", "field"), [("student", "name.given"), ("student", "birthDate"), ("enrollment", "school")]
)
def test_these_do_not(entity, field):
    assert not places.tells_place(entity, field)


def test_each_date_of_a_window_is_a_date():
    assert {fields_of(entity)[name].type for entity, name in DATED_BY.items()} == {"date", "datetime"}
