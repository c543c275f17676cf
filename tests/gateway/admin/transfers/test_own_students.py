"""A registrar searches the own district's students, few at a time and not too often."""

from __future__ import annotations

import pytest

from gateway.admin.transfers.own_students import MAX_HITS, MAX_SEARCHES_A_MINUTE, OwnStudents
from gateway.people.actor import NotPermitted
from standards.errors import InvalidBody, NotFound, TooManyRequests
from tests.gateway.admin.transfers.offices import ROLES, SENDER


@pytest.fixture(autouse=True)
def rested(office):
    """Let every test begin with searches left."""
    memory = office.administration.memory
    for name in ("mona", "rita"):
        who = f"{ROLES[name][0]} {office.actor(name).person}"
        memory.delete(f"own students {who}")
        memory.delete(f"own student search {who}")


def search(office, name="mona"):
    return office.of(OwnStudents, name)


def test_a_student_is_found_by_name_by_birth_date_and_by_ids(office):
    row = office.roll().index.rows[4]
    for asked in (
        {"family": row.family, "given": row.given}, {"birthDate": row.birth_date}, {"stateId": row.state_id},
        {"family": row.family.upper(), "birthDate": row.birth_date},
    ):  # fmt: skip
        found = search(office).search(asked)
        assert any(one.child.state_id == row.state_id for one in found), asked
    first = search(office).search({"stateId": row.state_id, "family": row.family})[0]
    assert first.stated["family"] == row.family
    assert search(office).find(first.unique).child == first.child
    shown = len(office.acts("own student shown"))
    assert search(office).of_handle(first.handle).child == first.child
    assert len(office.acts("own student shown")) == shown + 1
    assert search(office).find("no such id") is None


def test_what_contradicts_is_not_found(office):
    row = office.roll().index.rows[4]
    found = search(office).search({"family": row.family, "birthDate": "1999-12-31"})
    assert row.state_id not in {one.child.state_id for one in found}


def test_a_search_finds_no_more_than_some(office):
    found = search(office).search({"family": "a", "birthDate": "2014-01-01"})
    assert len(found) <= MAX_HITS


@pytest.mark.parametrize("asked", [{}, {"given": "Ana"}, {"family": "  "}, {"shoe": "41"}])
def test_what_leads_to_nobody_or_everybody_is_refused(office, asked):
    with pytest.raises(InvalidBody):
        search(office).search(asked)


def test_nobody_searches_too_often_or_twice_at_once(office):
    for _ in range(MAX_SEARCHES_A_MINUTE):
        search(office).search({"stateId": "123123123"})
    with pytest.raises(TooManyRequests):
        search(office).search({"stateId": "123123123"})
    other = search(office, "rita")
    other.search({"stateId": "123123123"})
    memory, who = office.administration.memory, f"cedar {office.actor('rita').person}"
    memory.put(f"own student search {who}", b"", 20)
    with pytest.raises(TooManyRequests):
        other.search({"stateId": "123123123"})


def test_a_search_is_on_record_without_what_was_searched(office):
    row = office.roll().index.rows[6]
    search(office).search({"family": row.family})
    act = office.acts("own students searched")[-1]
    assert act.content == {"by": ["family"], "found": act.content["found"]}
    assert act.district == SENDER


def test_a_handle_of_another_district_opens_nothing(office):
    handle = search(office).search({"stateId": office.roll().index.rows[6].state_id})[0].handle
    with pytest.raises(NotFound):
        search(office, "rita").of_handle(handle)


@pytest.mark.parametrize("name", ["alma", "pia", "otto", "ella", "ada"])
def test_only_registrars_search(office, name):
    with pytest.raises((NotPermitted, NotFound)):
        office.of(OwnStudents, name).search({"family": "Lee"})
