"""A text that may carry the id of a person tells no more than the id itself does."""

from __future__ import annotations

import pytest

from policies import elements
from policies.elements import Line
from policies.explain import explain
from standards.oneroster.api.native import COLLECTIONS, PERSONAL
from standards.view import fields_of
from standards.vocabulary import parse, problems
from tests.policies import documents

METADATA = "oneroster.users.metadata"
NUMBERS = ("identifier", "masterIdentifier", "identifiers.value", "identificationCodes.code")


def settled(*lines: str) -> dict[str, str]:
    """What becomes of every element that *lines* (``path action``) name."""
    return {name: one.action for name, one in elements.settle(Line(*line.split()) for line in lines).items()}


def actions(*lines: str) -> dict[str, str]:
    return settled("* allow", *lines)


def test_the_accounts_of_a_person_with_a_pseudonym_do_not_leave():
    found = actions("student.id pseudonym")
    assert {found["enrollment.account"], found["student.accounts.id"], found["student.accounts.username"]} == {"deny"}
    assert (found["employment.account"], found["staff.accounts.id"], found["contact.roles.account"]) == ("allow",) * 3


@pytest.mark.parametrize(
    ("person", "accounts"),
    [
        ("student", ["enrollment.account", "student.accounts.id"]),
        ("staff", ["employment.account", "staff.accounts.id"]),
        ("contact", ["contact.roles.account", "contact.accounts.id"]),
    ],
)
def test_each_kind_of_person_is_hidden_by_itself(person, accounts):
    found = actions(f"{person}.id pseudonym")
    assert {found[name] for name in accounts} == {"deny"}
    assert {found[f"{person}.{name}"] for name in NUMBERS if f"{person}.{name}" in found} == {"hash"}
    others = {"student", "staff", "contact"} - {person}
    assert {found[f"{one}.{name}"] for one in others for name in NUMBERS if f"{one}.{name}" in found} == {"allow"}


def test_other_numbers_leave_as_a_keyed_hash_or_as_the_less_that_an_agreement_says():
    assert settled("student.id pseudonym", "student.identifier allow")["student.identifier"] == "hash"
    assert settled("student.id pseudonym", "student.identifier hash")["student.identifier"] == "hash"
    assert settled("student.id pseudonym", "student.identifier deny")["student.identifier"] == "deny"
    assert settled("student.id pseudonym", "student.identifier last4")["student.identifier"] == "deny"
    assert settled("student.id allow", "student.identifier last4")["student.identifier"] == "last4"


def test_records_of_somebody_who_is_not_released_are_numbered_by_a_hash_too():
    assert settled("assessmentResult.* allow")["assessmentResult.identifier"] == "hash"
    assert settled("student.id allow", "assessmentResult.* allow")["assessmentResult.identifier"] == "allow"


def test_free_members_leave_only_if_the_agreement_names_them():
    grant = documents.grant(f"student.id pseudonym\n{METADATA}.* allow\n{METADATA}.club allow")
    assert grant.releases(f"{METADATA}.club")
    assert not grant.releases(f"{METADATA}.lunch")
    assert documents.grant(f"student.id allow\n{METADATA}.* allow").releases(f"{METADATA}.lunch")


def test_the_metadata_of_every_record_of_a_person_is_capped():
    assert {entity for entity in COLLECTIONS if elements.personal(entity)} == PERSONAL
    for person in ("student", "staff", "contact"):
        found = actions(f"{person}.id pseudonym")
        assert found["oneroster.users.metadata"] == found["oneroster.enrollments.metadata"] == "deny"


def test_a_native_member_that_numbers_a_person_is_capped_like_one_of_the_vocabulary():
    found = actions("student.id pseudonym")
    assert found["edfi.students.personReference.personId"] == found["edfi.people.personId"] == "hash"
    assert found["edfi.students.personalIdentificationDocuments"] == "deny"
    assert found["edfi.staffs.personReference.personId"] == "allow"


@pytest.mark.parametrize("member", ["club", "lunch"])
def test_the_trace_says_what_happens_and_why(member):
    one = documents.load(f"student.id pseudonym\nenrollment.* allow\n{METADATA}.* allow\n{METADATA}.club allow")
    (account,) = explain([one], documents.CLIENT, "enrollment.account", documents.NOW)
    assert not account.released
    assert "cap: student.id does not leave as it is" in account.text()
    (free,) = explain([one], documents.CLIENT, f"{METADATA}.{member}", documents.NOW)
    assert free.released == documents.grant(
        f"student.id pseudonym\nenrollment.* allow\n{METADATA}.* allow\n{METADATA}.club allow"
    ).releases(f"{METADATA}.{member}")


def test_a_line_that_says_more_than_leaves_deserves_a_second_look():
    found = documents.load(
        "student.id pseudonym\nenrollment.account allow\nstudent.identifier allow\nstudent.email allow"
    )
    told = [one.partition(": ")[2] for one in found.warnings if "does not leave as it is" in one]
    assert told == [
        "enrollment.account does not leave, since student.id does not leave as it is",
        "student.identifier leaves as a hash, since student.id does not leave as it is",
    ]


def test_every_text_of_a_person_that_is_an_identifier_is_capped_or_a_name_to_sign_in_with():
    """Walks what can be released; a new identifying text is in one of both, or fails here."""
    names = {"student.username", "staff.username", "contact.username"}
    words = {"type", "system", "assigner"}
    open_texts = {
        field.release
        for entity in elements.entities()
        if elements.personal(entity)
        for field in fields_of(entity).values()
        if field.sensitivity == "identifier" and field.type in {"text", "json", "open"} and not field.capped
        and not field.release.endswith(".id") and field.name.rpartition(".")[2] not in words
    }  # fmt: skip
    assert open_texts == names


def test_a_cap_that_does_not_fit_is_told():
    found = parse(
        "entities: {one: {about: A thing., fields: {id: {type: id, about: x.}, "
        "seen: {type: date, capped: hash, about: x.}, name: {capped: year, about: x.}}}}"
    )
    assert problems(found) == [
        "one.seen is capped by hash, which does not fit it",
        "one.name is capped by year, which does not fit it",
    ]
