"""A custodian is told what the registers decide about a child; a restriction of an unknown kind counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from gateway.reasoning.register_steps import caps, consent_steps, restriction_steps
from gateway.registers.entries import RESTRICTION_KINDS, Consent, Restriction
from policies.grant import Registered
from tests.policies import documents

DAY = date(2026, 10, 1)
GRANT = documents.grant("student.id allow\nstudent.address allow\nincident allow\ncontact allow")
CONSENTED = replace(GRANT, registered=Registered(form="cy-2026"))


def restriction(kind: str, **more) -> Restriction:
    return Restriction("r1", "maple", kind, {"id": "00"}, begin=date(2026, 9, 1), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "name", "grant", "expected"),
    [
        (restriction("acp"), "student.address.street", GRANT, True),
        (restriction("acp"), "student.name.given", GRANT, False),
        (restriction("directory"), "student.name.given", GRANT, False),
        (restriction("directory"), "student.name.given", replace(GRANT, registered=Registered(directory=True)), True),
        (restriction("court-order", contact="c1"), "contact.email", GRANT, True),
        (restriction("court-order", contact="c1"), "student.address.street", GRANT, False),
        (restriction("court-order", recipients=("reading-partners",)), "student.id", GRANT, True),
        (restriction("court-order", recipients=("others",)), "student.id", GRANT, False),
        (restriction("parent-objection", elements=("student.address",)), "student.address.city", GRANT, True),
        (restriction("parent-objection", elements=("student.address",)), "student.id", GRANT, False),
        (restriction("parent-objection"), "student.id", GRANT, True),
        (restriction("parent-objection", elements=("student.pager",)), "student.id", GRANT, True),
        (restriction("do-not-transfer-discipline"), "incident.date", GRANT, False),
        (restriction("do-not-transfer-discipline"), "incident.date", replace(GRANT, registered=Registered(kind="district")), True),
        (restriction("of a later version"), "student.id", GRANT, True),
    ],
)  # fmt: skip
def test_a_restriction_caps_what_it_is_about(one, name, grant, expected):
    assert caps(one, grant, name) is expected
    assert [step.passed for step in restriction_steps([one], grant, name, DAY)] == [not expected]


def test_every_kind_of_restriction_is_known():
    assert all(restriction_steps([restriction(kind)], GRANT, "student.id", DAY) for kind in RESTRICTION_KINDS)


def test_a_restriction_that_has_ended_is_no_step():
    ended = restriction("acp", until=date(2026, 9, 30))
    assert list(restriction_steps([ended], GRANT, "student.address.city", DAY)) == []


def consent(**more) -> Consent:
    usual = {
        "agreement": "reading",
        "form": "cy-2026",
        "begin": date(2026, 9, 1),
        "elements": frozenset({"student.id"}),
    }
    rest = {"form_hash": "", "signer_role": "parent", "method": "paper", "signed": date(2026, 9, 1)}
    return Consent("c1", "maple", tags={"id": "00"}, **{**usual, **rest, **more})


@pytest.mark.parametrize(
    ("found", "passed", "text"),
    [
        ([consent()], True, "c1: given by parent"),
        ([consent(elements=frozenset())], False, "c1: the form does not name this element"),
        ([consent(elements=frozenset({"student.email"}))], False, "c1: the form does not name this element"),
        ([consent(until=date(2026, 9, 2))], False, "ended"),
        ([consent(form="another")], False, "none that holds is on record"),
        ([consent(agreement="another")], False, "none that holds is on record"),
        ([], False, "none that holds is on record"),
    ],
)
def test_a_consent_is_asked_for_where_the_agreement_rests_on_one(found, passed, text):
    (step,) = consent_steps(found, CONSENTED, "student.id", DAY)
    assert (step.passed, step.text) == (passed, text)


def test_without_a_form_no_consent_is_asked_for():
    assert list(consent_steps([], GRANT, "student.id", DAY)) == []


@pytest.mark.parametrize(
    ("substitute", "said"),
    [({}, "no address leaves without a substitute"), ({"city": "Olympia"}, "the substitute stands in its place")],
)
def test_a_protected_address_is_told_by_whether_there_is_a_substitute(substitute, said):
    one = replace(restriction("acp"), substitute=substitute)
    (step,) = restriction_steps([one], GRANT, "student.address.street", date(2026, 10, 1))
    assert said in step.text
