"""`check` names the facts for which no client of an agreement has a scope."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.auth.scopes import ONEROSTER_1_2
from gateway.reasoning.scopes import idle, out_of_reach
from gateway.storage.registry import Client
from policies import agreement
from tests.policies import documents

ROSTER, DEMOGRAPHICS = f"{ONEROSTER_1_2}roster.readonly", f"{ONEROSTER_1_2}roster-demographics.readonly"
LINES = "student.id allow\nstudent.name.given allow\nstudent.birthDate allow"


def client(*scopes: str, name: str = documents.CLIENT) -> Client:
    return Client(name, "reading-partners", "cbo", scopes, (), datetime(2026, 9, 1, tzinfo=UTC), "ana")


@pytest.mark.parametrize("scopes", [(ROSTER, DEMOGRAPHICS), ("edfi:read",)])
def test_a_client_with_a_scope_for_every_fact_is_no_warning(scopes):
    assert list(out_of_reach([documents.load(LINES)], [client(*scopes)])) == []


def test_a_fact_that_needs_another_scope_is_named_with_it():
    (found,) = out_of_reach([documents.load(LINES)], [client(ROSTER)])
    assert "has a scope for student.birthDate; it needs one of: edfi:read, " in found
    assert DEMOGRAPHICS in found


def test_one_client_that_reaches_a_fact_is_enough():
    one = documents.load(LINES)
    object.__setattr__(one, "clients", (documents.CLIENT, "other"))
    assert list(out_of_reach([one], [client(ROSTER), client(DEMOGRAPHICS, name="other")])) == []


def test_an_agreement_whose_clients_nobody_registered_is_told_elsewhere():
    assert list(out_of_reach([documents.load(LINES)], [client(ROSTER, name="stranger")])) == []


def test_a_line_that_nothing_shows_is_named_with_what_it_lacks():
    one = agreement.load(documents.SAMPLES / "yearbook.yaml")
    (told,) = idle([one])
    assert told.startswith(f"{one.file}:13:12: organization.name never leaves: it is shown by no resource")
    assert told.endswith("would, if it released organization.id")


def test_a_line_with_what_it_lacks_is_shown_and_no_other_is_told():
    lines = "student.id allow\nstudent.address allow"
    (told,) = idle([documents.load(lines)])
    assert "studentEducationOrganizationAssociations would, if it released profile.id" in told
    assert list(idle([documents.load(f"{lines}\nprofile.id allow")])) == []
