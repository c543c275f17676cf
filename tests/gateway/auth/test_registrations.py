"""The registry and the agreements are held against each other before anybody asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.auth.registrations import ending, misdirected, registered_elsewhere, several_purposes, unregistered
from gateway.storage.registry import Client
from tests.policies import documents

NOW = documents.NOW
TUTOR = Client(documents.CLIENT, "reading-partners", "cbo", ("edfi:read",), (), NOW, "ana")
USUAL = documents.load("student.id allow")


def test_a_client_that_is_named_and_not_registered_is_told_with_one_that_may_be_meant():
    assert list(unregistered([USUAL], [TUTOR], NOW)) == []
    (told,) = unregistered([USUAL], [replace(TUTOR, client_id="reading-partners-pord")], NOW)
    assert (
        told
        == f"{USUAL.place(documents.CLIENT)}: the client {documents.CLIENT} is not registered (did you mean reading-partners-pord?)"
    )


@pytest.mark.parametrize("status", ["suspended", "ended"])
def test_a_client_that_is_shut_out_is_registered_all_the_same(status):
    assert list(unregistered([USUAL], [replace(TUTOR, status=status)], NOW)) == []


def test_a_client_of_another_organisation_than_the_recipient_is_a_mistake():
    assert list(misdirected([USUAL], [TUTOR], NOW)) == []
    (mistake,) = misdirected([USUAL], [replace(TUTOR, org="Reading-Partners")], NOW)
    said = f"the client {documents.CLIENT} is registered for Reading-Partners, and the recipient is reading-partners"
    assert str(mistake) == f"{USUAL.place(documents.CLIENT)}: {said}"


@pytest.mark.parametrize(
    ("versions", "count"),
    [
        ([{"end": "2026-09-30"}], 0),
        ([{"begin": "2027-01-01"}], 1),
        ([{}, {"version": 2, "begin": "2026-09-15", "district": "cedar"}], 1),
    ],
)
def test_only_what_is_in_force_or_to_come_needs_its_clients(versions, count):
    every = [documents.load("student.id allow", **one) for one in versions]
    assert len(list(unregistered(every, [], NOW))) == count
    assert len(list(misdirected(every, [replace(TUTOR, org="other")], NOW))) == count


@pytest.mark.parametrize(
    ("versions", "told"),
    [
        ([{"end": "2027-08-31"}], None),
        ([{"end": "2026-09-30"}], "reading has ended"),
        ([{"end": "2026-10-01"}], "reading ends on 2026-10-01, and no version follows it"),
        ([{"end": "2026-10-31"}], "reading ends on 2026-10-31, and no version follows it"),
        ([{"end": "2026-11-01"}], None),
        ([{"end": "2026-10-10"}, {"version": 2, "begin": "2026-10-11"}], None),
        ([{"end": "2026-10-10"}, {"version": 2, "begin": "2026-10-12"}], "reading ends on 2026-10-10, and no version"),
        ([{"end": "2027-08-31"}, {"version": 2, "begin": "2026-09-05", "end": "2026-09-06"}], "reading has ended"),
        ([{"end": "2026-09-20"}, {"version": 2, "begin": "2026-10-12"}], None),
        ([{"begin": "2026-12-01"}], None),
    ],
)
def test_an_agreement_that_has_ended_or_ends_within_thirty_days_is_told(versions, told):
    every = [documents.load("student.id allow", **one) for one in versions]
    found = list(ending(every, NOW))
    assert (told or "") in "".join(found)
    assert len(found) == (told is not None)


def test_today_is_the_day_where_the_agreement_is_in_force():
    """In Los Angeles the last of September lasts until seven in the morning, UTC, of the first of October."""
    one = documents.load("student.id allow", end="2026-09-30")
    assert "ends on" in "".join(ending([one], datetime(2026, 10, 1, 6, 59, tzinfo=UTC)))
    assert "has ended" in "".join(ending([one], datetime(2026, 10, 1, 7, 1, tzinfo=UTC)))


def test_purposes_of_one_client_in_several_districts_are_told():
    other = documents.load("student.id allow", id="study", district="cedar", purpose="research")
    later = replace(other, begin=USUAL.end)
    assert "for research, tutoring: its token requests must name one" in "".join(several_purposes([USUAL, other], NOW))
    assert list(several_purposes([USUAL, later], NOW)) == []


def test_a_client_that_another_district_registered_is_named_with_it():
    for steward in ("", USUAL.district):
        assert list(registered_elsewhere([USUAL], [replace(TUTOR, steward=steward)], NOW)) == []
    (told,) = registered_elsewhere([USUAL], [replace(TUTOR, steward="oak")], NOW)
    assert told.endswith(f"the client {TUTOR.client_id} was registered by oak for {USUAL.org}")
    assert list(registered_elsewhere([USUAL], [replace(TUTOR, steward="oak", org="other")], NOW)) == []
