"""Of how many records a load has a fact is told in a share, and in a word where the number would tell of a few."""

from __future__ import annotations

from array import array
from collections import Counter

import pytest

from gateway.cache.snapshot import Snapshot, Table
from gateway.reasoning.loaded_shares import loaded_share
from policies.reasoning.small_cells import FEW, NEARLY_ALL

STUDENTS = 200


def loaded(columns, refs=None, size=STUDENTS, entity="student"):
    """A load that read these columns of one kind of record."""
    table = Table(entity, size, columns, refs or {}, [str(one) for one in range(size)], {})
    return Snapshot("maple", 1, 0.0, {entity: table}, Counter())


def column(have, size=STUDENTS):
    return ["ana@example.org"] * have + [None] * (size - have)


WORDS = {0: "0 %", 1: FEW, 9: FEW, 10: "5 %", 100: "50 %", 190: "95 %", 191: NEARLY_ALL, 199: NEARLY_ALL, 200: "100 %"}


@pytest.mark.parametrize(("have", "told"), WORDS.items())
def test_a_share_of_students_tells_of_no_few(have, told):
    assert loaded_share(loaded({"email": column(have)}), "student.email") == told


@pytest.mark.parametrize(("have", "told"), [(1, "0 %"), (3, "2 %"), (199, "100 %")])
def test_where_no_record_is_about_a_person_every_number_is_told(have, told):
    schools = loaded({"name": ["Alder"] * have + [None] * (STUDENTS - have)}, entity="organization")
    assert loaded_share(schools, "organization.name") == told


def test_what_was_not_read_has_no_share():
    only = loaded({"email": column(100)})
    assert loaded_share(only, "student.phone") is None
    assert loaded_share(only, "organization.name") is None
    assert loaded_share(only, "student.nothing") is None


def test_an_id_is_there_always_and_a_reference_where_it_leads_somewhere():
    leads = array("q", [0] * 50 + [-1] * 150)
    found = loaded({}, {"primaryOrganization": leads})
    assert loaded_share(found, "student.id") == "100 %"
    assert loaded_share(found, "student.primaryOrganization") == "25 %"


def test_a_member_of_a_group_is_counted_where_any_of_the_group_has_it():
    groups = [({"type": "State", "value": "17"},)] * 50 + [({"type": "State"},)] * 50 + [None] * 100
    found = loaded({"identifiers": groups})
    assert loaded_share(found, "student.identifiers.type") == "50 %"
    assert loaded_share(found, "student.identifiers.value") == "25 %"


def test_a_load_is_counted_once():
    found = loaded({"email": column(100)})
    assert loaded_share(found, "student.email") == "50 %"
    found.tables["student"].columns["email"][:] = column(20)
    assert loaded_share(found, "student.email") == "50 %"
